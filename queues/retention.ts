import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { QueueStore } from './store.js';

export const RETENTION = 'retention';

/** A round needs no data: what is due stands in the settings and in the rows. */
export const retentionPayload = z.strictObject({});
export type RetentionPayload = z.infer<typeof retentionPayload>;

const SCHEDULE = 'retention';

export function openRetentionQueue(store: QueueStore): Queue<RetentionPayload> {
  return store.queue<RetentionPayload>(RETENTION);
}

/** Puts the repeating round in place, once however many services do so; its jobs carry no deduplication id. */
export async function scheduleRetention(queue: Queue<RetentionPayload>, everyMinutes: number): Promise<void> {
  await queue.upsertJobScheduler(
    SCHEDULE,
    { every: Math.round(everyMinutes * 60_000) },
    { name: 'prune', data: {}, opts: { removeOnComplete: { count: 50 }, removeOnFail: { count: 50 } } },
  );
}

/** Whether the repeating round is still there: it goes when the store is emptied. */
export async function retentionIsScheduled(queue: Queue<RetentionPayload>): Promise<boolean> {
  return (await queue.getJobScheduler(SCHEDULE)) !== undefined;
}
