import type { ModelKey } from '../models/model.js';
import type { Db } from './pool.js';

/** What alerts say about the running system, read from the rows its parts write anyway. */

/** Seconds since each stream last heard its feed (a message or a sign of life), by the database's clock. */
export async function feedSilence(db: Db): Promise<{ stream: string; seconds: number; heard: Date | null }[]> {
  const { rows } = await db.query<{ stream: string; seconds: number; heard: Date | null }>(
    `SELECT s.name AS stream, b.received_at AS heard,
       extract(epoch FROM clock_timestamp() - coalesce(b.received_at, s.created_at))::float8 AS seconds
     FROM streams s LEFT JOIN LATERAL (
       SELECT received_at FROM update_batches WHERE stream = s.name AND kind <> 'gap'
       ORDER BY position DESC LIMIT 1) b ON true
     ORDER BY s.name`,
  );
  return rows;
}

export interface SilentService {
  instance: string;
  name: string;
  host: string;
  state: string;
  restarts: number;
  seconds: number;
}

/**
 * Services that did not end in order and have not beaten for `seconds`, unless one of the same name has begun on the
 * same host since. After a day a row is of a machine that is gone for good, and does not count.
 */
export async function silentServices(db: Db, seconds: number): Promise<SilentService[]> {
  const { rows } = await db.query<SilentService>(
    `SELECT s.instance, s.name, s.host, s.state, s.restarts,
       extract(epoch FROM clock_timestamp() - s.heartbeat_at)::float8 AS seconds
     FROM services s
     WHERE s.state <> 'stopped' AND s.heartbeat_at < clock_timestamp() - make_interval(secs => $1)
       AND s.heartbeat_at > clock_timestamp() - interval '1 day'
       AND NOT EXISTS (SELECT 1 FROM services n WHERE n.name = s.name AND n.host = s.host
         AND n.instance <> s.instance AND n.started_at > s.heartbeat_at)
     ORDER BY s.name, s.instance`,
    [seconds],
  );
  return rows;
}

/** Newest rows of a model that are looked through; older ones were raised or no longer matter. */
const RECENT = 200;

export interface DriftFact {
  modelKey: ModelKey;
  stream: string;
  reportId: number;
  reason: string;
  windowEnd: Date;
  /** A later check found the model fit again, or a new version serves. */
  over: boolean;
}

/** The newest drift of each of these kinds on each stream, of the last day or still going on. */
export async function newestDrifts(db: Db, kinds: readonly string[]): Promise<DriftFact[]> {
  const { rows } = await db.query<DriftFact>(
    `SELECT d.model_key AS "modelKey", s.name AS stream, d.id::float8 AS "reportId", d.reason,
       d.window_end AS "windowEnd", coalesce(c.window_end > d.window_end, false) OR EXISTS (
         SELECT FROM activations a JOIN model_versions v ON v.id = a.version_id
         WHERE a.model_key = d.model_key AND v.created_at > d.created_at) AS over
     FROM streams s CROSS JOIN unnest($1::text[]) AS kind
     CROSS JOIN LATERAL (SELECT * FROM (
       SELECT id, model_key, window_end, outcome, reason, created_at FROM drift_reports
       WHERE model_key = kind || '@' || s.name ORDER BY window_end DESC LIMIT ${RECENT}) recent
       WHERE outcome = 'drifted' ORDER BY window_end DESC LIMIT 1) d
     LEFT JOIN LATERAL (SELECT window_end FROM (
       SELECT window_end, outcome FROM drift_reports
       WHERE model_key = kind || '@' || s.name ORDER BY window_end DESC LIMIT ${RECENT}) recent
       WHERE outcome IN ('stable', 'no baseline') ORDER BY window_end DESC LIMIT 1) c ON true
     WHERE d.created_at > clock_timestamp() - interval '1 day' OR coalesce(c.window_end < d.window_end, true)
     ORDER BY d.model_key`,
    [kinds],
  );
  return rows;
}

export interface RefusalFact {
  modelKey: ModelKey;
  stream: string;
  rowId: number;
  run: string;
  state: 'rejected' | 'held';
  detail: Record<string, unknown>;
  /** A later retraining was published. */
  over: boolean;
}

/** The newest refused retraining of each model, of the last day or not yet made good. */
export async function newestRefusals(db: Db, kinds: readonly string[]): Promise<RefusalFact[]> {
  const { rows } = await db.query<RefusalFact>(
    `SELECT r.model_key AS "modelKey", s.name AS stream, r.id::float8 AS "rowId", r.run, r.state, r.detail,
       coalesce(p.id > r.id, false) AS over
     FROM streams s CROSS JOIN unnest($1::text[]) AS kind
     CROSS JOIN LATERAL (SELECT * FROM (
       SELECT id, model_key, run, state, detail, at FROM retrain_runs
       WHERE model_key = kind || '@' || s.name ORDER BY id DESC LIMIT ${RECENT}) recent
       WHERE state IN ('rejected', 'held') ORDER BY id DESC LIMIT 1) r
     LEFT JOIN LATERAL (SELECT id FROM (
       SELECT id, state FROM retrain_runs
       WHERE model_key = kind || '@' || s.name ORDER BY id DESC LIMIT ${RECENT}) recent
       WHERE state = 'published' ORDER BY id DESC LIMIT 1) p ON true
     WHERE r.at > clock_timestamp() - interval '1 day' OR coalesce(p.id < r.id, true)
     ORDER BY r.model_key`,
    [kinds],
  );
  return rows;
}

export interface FailureFact {
  modelKey: ModelKey;
  failures: number;
  lastError: string;
  /** No further try before a person asks. */
  dead: boolean;
}

/** Models whose last retraining jobs failed. */
export async function failingRetrains(db: Db): Promise<FailureFact[]> {
  const { rows } = await db.query<FailureFact>(
    `SELECT model_key AS "modelKey", failures, last_error AS "lastError", dead_since IS NOT NULL AS dead
     FROM dead_letters ORDER BY model_key`,
  );
  return rows;
}

export interface RollbackFact {
  id: number;
  modelKey: ModelKey;
  stream: string;
  from: number;
  to: number;
  reason: string;
  actor: string;
  at: Date;
}

/** Moves of the last day to a version older than the one that served before. */
export async function recentRollbacks(db: Db, kinds: readonly string[]): Promise<RollbackFact[]> {
  const { rows } = await db.query<RollbackFact>(
    `SELECT id, model_key AS "modelKey", stream, before AS "from", version AS "to", reason, actor, at FROM (
       SELECT a.id::float8 AS id, a.model_key, s.name AS stream, v.version, a.reason, a.actor, a.at,
         lag(v.version) OVER (PARTITION BY a.model_key ORDER BY a.id) AS before
       FROM streams s CROSS JOIN unnest($1::text[]) AS kind
       CROSS JOIN LATERAL (SELECT * FROM activations WHERE model_key = kind || '@' || s.name
         ORDER BY id DESC LIMIT ${RECENT}) a
       JOIN model_versions v ON v.id = a.version_id) moves
     WHERE version < before AND at > clock_timestamp() - interval '1 day' ORDER BY id`,
    [kinds],
  );
  return rows;
}
