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

/** Sessions signed out within so many hours, to when their cookies end at the latest, in milliseconds. */
export async function signedOut(db: Db, hours: number): Promise<Map<string, number>> {
  const { rows } = await db.query<{ session: string; at: Date }>(
    `SELECT detail->>'session' AS session, at FROM audit
     WHERE action = 'sign-out' AND at > now() - make_interval(secs => $1) AND detail ? 'session'`,
    [hours * 3600],
  );
  return new Map(rows.map(({ session, at }) => [session, at.getTime() + hours * 3_600_000]));
}

export interface AuditRow {
  id: number;
  at: Date;
  actor: string;
  action: string;
  target: string;
  detail: unknown;
}

/** The newest acts, newest first. */
export async function newestAudit(db: Db, limit: number): Promise<AuditRow[]> {
  const { rows } = await db.query<Omit<AuditRow, 'id'> & { id: string }>(
    'SELECT id, at, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT $1',
    [limit],
  );
  return rows.map((row) => ({ ...row, id: Number(row.id) }));
}
