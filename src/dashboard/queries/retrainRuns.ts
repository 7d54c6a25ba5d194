import type { Pool } from 'pg';
import type { ModelRun, RunState } from '../api/schema.js';

const FINISHED = new Set(['published', 'held', 'rejected', 'failed', 'cancelled']);

interface RunRow {
  run: string;
  model_key: string;
  job_id: string | null;
  state: string;
  detail: Record<string, unknown>;
  at: Date;
  started_at: Date;
}

/** The newest state of each retrain that has not ended. */
export async function activeRuns(pool: Pool): Promise<RunState[]> {
  const { rows } = await pool.query<RunRow>(
    `SELECT * FROM (
       SELECT DISTINCT ON (model_key) run, model_key, job_id, state, detail, at,
         (SELECT min(at) FROM retrain_runs first WHERE first.run = newest.run) AS started_at
       FROM retrain_runs newest ORDER BY model_key, id DESC) last
     WHERE state NOT IN ('published', 'held', 'rejected', 'failed', 'cancelled')`,
  );
  return rows.map(stateOf);
}

/** The newest retrains of a model with all their steps, newest first. */
export async function runsOf(pool: Pool, key: string, limit: number): Promise<ModelRun[]> {
  const { rows } = await pool.query<RunRow>(
    `SELECT run, model_key, job_id, state, detail, at, at AS started_at FROM retrain_runs
      WHERE model_key = $1 AND run IN
        (SELECT run FROM retrain_runs WHERE model_key = $1 GROUP BY run ORDER BY max(id) DESC LIMIT $2)
      ORDER BY id`,
    [key, limit],
  );
  const runs = new Map<string, RunRow[]>();
  for (const row of rows) {
    const steps = runs.get(row.run);
    if (steps === undefined) runs.set(row.run, [row]);
    else steps.push(row);
  }
  return [...runs.values()]
    .map((steps) => {
      const [first, last] = [steps[0], steps.at(-1)];
      if (first === undefined || last === undefined) throw new Error('a retrain without a step');
      return {
        ...stateOf({ ...last, started_at: first.at }),
        // A step that only tells progress repeats its state: the last one of each speaks for it.
        steps: steps
          .filter((step, index) => step.state !== steps[index + 1]?.state)
          .map((step) => ({ state: step.state, at: step.at.getTime(), words: wordsOf(step.detail) ?? '' })),
      };
    })
    .sort((a, b) => b.at - a.at);
}

function stateOf(row: RunRow): RunState {
  const fraction = row.detail.fraction ?? row.detail.progress;
  return {
    run: row.run,
    modelKey: row.model_key,
    jobId: row.job_id,
    state: row.state,
    fraction: typeof fraction === 'number' ? fraction : null,
    message: wordsOf(row.detail),
    at: row.at.getTime(),
    startedAt: row.started_at.getTime(),
    finished: FINISHED.has(row.state),
  };
}

function wordsOf(detail: Record<string, unknown>): string | null {
  for (const name of ['message', 'reason', 'error']) {
    const words = detail[name];
    if (typeof words === 'string' && words !== '') return words;
  }
  return null;
}
