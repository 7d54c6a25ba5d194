import type { Minute } from '../features/row.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

export interface StoredHour {
  hour: Minute;
  source: 'live' | 'rescored';
  bytes: Buffer;
}

/** Summaries of a subject in [from, until), by hour; computedAt is the newest of the `live` ones. */
export async function hourSummaries(
  db: Db,
  subject: string,
  versionId: number,
  from: Minute,
  until: Minute,
): Promise<{ hours: StoredHour[]; computedAt: Date | null }> {
  const { rows } = await db.query<StoredHour & { computedAt: Date }>(
    `SELECT ${minuteOf('hour')} AS hour, source, bytes, computed_at AS "computedAt"
     FROM hour_summaries WHERE subject = $1 AND version_id = $2
       AND hour >= ${timeOf('$3')} AND hour < ${timeOf('$4')} ORDER BY hour`,
    [subject, versionId, from, until],
  );
  let computedAt: Date | null = null;
  for (const row of rows) {
    if (row.source === 'live' && (computedAt === null || row.computedAt > computedAt)) computedAt = row.computedAt;
  }
  return { hours: rows, computedAt };
}

/** Replaces summaries, in one statement. `computedAt` must be read from the database before the minutes were. */
export async function putHourSummaries(
  db: Db,
  subject: string,
  versionId: number,
  computedAt: Date,
  hours: (StoredHour & { minutes: number })[],
): Promise<void> {
  if (hours.length === 0) return;
  await db.query(
    `INSERT INTO hour_summaries (subject, version_id, hour, source, minutes, bytes, computed_at)
     SELECT $1, $2, ${timeOf('hour')}, source, minutes, bytes, $7
     FROM unnest($3::integer[], $4::text[], $5::integer[], $6::bytea[]) AS t (hour, source, minutes, bytes)
     ON CONFLICT (subject, version_id, source, hour) DO UPDATE
       SET minutes = excluded.minutes, bytes = excluded.bytes, computed_at = excluded.computed_at`,
    [
      subject,
      versionId,
      hours.map((hour) => hour.hour),
      hours.map((hour) => hour.source),
      hours.map((hour) => hour.minutes),
      hours.map((hour) => hour.bytes),
      computedAt,
    ],
  );
}

/** The database's clock: what `computedAt` must be. */
export async function databaseTime(db: Db): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]!.now;
}
