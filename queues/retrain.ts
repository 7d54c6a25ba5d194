import type { Queue } from 'bullmq';
import { z } from 'zod';
import { type RetrainPayload, retrainPayload } from '../src/retraining/payload.js';
import type { QueueStore } from './store.js';

export const RETRAIN = 'retrain';
export { type RetrainPayload, retrainPayload };

/** BullMQ takes the smallest number first. */
const PRIORITY = { manual: 1, first: 5, drift: 10 } as const;

export function openRetrainQueue(store: QueueStore): Queue<RetrainPayload> {
  return store.queue<RetrainPayload>(RETRAIN);
}

/**
 * Enqueues a retraining unless one for the same model waits or runs.
 * @returns the job's id: of the new job, or of the one that is there already
 * @throws ZodError when the payload is not one
 */
export async function enqueueRetrain(
  queue: Queue<RetrainPayload>,
  payload: RetrainPayload,
  delayMilliseconds = 0,
): Promise<string> {
  const data = retrainPayload.parse(payload);
  const job = await queue.add('retrain', data, {
    deduplication: { id: data.modelKey },
    priority: PRIORITY[data.trigger.kind],
    delay: delayMilliseconds,
    attempts: 3,
    backoff: { type: 'exponential', delay: 2_000 },
    removeOnComplete: { count: 500 },
    removeOnFail: { count: 500 },
  });
  return job.id!;
}

/**
 * Reads a payload as a person may have typed it in Bull Board.
 * @throws Error in one readable line
 */
export function readRetrainPayload(data: unknown): RetrainPayload {
  const result = retrainPayload.safeParse(data);
  if (!result.success) throw new Error(`this is no retrain payload: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  return result.data;
}
