import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { Schedule } from './schedule.js';
import type { QueueStore } from './store.js';

export const RETENTION = 'retention';

/** A round needs no data: what is due follows from the settings and the rows. */
export const retentionPayload = z.strictObject({});
export type RetentionPayload = z.infer<typeof retentionPayload>;

export function openRetentionQueue(store: QueueStore): Queue<RetentionPayload> {
  return store.queue<RetentionPayload>(RETENTION);
}

/** The repeating round. */
export function retentionSchedule(everyMinutes: number): Schedule {
  return { id: 'retention', everyMilliseconds: Math.round(everyMinutes * 60_000), job: 'prune', keep: 50 };
}
