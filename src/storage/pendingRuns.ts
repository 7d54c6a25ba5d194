import type { ModelKey } from '../models/model.js';
import type { Lease } from './leases.js';
import type { Db } from './pool.js';
import { isEndOf, type RetrainState } from './retrainRuns.js';

/** A retraining that was asked for and has not ended. */
export interface PendingRun {
  run: string;
  modelKey: ModelKey;
  jobId: string | null;
  state: RetrainState;
  /** Of its last state. */
  detail: Record<string, unknown>;
  at: Date;
  startedAt: Date;
  /** What its job carries, as stored when it was asked for; null in the history of an older program. */
  payload: unknown;
  priority: number | null;
  /** Milliseconds that it was to wait before its first attempt. */
  delay: number | null;
  /** Seconds since its last state. */
  age: number;
}

const MOST = 1_000;

/**
 * Runs that have not ended, oldest first, at most 1,000.
 */
export async function pendingRuns(db: Db, key?: ModelKey): Promise<PendingRun[]> {
  const { rows } = await db.query<PendingRun>(
    `SELECT last.run, last.model_key AS "modelKey", last.job_id AS "jobId", last.state, last.detail, last.at,
       (SELECT min(at) FROM retrain_runs q WHERE q.run = last.run) AS "startedAt", first.detail->'payload' AS payload,
       (first.detail->>'priority')::integer AS priority, (first.detail->>'delay_ms')::float8 AS delay,
       extract(epoch FROM clock_timestamp() - last.at)::float8 AS age
     FROM (
       SELECT DISTINCT ON (run) run, id, model_key, job_id, state, detail, at FROM retrain_runs
       WHERE $1::text IS NULL OR model_key = $1 ORDER BY run, id DESC) last
     LEFT JOIN LATERAL (
       SELECT detail FROM retrain_runs q WHERE q.run = last.run AND q.state = 'queued' ORDER BY id LIMIT 1) first ON true
     WHERE NOT ${isEndOf('last')} ORDER BY last.id LIMIT ${MOST}`,
    [key ?? null],
  );
  return rows;
}

/**
 * Says that a run failed for good, unless it has ended; a killed trainer cannot say so itself. The trainer and the
 * drift monitor may both say it: the first one's transaction is waited for.
 * @returns whether it did
 */
export async function endRun(
  client: Db,
  run: { run: string; modelKey: ModelKey; jobId: string | null },
  error: string,
): Promise<boolean> {
  await lockEnd(client, run.run);
  const { rowCount } = await client.query(
    `INSERT INTO retrain_runs (run, model_key, job_id, state, detail)
     SELECT $1, $2, $3, 'failed', jsonb_build_object('error', $4::text, 'final', true)
     WHERE NOT EXISTS (
       SELECT 1 FROM (SELECT state, detail FROM retrain_runs WHERE run = $1 ORDER BY id DESC LIMIT 1) last
       WHERE ${isEndOf('last')})`,
    [run.run, run.modelKey, run.jobId, error.slice(0, 2_000)],
  );
  return rowCount === 1;
}

/**
 * Whether somebody ended a run after the attempt that holds this lease began, such as while its trainer was paused. Nobody
 * ends it from here until the transaction is over.
 */
export async function endedSince(client: Db, run: string, { token }: Pick<Lease, 'token'>): Promise<boolean> {
  await lockEnd(client, run);
  const { rows } = await client.query(
    `SELECT 1 FROM retrain_runs r WHERE run = $1 AND ${isEndOf('r')} AND id > (
       SELECT max(id) FROM retrain_runs
       WHERE run = $1 AND state = 'selecting window' AND (detail->>'fencingToken')::bigint = $2) LIMIT 1`,
    [run, token],
  );
  return rows.length > 0;
}

async function lockEnd(client: Db, run: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`end of run ${run}`]);
}

/** Whether the last failure of a run was one that time cures, such as too few minutes. */
export async function failedForNow(db: Db, run: string): Promise<boolean> {
  const { rows } = await db.query<{ transient: boolean }>(
    `SELECT coalesce((detail->>'transient')::boolean, false) AS transient FROM retrain_runs
     WHERE run = $1 AND state = 'failed' AND NOT coalesce((detail->>'final')::boolean, false) ORDER BY id DESC LIMIT 1`,
    [run],
  );
  return rows[0]?.transient ?? false;
}
