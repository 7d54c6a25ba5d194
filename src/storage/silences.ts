import type { Silence, SilenceRequest } from '../incidents/alerts/silence.js';
import type { Db } from './pool.js';

const COLUMNS = `id::int AS id, stream, class, prefix::text AS prefix, as_number::float8 AS "asNumber",
  starts_at AS "startsAt", ends_at AS "endsAt", reason, actor`;

/** Silences that have not ended, the soonest end first; those of the future are among them. */
export async function currentSilences(db: Db, now: Date): Promise<Silence[]> {
  const { rows } = await db.query<Silence>(`SELECT ${COLUMNS} FROM silences WHERE ends_at > $1 ORDER BY ends_at, id`, [
    now,
  ]);
  return rows;
}

/** All that are kept, newest first. */
export async function listSilences(db: Db, limit: number): Promise<Silence[]> {
  const { rows } = await db.query<Silence>(`SELECT ${COLUMNS} FROM silences ORDER BY id DESC LIMIT $1`, [limit]);
  return rows;
}

export async function addSilence(db: Db, request: SilenceRequest, actor: string, now: Date): Promise<Silence> {
  const { rows } = await db.query<Silence>(
    `INSERT INTO silences (stream, class, prefix, as_number, starts_at, ends_at, reason, actor)
     VALUES ($1, $2, $3::inet::cidr, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [
      request.stream ?? null,
      request.class ?? null,
      request.prefix ?? null,
      request.asNumber ?? null,
      request.startsAt ?? now,
      request.endsAt,
      request.reason,
      actor,
    ],
  );
  return rows[0]!;
}

/** Ends one before its time. Gives false when it has ended, or there is none. */
export async function endSilence(db: Db, id: number, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    'UPDATE silences SET starts_at = least(starts_at, $2), ends_at = $2 WHERE id = $1 AND ends_at > $2',
    [id, now],
  );
  if (rowCount !== 1) return false;
  // What it held back is looked at again now, and not when it would have ended.
  await db.query(
    `UPDATE alerts SET delivered = delivered || jsonb_build_object('dueAt', $1::text)
     WHERE delivered->>'done' IS DISTINCT FROM 'true'`,
    [now.toISOString()],
  );
  return true;
}
