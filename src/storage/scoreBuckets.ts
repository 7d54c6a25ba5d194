import type { Minute } from '../features/row.js';
import { minuteOf, minuteToDate } from './minuteColumn.js';
import type { Db } from './pool.js';

/** Lowest and highest score of the minutes from `minute` on, of one model or of the `ensemble`. */
export interface ScoreBucket {
  name: string;
  minute: Minute;
  low: number;
  high: number;
  threshold: number;
  anomalous: boolean;
}

/** What was scored in from <= minute < until, joined by `step` minutes. Scores that are not finite are left out. */
export async function scoreBuckets(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
  step: number,
): Promise<ScoreBucket[]> {
  const of = (table: string, name: string) => `
    SELECT ${name} AS name, date_bin(make_interval(mins => $4::int), minute, $2) AS bucket, min(score) AS low,
      max(score) AS high, max(threshold) AS threshold, bool_or(anomalous) AS anomalous
    FROM ${table} WHERE stream = $1 AND minute >= $2 AND minute < $3 AND abs(score) < 'Infinity'
    GROUP BY 1, 2`;
  const { rows } = await db.query<ScoreBucket>(
    `SELECT name, ${minuteOf('bucket')} AS minute, low, high, threshold, anomalous
     FROM (${of('verdicts', "'ensemble'")} UNION ALL ${of('scores', 'kind')}) joined`,
    [stream, minuteToDate(from), minuteToDate(until), step],
  );
  return rows;
}
