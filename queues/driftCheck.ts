import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { QueueStore } from './store.js';

export const DRIFT_CHECK = 'drift-check';

/** A check needs no data: every model of every stream is checked up to its own watermark. */
export const driftCheckPayload = z.strictObject({ requestedBy: z.string().max(200).optional() });
export type DriftCheckPayload = z.infer<typeof driftCheckPayload>;

const SCHEDULE = 'drift-check';

export function openDriftCheckQueue(store: QueueStore): Queue<DriftCheckPayload> {
  return store.queue<DriftCheckPayload>(DRIFT_CHECK);
}

/**
 * Puts the repeating check in place, once however many monitors do so. Its job carries no deduplication id: one in a
 * scheduler's template stops the schedule (taskforcesh/bullmq issue 2954).
 */
export async function scheduleDriftChecks(queue: Queue<DriftCheckPayload>, everySeconds: number): Promise<void> {
  await queue.upsertJobScheduler(
    SCHEDULE,
    { every: Math.round(everySeconds * 1000) },
    { name: 'check', data: {}, opts: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } } },
  );
}

/** Whether the repeating check is still there: it goes when the store is emptied. */
export async function driftChecksAreScheduled(queue: Queue<DriftCheckPayload>): Promise<boolean> {
  return (await queue.getJobScheduler(SCHEDULE)) !== undefined;
}
