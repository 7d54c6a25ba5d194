import type { Pool } from 'pg';
import type { ModelKey } from '../models/model.js';
import { appendAudit } from '../storage/audit.js';
import { endRun, failedForNow } from '../storage/pendingRuns.js';
import { inTransaction } from '../storage/pool.js';
import { clearFailures, countFailure, type DeadLetter } from '../storage/retrainRuns.js';

/**
 * A job has failed in its last attempt, or its trainer was killed in it: the run ends, and counts once against its model.
 * Not counted is what passes by itself: too few minutes, a pinned version, another trainer at work.
 *
 * @param limit failed jobs in a row after which the model is a dead letter
 * @returns whether the run had not ended before, and the model's failures where this one counts
 */
export async function endFailedRun(
  pool: Pool,
  run: { run: string; modelKey: ModelKey; jobId: string | null },
  error: string,
  limit: number,
): Promise<{ ended: boolean; failures: DeadLetter | null }> {
  return inTransaction(pool, async (client) => {
    if (!(await endRun(client, run, error))) return { ended: false, failures: null };
    if (await failedForNow(client, run.run)) return { ended: true, failures: null };
    return { ended: true, failures: await countFailure(client, run.modelKey, error, limit) };
  });
}

/** A person lets a model be retrained again that has failed too often. @returns whether it had failures */
export async function forgetFailures(pool: Pool, modelKey: ModelKey, actor: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const failures = await clearFailures(client, modelKey);
    if (failures === 0) return false;
    await appendAudit(client, { actor, action: 'clear failures', target: modelKey, detail: { failures } });
    return true;
  });
}
