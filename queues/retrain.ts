import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { z } from 'zod';
import { type RetrainPayload, retrainPayload } from '../src/retraining/payload.js';
import type { QueueStore } from './store.js';

export const RETRAIN = 'retrain';
export { type RetrainPayload, retrainPayload };

export function openRetrainQueue(store: QueueStore): Queue<RetrainPayload> {
  return store.queue<RetrainPayload>(RETRAIN);
}

/** Names a job's run in the history: ids alone come again when a store was emptied. */
export function runOf(job: { id?: string; timestamp: number }): string {
  return `${job.id}.${job.timestamp}`;
}

/**
 * Enqueues a retraining unless one for the same model waits or runs.
 * @param options BullMQ takes the smallest priority first
 * @returns the job, and whether it is new
 * @throws ZodError when the payload is not one
 */
export async function enqueueRetrain(
  queue: Queue<RetrainPayload>,
  payload: RetrainPayload,
  options: { priority: number; delayMilliseconds: number },
): Promise<{ jobId: string; run: string; isNew: boolean }> {
  const data = retrainPayload.parse(payload);
  const present = await queue.getDeduplicationJobId(data.modelKey);
  if (present) {
    const job = await queue.getJob(present);
    if (job && !(await job.isCompleted()) && !(await job.isFailed())) {
      return { jobId: present, run: runOf(job), isNew: false };
    }
    // A key whose job is gone would block its model for ever (taskforcesh/bullmq issue 4311).
    await queue.removeDeduplicationKey(data.modelKey);
  }
  const job = await queue.add('retrain', data, {
    jobId: randomUUID(),
    deduplication: { id: data.modelKey },
    priority: options.priority,
    delay: options.delayMilliseconds,
    attempts: 3,
    backoff: { type: 'exponential', delay: 2_000 },
    removeOnComplete: { count: 500 },
    removeOnFail: { count: 500 },
  });
  return { jobId: job.id!, run: runOf(job), isNew: true };
}

/**
 * Reads a payload as a person may have typed it in Bull Board.
 * @throws Error in one readable line
 */
export function readRetrainPayload(data: unknown): RetrainPayload {
  const result = retrainPayload.safeParse(data);
  if (!result.success)
    throw new Error(`this is no retrain payload: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  return result.data;
}
