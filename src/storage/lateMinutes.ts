import type { Minute } from '../features/row.js';
import { dateToMinute, minuteToDate } from './minuteColumn.js';
import type { Db } from './pool.js';

/**
 * Asks stages to look at minutes behind their cursors, in the transaction that writes the feature rows. Minutes before
 * the stream's first model are left out: nobody scores those.
 */
export async function addLateMinutes(
  db: Db,
  stream: string,
  stages: readonly string[],
  minutes: readonly Minute[],
): Promise<void> {
  if (minutes.length === 0) return;
  await db.query(
    `INSERT INTO late_minutes (stage, stream, minute)
     SELECT stage, $1, minute FROM unnest($2::text[]) AS stage, unnest($3::timestamptz[]) AS minute
     WHERE EXISTS (SELECT FROM activations a WHERE split_part(a.model_key, '@', 2) = $1 AND a.from_minute <= minute)
     ON CONFLICT DO NOTHING`,
    [stream, stages, minutes.map(minuteToDate)],
  );
}

/** The oldest late minutes of a stage up to `until`, at most `limit`, in order. */
export async function lateMinutes(
  db: Db,
  stream: string,
  stage: string,
  until: Minute,
  limit: number,
): Promise<Minute[]> {
  const { rows } = await db.query<{ minute: Date }>(
    `SELECT minute FROM late_minutes WHERE stream = $1 AND stage = $2 AND minute <= $3 ORDER BY minute LIMIT $4`,
    [stream, stage, minuteToDate(until), limit],
  );
  return rows.map((row) => dateToMinute(row.minute));
}

/** Whether any of the stages has yet to look at a minute. */
export async function isLateFor(db: Db, stream: string, stages: readonly string[], minute: Minute): Promise<boolean> {
  const { rowCount } = await db.query(
    'SELECT 1 FROM late_minutes WHERE stream = $1 AND stage = ANY($2::text[]) AND minute = $3 LIMIT 1',
    [stream, stages, minuteToDate(minute)],
  );
  return (rowCount ?? 0) > 0;
}

/** Called in the transaction that writes what the stage made of them. */
export async function removeLateMinutes(
  db: Db,
  stream: string,
  stage: string,
  minutes: readonly Minute[],
): Promise<void> {
  await db.query('DELETE FROM late_minutes WHERE stream = $1 AND stage = $2 AND minute = ANY($3::timestamptz[])', [
    stream,
    stage,
    minutes.map(minuteToDate),
  ]);
}
