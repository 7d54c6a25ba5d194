import { dateToMinute } from './minuteColumn.js';
import type { Pool } from './pool.js';

export interface StreamStatus {
  stream: string;
  watermark: number | null;
  minutes: number;
  gap_minutes: number;
  /** How far the newest stored update is behind the database's clock, seconds: says something of a live feed only. */
  log_age: number | null;
  /** Age of the stream itself, seconds. */
  known_seconds: number;
  verdicts: number;
  incidents: number;
}

export interface ModelStatus {
  model: string;
  version: number | null;
  from_minute: number | null;
  /** Minutes of the stream since the newest one that it was trained on. */
  age_minutes: number | null;
  last_check: number | null;
  outcome: string | null;
  reason: string | null;
  /** Version that scores beside the serving one, or null. */
  shadow: number | null;
  /** Last state of the last retraining. */
  retrain: string | null;
}

const minute = (date: Date | null) => (date === null ? null : dateToMinute(date));

export async function streamStatus(pool: Pool): Promise<StreamStatus[]> {
  const { rows } = await pool.query(
    `SELECT s.name AS stream, f.watermark, f.minutes, f.gap_minutes,
       (SELECT round(extract(epoch FROM clock_timestamp() - b.until), 1)::float8 FROM update_batches b
        WHERE b.stream = s.name ORDER BY b.position DESC LIMIT 1) AS log_age,
       extract(epoch FROM clock_timestamp() - s.created_at)::float8 AS known_seconds,
       (SELECT count(*) FROM verdicts v WHERE v.stream = s.name) AS verdicts,
       (SELECT count(*) FROM incidents i WHERE i.stream = s.name) AS incidents
     FROM streams s LEFT JOIN LATERAL (
       SELECT max(minute) AS watermark, count(*) AS minutes, count(*) FILTER (WHERE kind = 'gap') AS gap_minutes
       FROM features WHERE stream = s.name) f ON true
     ORDER BY s.name`,
  );
  return rows.map((row) => ({ ...row, watermark: minute(row.watermark) }));
}

/** Every model that was ever checked, trained or asked for. */
export async function modelStatus(pool: Pool): Promise<ModelStatus[]> {
  const { rows } = await pool.query(
    `WITH keys AS (
       SELECT model_key FROM model_versions UNION SELECT model_key FROM drift_reports UNION SELECT model_key FROM retrain_runs)
     SELECT k.model_key AS model, a.version, a.from_minute, a.age_minutes, d.window_end AS last_check, d.outcome, d.reason, r.state AS retrain, h.version AS shadow
     FROM keys k
     LEFT JOIN LATERAL (
       SELECT v.version, a.from_minute,
         (SELECT greatest(0, round(extract(epoch FROM max(f.minute) - v.data_until) / 60) + 1)::integer FROM features f WHERE f.stream = v.stream)
           AS age_minutes
       FROM activations a JOIN model_versions v ON v.id = a.version_id
       WHERE a.model_key = k.model_key ORDER BY a.from_minute DESC, a.id DESC LIMIT 1) a ON true
     LEFT JOIN LATERAL (
       SELECT window_end, outcome, reason FROM drift_reports WHERE model_key = k.model_key ORDER BY window_end DESC LIMIT 1) d ON true
     LEFT JOIN LATERAL (
       SELECT state FROM retrain_runs WHERE model_key = k.model_key ORDER BY id DESC LIMIT 1) r ON true
     LEFT JOIN (SELECT s.model_key, v.version FROM shadows s JOIN model_versions v ON v.id = s.version_id) h
       ON h.model_key = k.model_key
     ORDER BY k.model_key`,
  );
  return rows.map((row) => ({ ...row, from_minute: minute(row.from_minute), last_check: minute(row.last_check) }));
}

export interface RecentRetrain {
  model: string;
  /** Its newest state. */
  state: string;
  /** When it came to that state, by the database's clock. */
  at: Date;
}

/** The newest retrainings, those under way included. */
export async function recentRetrains(pool: Pool, limit: number): Promise<RecentRetrain[]> {
  const { rows } = await pool.query<RecentRetrain>(
    `SELECT model_key AS model, state, at FROM (
       SELECT DISTINCT ON (run) id, model_key, state, at FROM retrain_runs ORDER BY run, id DESC) newest
     ORDER BY id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** What the demo and its check count, straight from the rows. */
export interface StoryCounts {
  updates: number;
  minutes: number;
  verdicts: number;
  incidents: number;
  drift_reports: number;
  retrains: number;
  reloads: number;
  missed_minutes: number;
}

/**
 * Counts a run from the database. A reload is a version after the first of its model that scored a minute; a missed
 * minute is a usable one, since every kind serves, that lacks a score of a kind or a verdict.
 * @param until minutes after this one may still be on their way
 */
export async function storyCounts(pool: Pool, stream: string, until: Date): Promise<StoryCounts> {
  const { rows } = await pool.query<StoryCounts>(
    `WITH serving AS (
       SELECT max(first) AS since FROM (
         SELECT model_key, min(from_minute) AS first FROM activations WHERE model_key LIKE '%@' || $1 GROUP BY model_key) firsts)
     SELECT
       (SELECT coalesce(sum(messages), 0)::bigint FROM update_batches WHERE stream = $1) AS updates,
       (SELECT count(*) FROM features WHERE stream = $1) AS minutes,
       (SELECT count(*) FROM verdicts WHERE stream = $1) AS verdicts,
       (SELECT count(*) FROM incidents WHERE stream = $1) AS incidents,
       (SELECT count(*) FROM drift_reports WHERE model_key LIKE '%@' || $1) AS drift_reports,
       (SELECT count(*) FROM retrain_runs WHERE model_key LIKE '%@' || $1 AND state = 'published') AS retrains,
       (SELECT coalesce(sum(versions - 1), 0)::bigint FROM (
          SELECT count(DISTINCT version_id) AS versions FROM scores WHERE stream = $1 GROUP BY kind) scored) AS reloads,
       (SELECT count(*) FROM features f, serving s WHERE f.stream = $1 AND f.kind <> 'gap'
          AND f.minute >= s.since AND f.minute <= $2
          AND (NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.stream = f.stream AND v.minute = f.minute)
            OR (SELECT count(*) FROM scores c WHERE c.stream = f.stream AND c.minute = f.minute) < 3)) AS missed_minutes`,
    [stream, until],
  );
  return rows[0]!;
}
