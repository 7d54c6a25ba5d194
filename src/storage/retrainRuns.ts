import type { ModelKey } from '../models/model.js';
import type { Db } from './pool.js';

export type RetrainState =
  | 'queued'
  | 'waiting for lease'
  | 'selecting window'
  | 'training'
  | 'validating'
  | 'shadow'
  | 'published'
  | 'held'
  | 'rejected'
  | 'failed'
  | 'cancelled';

export interface RetrainEvent {
  run: string;
  modelKey: ModelKey;
  jobId: string | null;
  state: RetrainState;
  detail: Record<string, unknown>;
  at: Date;
}

/** States after which a run does nothing more. A failed attempt is none, unless `detail.final` says so: its job is tried again. */
const ENDS: readonly RetrainState[] = ['shadow', 'published', 'held', 'rejected', 'cancelled'];
const ENDS_LIST = ENDS.map((state) => `'${state}'`).join(', ');

export function isEnd({ state, detail }: Pick<RetrainEvent, 'state' | 'detail'>): boolean {
  return ENDS.includes(state) || detail.final === true;
}

/** The same in SQL, of a row of `retrain_runs`. */
export const isEndOf = (row: string): string =>
  `(${row}.state IN (${ENDS_LIST}) OR coalesce((${row}.detail->>'final')::boolean, false))`;

/** Appends one state. @throws PostgreSQL's unique violation when the run has published before */
export async function appendRetrainState(
  db: Db,
  event: { run: string; modelKey: ModelKey; jobId?: string; state: RetrainState; detail?: Record<string, unknown> },
): Promise<void> {
  await db.query('INSERT INTO retrain_runs (run, model_key, job_id, state, detail) VALUES ($1, $2, $3, $4, $5)', [
    event.run,
    event.modelKey,
    event.jobId ?? null,
    event.state,
    JSON.stringify(event.detail ?? {}),
  ]);
}

const COLUMNS = 'run, model_key AS "modelKey", job_id AS "jobId", state, detail, at';

/** The states of one run, oldest first. */
export async function runHistory(db: Db, run: string): Promise<RetrainEvent[]> {
  const { rows } = await db.query<RetrainEvent>(`SELECT ${COLUMNS} FROM retrain_runs WHERE run = $1 ORDER BY id`, [
    run,
  ]);
  return rows;
}

/** The states of the newest runs of a model, oldest first. */
export async function newestRuns(db: Db, key: ModelKey, runs: number): Promise<RetrainEvent[]> {
  const { rows } = await db.query<RetrainEvent>(
    `SELECT ${COLUMNS} FROM retrain_runs
     WHERE model_key = $1 AND run IN
       (SELECT run FROM retrain_runs WHERE model_key = $1 GROUP BY run ORDER BY max(id) DESC LIMIT $2)
     ORDER BY id`,
    [key, runs],
  );
  return rows;
}

/** Whether a retrain was asked for because of this drift report. */
export async function wasAskedFor(db: Db, key: ModelKey, reportId: number): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT 1 FROM retrain_runs WHERE model_key = $1 AND (detail->'trigger'->>'reportId')::bigint = $2 LIMIT 1`,
    [key, reportId],
  );
  return rows.length > 0;
}

/** Newest first. */
export async function recentRetrains(db: Db, key?: ModelKey, limit = 100): Promise<RetrainEvent[]> {
  const { rows } = await db.query<RetrainEvent>(
    `SELECT ${COLUMNS} FROM retrain_runs WHERE $1::text IS NULL OR model_key = $1 ORDER BY id DESC LIMIT $2`,
    [key ?? null, limit],
  );
  return rows;
}

export interface LastFinish extends RetrainEvent {
  /** Refused, and the one before it was not: nothing changed, and a few hours more may decide otherwise. */
  isFirstRefusal: boolean;
}

const REFUSED: readonly RetrainState[] = ['held', 'rejected'];

/** The newest end of a run (shadow, published, held, rejected) of a model, for its cool-down. `detail.watermark` is its minute. */
export async function lastFinished(db: Db, key: ModelKey): Promise<LastFinish | null> {
  const { rows } = await db.query<RetrainEvent>(
    `SELECT ${COLUMNS} FROM retrain_runs WHERE model_key = $1 AND state IN ('shadow', 'published', 'held', 'rejected')
     ORDER BY id DESC LIMIT 2`,
    [key],
  );
  const [last, before] = rows;
  if (last === undefined) return null;
  const isFirstRefusal = REFUSED.includes(last.state) && (before === undefined || !REFUSED.includes(before.state));
  return { ...last, isFirstRefusal };
}

export interface DeadLetter {
  modelKey: ModelKey;
  failures: number;
  lastError: string;
  deadSince: Date | null;
}

/** Counts a failed job of a model; with the `limit`-th in a row the model is a dead letter until a person clears it. */
export async function countFailure(db: Db, key: ModelKey, error: string, limit: number): Promise<DeadLetter> {
  const { rows } = await db.query<DeadLetter>(
    `INSERT INTO dead_letters AS d (model_key, failures, last_error, dead_since)
     VALUES ($1, 1, $2, CASE WHEN $3 <= 1 THEN now() END)
     ON CONFLICT (model_key) DO UPDATE SET failures = d.failures + 1, last_error = $2, updated_at = now(),
       dead_since = CASE WHEN d.failures + 1 >= $3 THEN coalesce(d.dead_since, now()) END
     RETURNING model_key AS "modelKey", failures, last_error AS "lastError", dead_since AS "deadSince"`,
    [key, error.slice(0, 2000), limit],
  );
  return rows[0]!;
}

/** After a success, or when a person clears it. @returns how many failures in a row there were */
export async function clearFailures(db: Db, key: ModelKey): Promise<number> {
  const { rows } = await db.query<{ failures: number }>(
    'DELETE FROM dead_letters WHERE model_key = $1 RETURNING failures',
    [key],
  );
  return rows[0]?.failures ?? 0;
}

export async function deadLetters(db: Db): Promise<DeadLetter[]> {
  const { rows } = await db.query<DeadLetter>(
    `SELECT model_key AS "modelKey", failures, last_error AS "lastError", dead_since AS "deadSince" FROM dead_letters
     WHERE dead_since IS NOT NULL ORDER BY model_key`,
  );
  return rows;
}
