import { randomUUID } from 'node:crypto';
import type { Job, JobsOptions, Queue } from 'bullmq';
import { z } from 'zod';
import { parseModelKey } from '../src/models/modelKey.js';
import { type RetrainPayload, retrainPayload } from '../src/retraining/payload.js';
import { answering } from './answering.js';
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
 * @throws ZodError when the payload is not one; QueueStoreAway
 */
export async function enqueueRetrain(
  queue: Queue<RetrainPayload>,
  payload: RetrainPayload,
  options: { priority: number; delayMilliseconds: number },
): Promise<{ jobId: string; run: string; isNew: boolean }> {
  const data = retrainPayload.parse(payload);
  await answering(queue);
  const present = await liveJobOf(queue, data.modelKey);
  if (present) return { jobId: present.id!, run: runOf(present), isNew: false };
  const job = await queue.add('retrain', data, {
    ...jobOptions(data.modelKey, options.priority),
    jobId: randomUUID(),
    delay: options.delayMilliseconds,
  });
  return { jobId: job.id!, run: runOf(job), isNew: true };
}

function jobOptions(modelKey: string, priority: number): JobsOptions {
  return {
    deduplication: { id: modelKey },
    priority,
    attempts: 3,
    backoff: { type: 'exponential', delay: 2_000 },
    removeOnComplete: { count: 500 },
    removeOnFail: { count: 500 },
  };
}

/** The job that waits or runs for a model. A key whose job is gone is removed: it would block its model for ever. */
async function liveJobOf(queue: Queue<RetrainPayload>, modelKey: string): Promise<Job<RetrainPayload> | null> {
  const id = await queue.getDeduplicationJobId(modelKey);
  if (!id) return null;
  const job = await queue.getJob(id);
  if (job && !(await job.isCompleted()) && !(await job.isFailed())) return job;
  // taskforcesh/bullmq issue 4311
  await queue.removeDeduplicationKey(modelKey);
  return null;
}

/**
 * live: its job waits or runs; ended: its job is over; revived: the store had lost its job, which is back under its own
 * id and time, so that the run's history goes on; hindered: another job of the model is live, or nobody knows what the
 * lost job carried.
 */
/** Clocks of processes differ by less. */
const SLACK_MILLISECONDS = 60_000;

export type Revival = 'live' | 'ended' | 'revived' | 'hindered';

/** Puts the job of a run back into a queue store that has lost it, such as a Redis that was flushed. */
export async function reviveRetrain(
  queue: Queue<RetrainPayload>,
  lost: {
    run: string;
    jobId: string | null;
    payload: unknown;
    priority: number | null;
    /** Milliseconds that it was to wait, and seconds since its last state. */
    delay?: number | null;
    age?: number;
  },
  now = Date.now(),
): Promise<Revival> {
  const timestamp = Number(lost.run.slice(lost.run.lastIndexOf('.') + 1));
  if (lost.jobId === null || !Number.isSafeInteger(timestamp)) return 'hindered';
  const job = await queue.getJob(lost.jobId);
  if (job?.timestamp === timestamp) {
    // Planned by a clock that was ahead and has been set back since: it would wait for that time to come. So would one
    // that a trainer with such a clock has put off: it shows by a wait that is longer than any that is meant.
    const waits = (lost.age ?? 0) * 1_000 - (lost.delay ?? 0);
    const isOverdue = timestamp > now + SLACK_MILLISECONDS || waits > SLACK_MILLISECONDS;
    if (isOverdue && (await job.isDelayed())) await job.promote();
    return (await job.isCompleted()) || (await job.isFailed()) ? 'ended' : 'live';
  }
  const payload = retrainPayload.safeParse(lost.payload);
  if (!payload.success || (await liveJobOf(queue, payload.data.modelKey)) !== null) return 'hindered';
  await queue.add('retrain', payload.data, {
    ...jobOptions(payload.data.modelKey, lost.priority ?? 1),
    jobId: lost.jobId,
    timestamp,
  });
  return 'revived';
}

/** Frees models whose deduplication key names a job that is gone. @returns how many keys are held by live jobs */
export async function removeStrayKeys(queue: Queue<RetrainPayload>, modelKeys: readonly string[]): Promise<number> {
  let live = 0;
  for (const modelKey of modelKeys) if ((await liveJobOf(queue, modelKey)) !== null) live += 1;
  return live;
}

/**
 * Reads a payload as a person may have typed it in Bull Board.
 * @param streams those that there are; absent: any
 * @throws Error in one readable line
 */
export function readRetrainPayload(data: unknown, streams?: readonly string[]): RetrainPayload {
  const result = retrainPayload.safeParse(data);
  if (!result.success)
    throw new Error(`this is not a retrain payload: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  const { stream } = parseModelKey(result.data.modelKey);
  if (streams !== undefined && !streams.includes(stream))
    throw new Error(`there is no stream "${stream}": the settings name ${streams.join(', ')}`);
  return result.data;
}
