import type { Pool } from 'pg';

/** Writes who does what; called before the act, so that an act without a row is impossible. */
export async function recordAudit(
  pool: Pool,
  actor: string,
  action: string,
  target: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await pool.query('INSERT INTO audit (actor, action, target, detail) VALUES ($1, $2, $3, $4)', [
    actor,
    action,
    target,
    JSON.stringify(detail),
  ]);
}

/** Sessions signed out within so many hours, to when their cookies end at the latest. */
export async function signedOut(pool: Pool, hours: number): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ session: string; at: Date }>(
    `SELECT detail->>'session' AS session, at FROM audit
     WHERE action = 'sign-out' AND at > now() - make_interval(secs => $1) AND detail ? 'session'`,
    [hours * 3600],
  );
  return new Map(rows.map(({ session, at }) => [session, at.getTime() + hours * 3_600_000]));
}

/** The newest acts, newest first. */
export async function newestAudit(pool: Pool, limit: number) {
  const { rows } = await pool.query<{
    id: string;
    at: Date;
    actor: string;
    action: string;
    target: string;
    detail: unknown;
  }>('SELECT id, at, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT $1', [limit]);
  return rows.map((row) => ({ ...row, id: Number(row.id), at: row.at.getTime(), detail: detailWords(row.detail) }));
}

/** "version 3, reason too many false alarms": whole numbers, words and yes or no; longer things stay in the table. */
function detailWords(detail: unknown): string {
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) return '';
  return Object.entries(detail)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name} ${String(value).slice(0, 200)}`)
    .join(', ');
}
