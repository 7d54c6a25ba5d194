import type { Minute } from '../features/row.js';
import { dateToMinute } from './minuteColumn.js';
import type { Db } from './pool.js';

/** What a detector has before it on a stream. */
export interface DetectorWork {
  /** The next minute to score, or null before the first publish. */
  from: Minute | null;
  /** The newest minute with features. */
  newest: Minute;
  /** Whether minutes behind the cursor wait. */
  late: boolean;
}

/** One small query, for a hundred streams are asked twice a second. Null while the stream has no features. */
export async function detectorWork(
  db: Db,
  work: { stage: string; stream: string; modelKey: string },
): Promise<DetectorWork | null> {
  const { rows } = await db.query<{
    newest: Date | null;
    position: number | null;
    first: Date | null;
    late: boolean;
  }>(
    `SELECT (SELECT max(minute) FROM features WHERE stream = $2) AS newest,
       (SELECT position FROM cursors WHERE stage = $1 AND stream = $2) AS position,
       (SELECT min(from_minute) FROM activations WHERE model_key = $3) AS first,
       EXISTS (SELECT FROM late_minutes WHERE stage = $1 AND stream = $2) AS late`,
    [work.stage, work.stream, work.modelKey],
  );
  const { newest, position, first, late } = rows[0]!;
  if (newest === null) return null;
  const from = position !== null ? position + 1 : first ? dateToMinute(first) : null;
  return { from, newest: dateToMinute(newest), late };
}
