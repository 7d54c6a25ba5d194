import type { Pool } from 'pg';
import type { ModelKey } from '../../models/model.js';
import { pendingRuns } from '../../storage/pendingRuns.js';
import { isEnd, newestRuns, type RetrainEvent } from '../../storage/retrainRuns.js';
import type { ModelRun, RunState } from '../api/schema.js';

/** The newest state of each retrain that has not ended. */
export async function activeRuns(pool: Pool): Promise<RunState[]> {
  const newest = new Map((await pendingRuns(pool)).map((run) => [run.modelKey, run]));
  return [...newest.values()].map((run) => stateOf(run, run.startedAt));
}

/** The newest retrains of a model with all their steps, newest first. */
export async function runsOf(pool: Pool, key: ModelKey, limit: number): Promise<ModelRun[]> {
  const runs = new Map<string, RetrainEvent[]>();
  for (const event of await newestRuns(pool, key, limit)) {
    const steps = runs.get(event.run);
    if (steps === undefined) runs.set(event.run, [event]);
    else steps.push(event);
  }
  return [...runs.values()]
    .map((steps) => {
      const [first, last] = [steps[0], steps.at(-1)];
      if (first === undefined || last === undefined) throw new Error('a retrain without a step');
      return {
        ...stateOf(last, first.at),
        // A step that only reports progress repeats its state: the last one of each counts.
        steps: steps
          .filter((step, index) => step.state !== steps[index + 1]?.state)
          .map((step) => ({ state: step.state, at: step.at.getTime(), words: wordsOf(step.detail) ?? '' })),
      };
    })
    .sort((a, b) => b.at - a.at);
}

function stateOf(event: RetrainEvent, startedAt: Date): RunState {
  const { run, modelKey, jobId, state, detail, at } = event;
  const fraction = detail.fraction ?? detail.progress;
  const finished = isEnd(event);
  return {
    run,
    modelKey,
    jobId,
    state: state === 'failed' && !finished ? 'waiting for the next attempt' : state,
    fraction: typeof fraction === 'number' ? fraction : null,
    message: wordsOf(detail),
    at: at.getTime(),
    startedAt: startedAt.getTime(),
    finished,
  };
}

function wordsOf(detail: Record<string, unknown>): string | null {
  for (const name of ['message', 'reason', 'error']) {
    const words = detail[name];
    if (typeof words === 'string' && words !== '') return words;
  }
  // What the gate says of a version.
  return Array.isArray(detail.reasons) && detail.reasons.length > 0 ? detail.reasons.join('; ') : null;
}
