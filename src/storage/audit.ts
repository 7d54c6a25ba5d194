import type { Db } from './pool.js';

/** Keeps who did what to what, as long as the retention settings say. */
export async function appendAudit(
  db: Db,
  entry: { actor: string; action: string; target: string; detail?: Record<string, unknown> },
): Promise<void> {
  await db.query('INSERT INTO audit (actor, action, target, detail) VALUES ($1, $2, $3, $4)', [
    entry.actor,
    entry.action,
    entry.target,
    JSON.stringify(entry.detail ?? {}),
  ]);
}
