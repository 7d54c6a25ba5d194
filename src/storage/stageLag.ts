import { timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** Something that a stage has yet to read. */
export interface StageLag {
  stage: string;
  stream: string;
  /** How long the oldest unread row has waited, by the database's clock. */
  seconds: number;
  /** Rows that wait: entries of the log for the aggregator, minutes for the others. */
  waiting: number;
}

/** Stages that read feature rows: every detector and the ensemble. */
const READS_FEATURES = `(c.stage LIKE 'detector %' OR c.stage = 'ensemble')`;

/**
 * Stages whose oldest unread row is older than `seconds`. A stage that has no cursor has not begun: a model that was
 * never published, a stream that never spoke.
 */
export async function stagesBehind(db: Db, streams: readonly string[], seconds: number): Promise<StageLag[]> {
  const { rows } = await db.query<StageLag>(
    `SELECT stage, stream, waiting::float8 AS waiting,
       extract(epoch FROM clock_timestamp() - since)::float8 AS seconds
     FROM (
       SELECT c.stage, c.stream,
         (SELECT max(position) FROM update_batches WHERE stream = c.stream) - c.position AS waiting,
         (SELECT received_at FROM update_batches WHERE stream = c.stream AND position > c.position
          ORDER BY position LIMIT 1) AS since
       FROM cursors c WHERE c.stage = 'aggregator'
       UNION ALL
       SELECT c.stage, c.stream,
         (SELECT extract(epoch FROM max(minute)) / 60 FROM features WHERE stream = c.stream) - c.position,
         (SELECT created_at FROM features WHERE stream = c.stream AND minute > ${timeOf('c.position')}
          ORDER BY minute LIMIT 1)
       FROM cursors c WHERE ${READS_FEATURES}
       UNION ALL
       SELECT c.stage, c.stream,
         (SELECT extract(epoch FROM max(minute)) / 60 FROM verdicts WHERE stream = c.stream) - c.position,
         (SELECT created_at FROM verdicts WHERE stream = c.stream AND minute > ${timeOf('c.position')}
          ORDER BY minute LIMIT 1)
       FROM cursors c WHERE c.stage = 'correlator' AND c.position >= 0) unread
     WHERE stream = ANY ($1::text[]) AND since < clock_timestamp() - make_interval(secs => $2)
     ORDER BY stream, stage`,
    [streams, seconds],
  );
  return rows;
}
