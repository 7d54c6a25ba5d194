import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { QueueStore } from './store.js';

export const APPROVALS = 'approvals';

/** What waits for a person, as Bull Board shows it; the truth is the row of the same id. */
export const approvalPayload = z.strictObject({
  approval: z.int().positive(),
  model: z.string(),
  reason: z.string(),
  /** ISO 8601 */
  expires: z.string(),
  onExpiry: z.enum(['approve', 'decline']),
  /** The drift report; null where no drift asked. */
  report: z.unknown(),
});
export type ApprovalPayload = z.infer<typeof approvalPayload>;

export function openApprovalQueue(store: QueueStore): Queue<ApprovalPayload> {
  return store.queue<ApprovalPayload>(APPROVALS);
}

const jobIdOf = (id: number): string => `approval-${id}`;

/**
 * Lists what waits as delayed jobs that come due when it expires. Promoting one in Bull Board approves it; a job that is
 * removed there comes back, for the row still waits.
 * @returns how many jobs were put in or taken out
 */
export async function showWaiting(queue: Queue<ApprovalPayload>, waiting: readonly ApprovalPayload[]): Promise<number> {
  let changed = 0;
  const shown = new Set<string>();
  for (const job of await queue.getDelayed()) {
    if (job.id === undefined) continue;
    if (waiting.some(({ approval }) => jobIdOf(approval) === job.id)) shown.add(job.id);
    else {
      await job.remove();
      changed++;
    }
  }
  for (const payload of waiting) {
    const jobId = jobIdOf(payload.approval);
    if (shown.has(jobId) || (await queue.getJob(jobId)) !== undefined) continue;
    await queue.add('retraining asked for', approvalPayload.parse(payload), {
      jobId,
      delay: Math.max(0, Date.parse(payload.expires) - Date.now()),
      removeOnComplete: { count: 100 },
      removeOnFail: { count: 100 },
    });
    changed++;
  }
  return changed;
}
