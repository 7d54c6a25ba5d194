import type { Pool, PoolClient } from 'pg';

/** Keeps who did what to what, as long as the retention settings say. */
export async function appendAudit(
  pg: Pool | PoolClient,
  entry: { actor: string; action: string; target: string; detail?: Record<string, unknown> },
): Promise<void> {
  await pg.query('INSERT INTO audit (actor, action, target, detail) VALUES ($1, $2, $3, $4)', [
    entry.actor,
    entry.action,
    entry.target,
    JSON.stringify(entry.detail ?? {}),
  ]);
}
