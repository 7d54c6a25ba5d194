import type { FeatureBlock, Minute } from '../features/row.js';
import { featureBlock } from './features.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** Minutes from `from` on and before `until` that belong to an incident. */
export interface IncidentSpan {
  from: Minute;
  until: Minute;
}

/**
 * Models flagged some of its minutes: its counts are not ordinary traffic. That a prefix changed hands moves next to no
 * count, and such minutes stay in drift checks and training.
 */
const STAINS = `coalesce((detail->'evidence'->>'anomalousMinutes')::integer, 1) > 0`;

/** An incident may go on for hours while its routes stay as they are: minutes after its last news are ordinary. */
const LAST = `least(greatest(last_minute, coalesce(ended_at, last_minute)), last_minute + interval '1 minute')`;
const LAST_MINUTE = minuteOf(LAST);

/** What the drift check and the trainer need to know of a stream's past. */
export interface StreamHistory {
  /** Feature rows in [from, until), in order; missing minutes are absent, gaps are not usable. */
  features(stream: string, from: Minute, until: Minute): Promise<FeatureBlock>;
  /** Hours (minute of their start) in [from, until) that hold rows written after `since`; all when null. */
  featureHoursSince(stream: string, since: Date | null, from: Minute, until: Minute): Promise<Minute[]>;
  /** Incidents that touch [from, until) and that nobody marked as ordinary. */
  incidents(stream: string, from: Minute, until: Minute): Promise<IncidentSpan[]>;
}

export function streamHistory(db: Db): StreamHistory {
  return {
    features: (stream, from, until) => featureBlock(db, stream, from, until),
    async featureHoursSince(stream, since, from, until) {
      const { rows } = await db.query<{ hour: number }>(
        `SELECT DISTINCT ${minuteOf("date_trunc('hour', minute, 'UTC')")} AS hour FROM features
         WHERE stream = $1 AND created_at > coalesce($2, '-infinity'::timestamptz)
           AND minute >= ${timeOf('$3')} AND minute < ${timeOf('$4')} ORDER BY 1`,
        [stream, since, from, until],
      );
      return rows.map((row) => row.hour);
    },
    async incidents(stream, from, until) {
      const { rows } = await db.query<IncidentSpan>(
        `SELECT ${minuteOf('started_at')} AS from,
           ${LAST_MINUTE} + 1 AS until
         FROM incidents WHERE stream = $1 AND NOT ordinary AND ${STAINS} AND started_at < ${timeOf('$3')}
           AND ${LAST} >= ${timeOf('$2')}
         ORDER BY started_at`,
        [stream, from, until],
      );
      return rows;
    },
  };
}
