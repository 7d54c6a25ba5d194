import type { Pool, PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import { MODEL_KINDS, type ModelKindName } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { firstActivation } from '../storage/activationOrder.js';
import { readCursor, writeCursor } from '../storage/cursors.js';
import { isLateFor, lateMinutes, removeLateMinutes } from '../storage/lateMinutes.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import {
  insertVerdicts,
  lastVerdictState,
  type MinuteScores,
  minutesToJudge,
  type StoredVote,
  type VerdictRow,
  verdictState,
} from '../storage/verdicts.js';
import { detectorStage } from './detectorStep.js';
import { DEFAULT_WEIGHTS, type EnsembleState, INITIAL_STATE, type VoteConstants, vote, voteFor } from './ensemble.js';

export const ENSEMBLE = 'ensemble';
const MINUTES_A_STEP = 512;
const LATE_MINUTES_A_STEP = 128;

export interface EnsembleOptions {
  pool: Pool;
  stream: string;
  /** How long a minute waits for a detector that has a model but has not scored it yet. */
  waitSeconds: number;
  /** Wanted of the verdicts: where an incident begins. */
  falseAlarmsPerDay: number;
}

/** Votes on the minutes of a stream in order, once every detector with a model has passed them or has been waited for. */
export class EnsembleStep {
  readonly #constants: VoteConstants;

  constructor(private readonly options: EnsembleOptions) {
    this.#constants = voteFor(options.falseAlarmsPerDay);
  }

  /** @returns whether there may be more to judge at once */
  async step(): Promise<boolean> {
    const { pool, stream } = this.options;
    return inTransaction(pool, async (client) => {
      const served = new Map<ModelKindName, { from: Minute; passed: Minute }>();
      for (const kind of MODEL_KINDS) {
        const from = await firstActivation(client, modelKey(kind, stream));
        if (from === null) continue;
        const cursor = await readCursor(client, detectorStage(kind), stream);
        served.set(kind, { from, passed: cursor?.position ?? from - 1 });
      }
      if (served.size === 0) return false;
      const cursor = await readCursor(client, ENSEMBLE, stream);
      const start = cursor ? cursor.position + 1 : Math.min(...[...served.values()].map(({ from }) => from));
      const moreLate = await judgeLate(client, stream, start - 1, this.#constants);
      const minutes = await minutesToJudge(client, stream, start, MINUTES_A_STEP);
      const verdicts: VerdictRow[] = [];
      let state = ((await lastVerdictState(client, stream)) as EnsembleState | null) ?? INITIAL_STATE;
      let last = start - 1;
      for (const minute of minutes) {
        const ready = [...served].every(([, { from, passed }]) => minute.minute < from || minute.minute <= passed);
        if (!ready && minute.age < this.options.waitSeconds) break;
        if (minute.kind !== 'gap') {
          const verdict = judge(minute, state, this.#constants);
          verdicts.push(verdict);
          state = verdict.state as EnsembleState;
        }
        last = minute.minute;
      }
      if (last < start) return moreLate;
      await insertVerdicts(client, stream, verdicts);
      await writeCursor(client, ENSEMBLE, stream, last);
      await notify(client, 'verdicts', stream);
      return moreLate || (minutes.length === MINUTES_A_STEP && last === minutes.at(-1)!.minute);
    });
  }
}

/**
 * Judges minutes that were scored after the cursor had passed them, each with the state of the minute before it. Verdicts
 * that stand stay as they are.
 * @returns whether there may be more of them at once
 */
async function judgeLate(
  client: PoolClient,
  stream: string,
  passed: Minute,
  constants: VoteConstants,
): Promise<boolean> {
  const late = await lateMinutes(client, stream, ENSEMBLE, passed, LATE_MINUTES_A_STEP);
  const done: Minute[] = [];
  for (const minute of late) {
    if (await isLateFor(client, stream, MODEL_KINDS.map(detectorStage), minute)) break;
    const [row] = await minutesToJudge(client, stream, minute, 1);
    if (row?.minute === minute && row.kind !== 'gap' && Object.keys(row.scores).length > 0) {
      const before = (await verdictState(client, stream, minute - 1)) as EnsembleState | null;
      await insertVerdicts(client, stream, [judge(row, before ?? INITIAL_STATE, constants)]);
    }
    done.push(minute);
  }
  if (done.length === 0) return false;
  await removeLateMinutes(client, stream, ENSEMBLE, done);
  await notify(client, 'verdicts', stream);
  return late.length === LATE_MINUTES_A_STEP && done.length === late.length;
}

/** Every kind is asked; one without a score for the minute is named as missing. */
function judge(minute: MinuteScores, before: EnsembleState, constants: VoteConstants): VerdictRow {
  const asked = MODEL_KINDS.map((kind) => ({
    kind,
    surprise: minute.scores[kind]?.surprise ?? Number.NaN,
    anomalous: minute.scores[kind]?.anomalous ?? false,
    afterFall: minute.scores[kind]?.afterFall ?? undefined,
  }));
  const verdict = vote(asked, DEFAULT_WEIGHTS, before, constants);
  const votes: Record<string, StoredVote> = {};
  for (const { kind, surprise, anomalous, weight } of verdict.votes) {
    const { version, explanation } = minute.scores[kind]!;
    votes[kind] = { surprise, anomalous, weight, version, ...(explanation ? { explanation } : {}) };
  }
  return {
    minute: minute.minute,
    score: verdict.score,
    threshold: verdict.threshold,
    anomalous: verdict.anomalous,
    votes,
    missing: verdict.missing,
    state: verdict.state,
  };
}
