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
