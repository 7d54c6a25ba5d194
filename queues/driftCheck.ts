import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { Schedule } from './schedule.js';
import type { QueueStore } from './store.js';

export const DRIFT_CHECK = 'drift-check';

/** A check needs no data: every model of every stream is checked up to its own watermark. */
export const driftCheckPayload = z.strictObject({ requestedBy: z.string().max(200).optional() });
export type DriftCheckPayload = z.infer<typeof driftCheckPayload>;

export function openDriftCheckQueue(store: QueueStore): Queue<DriftCheckPayload> {
  return store.queue<DriftCheckPayload>(DRIFT_CHECK);
}

/** The repeating check. */
export function driftCheckSchedule(everySeconds: number): Schedule {
  return { id: 'drift-check', everyMilliseconds: Math.round(everySeconds * 1000), job: 'check', keep: 100 };
}
