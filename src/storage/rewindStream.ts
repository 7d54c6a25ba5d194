import { appendAudit } from './audit.js';
import { AGGREGATOR, WATCH_STAGE } from './cursors.js';
import { type Db, inTransaction, type Pool } from './pool.js';
import { liveServices } from './services.js';

/** Rows of a stream that lie at or after a moment, $2; $1 is the stream. */
const AFTER: Record<string, string> = {
  feed_gaps: 'DELETE FROM feed_gaps WHERE stream = $1 AND since >= $2',
  features: 'DELETE FROM features WHERE stream = $1 AND minute >= $2',
  scores: 'DELETE FROM scores WHERE stream = $1 AND minute >= $2',
  shadow_scores: 'DELETE FROM shadow_scores WHERE stream = $1 AND minute >= $2',
  verdicts: 'DELETE FROM verdicts WHERE stream = $1 AND minute >= $2',
  late_minutes: 'DELETE FROM late_minutes WHERE stream = $1 AND minute >= $2',
  drift_reports: "DELETE FROM drift_reports WHERE split_part(model_key, '@', 2) = $1 AND window_end > $2",
  hour_summaries:
    "DELETE FROM hour_summaries WHERE split_part(subject, '@', 2) = $1 AND hour >= date_trunc('hour', $2::timestamptz)",
  incidents: 'DELETE FROM incidents WHERE stream = $1 AND started_at >= $2',
};

/** What the stream goes on with. */
const GO_ON = [
  `UPDATE incidents SET last_minute = least(last_minute, $2), peak_minute = least(peak_minute, $2),
     ended_at = least(ended_at, $2) WHERE stream = $1`,
  "UPDATE activations SET from_minute = $2 WHERE split_part(model_key, '@', 2) = $1 AND from_minute > $2",
  "UPDATE shadows SET from_minute = $2 WHERE split_part(model_key, '@', 2) = $1 AND from_minute > $2",
];

export class CannotRewind extends Error {
  override name = 'CannotRewind';
}

export interface Rewound {
  /** Rows that went, by table. */
  rows: Record<string, number>;
  /** Versions whose training had minutes of after that moment, such as `lstm@rrc00 7`. */
  trainedLater: string[];
}

/**
 * Takes back what a stream holds from `to` on, such as of a future that a clock was in. Its log begins anew: the next message
 * is its first, and routes are learnt again as at a start. All of it or nothing, and only while no service runs.
 *
 * @param to a whole minute
 * @throws CannotRewind
 */
export async function rewindStream(pool: Pool, stream: string, to: Date, actor: string): Promise<Rewound> {
  return inTransaction(pool, async (client) => {
    const running = await liveServices(client);
    if (running.length > 0)
      throw new CannotRewind(`the system runs (${running.join(', ')}): stop it first (routewarden stop)`);
    const known = await client.query('SELECT 1 FROM streams WHERE name = $1', [stream]);
    if (known.rowCount === 0) throw new CannotRewind(`unknown stream ${stream}`);
    await client.query(
      `UPDATE incidents SET related_to = NULL WHERE related_to IN (SELECT id FROM incidents WHERE stream = $1 AND started_at >= $2)`,
      [stream, to],
    );
    const rows: Record<string, number> = {};
    for (const [table, statement] of Object.entries(AFTER)) {
      const { rowCount } = await client.query(statement, [stream, to]);
      if ((rowCount ?? 0) > 0) rows[table] = rowCount!;
    }
    // Their incidents are gone, and nothing is over by that: no notice is sent.
    await client.query(
      `UPDATE alerts SET resolved_at = now(), delivered = delivered || '{"done": true}'
       WHERE resolved_at IS NULL AND starts_with(fingerprint, $1) AND fingerprint >= $1 || $2`,
      [`incident/${stream}/`, to.toISOString()],
    );
    const log = await client.query('DELETE FROM update_batches WHERE stream = $1', [stream]);
    rows.update_batches = log.rowCount ?? 0;
    for (const statement of GO_ON) await client.query(statement, [stream, to]);
    await beginLogAnew(client, stream);
    // All other stages count minutes.
    await client.query(
      `UPDATE cursors SET position = least(position, floor(extract(epoch FROM $2::timestamptz) / 60)::bigint - 1)
       WHERE stream = $1 AND stage <> $3`,
      [stream, to, WATCH_STAGE],
    );
    const later = await client.query<{ name: string }>(
      "SELECT model_key || ' ' || version AS name FROM model_versions WHERE stream = $1 AND data_until > $2 ORDER BY id",
      [stream, to],
    );
    await appendAudit(client, { actor, action: 'rewind', target: stream, detail: { to: to.toISOString(), rows } });
    return { rows, trainedLater: later.rows.map(({ name }) => name) };
  });
}

/** Cursors of those that read a stream's log, or every stream's, for one that begins anew at its first position. */
export async function beginLogAnew(db: Db, stream: string | null): Promise<void> {
  const values = [stream];
  await db.query(`DELETE FROM cursors WHERE stage = $2 AND ($1::text IS NULL OR stream = $1)`, [...values, AGGREGATOR]);
  // What the watch knows of open incidents stays.
  await db.query(`UPDATE cursors SET position = 0 WHERE stage = $2 AND ($1::text IS NULL OR stream = $1)`, [
    ...values,
    WATCH_STAGE,
  ]);
}
