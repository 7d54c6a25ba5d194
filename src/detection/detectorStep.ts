import type { Pool, PoolClient } from 'pg';
import type { FeatureBlock, Minute } from '../features/row.js';
import type { AnyModelKind } from '../models/kinds.js';
import type { Explanation, ModelKey, Scores } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { nextActivation } from '../storage/activationOrder.js';
import { type Activation, activeVersionAt, lockModel } from '../storage/activations.js';
import { readCursor, writeCursor } from '../storage/cursors.js';
import { detectorWork } from '../storage/detectorWork.js';
import { featureBlock } from '../storage/features.js';
import { lateMinutes, removeLateMinutes } from '../storage/lateMinutes.js';
import { notify } from '../storage/notifications.js';
import { type Db, inTransaction } from '../storage/pool.js';
import { insertScores, type ScoreRow } from '../storage/scores.js';
import { ScoringRound } from './scoringRound.js';
import { type LoadedModel, ServingModel, type ServingModelOptions } from './servingModel.js';

const MINUTES_A_STEP = 512;
const LATE_MINUTES_A_STEP = 256;

export interface DetectorOptions extends ServingModelOptions {
  stream: string;
  kind: AnyModelKind;
  /** Shared by the streams of a detector, which are then scored together. */
  round?: ScoringRound;
}

/** Minutes from <= minute < until, read and ready to be scored by one version. */
interface Reading {
  from: Minute;
  until: Minute;
  activation: Activation;
  loaded: LoadedModel;
  block: FeatureBlock;
}

export function detectorStage(kind: string): string {
  return `detector ${kind}`;
}

/**
 * Scores the minutes of one stream with one kind of model, each by the version that is active for it. Minutes are read
 * and scored without a transaction, so that many streams' are scored at once. Scores and cursor are committed together
 * under the model's shared lock, and only if the same version is still the active one for these minutes: a publish
 * falls between two minutes.
 */
export class DetectorStep {
  readonly serving: ServingModel;
  readonly #pool: Pool;
  readonly #stage: string;
  readonly #round: ScoringRound;

  constructor(private readonly options: DetectorOptions) {
    this.serving = new ServingModel(modelKey(options.kind.name, options.stream), options);
    this.#pool = options.pool;
    this.#stage = detectorStage(options.kind.name);
    this.#round = options.round ?? new ScoringRound();
  }

  get key(): ModelKey {
    return this.serving.key;
  }

  /** @returns whether there may be more to score at once */
  async step(): Promise<boolean> {
    const { stream } = this.options;
    const { work, reading } = await this.#round.read(async () => {
      const found = await detectorWork(this.#pool, { stage: this.#stage, stream, modelKey: this.key });
      return { work: found, reading: found && (await this.#read(found.from, found.newest)) };
    });
    if (work === null) return false;
    let more = work.late && (await this.#scoreLate((work.from ?? work.newest + 1) - 1));
    if (reading !== null) {
      await this.#round.turn();
      const rows = await this.#score(reading);
      const committed = await this.#commit(reading, rows);
      more ||= !committed || reading.until <= work.newest;
    }
    return more;
  }

  /** Reads what follows the cursor, as far as one version is active for it. */
  async #read(from: Minute | null, newest: Minute): Promise<Reading | null> {
    if (from === null || from > newest) return null;
    const activation = await activeVersionAt(this.#pool, this.key, from);
    if (activation === null) return null;
    const change = await nextActivation(this.#pool, this.key, from);
    const until = Math.min(newest + 1, from + MINUTES_A_STEP, change ?? Number.MAX_SAFE_INTEGER);
    return this.#reading(this.#pool, activation, from, until);
  }

  async #reading(db: Db, activation: Activation, from: Minute, until: Minute): Promise<Reading> {
    const { kind, stream } = this.options;
    const loaded = await this.serving.of(activation);
    return { from, until, activation, loaded, block: await featureBlock(db, stream, from - kind.context, until) };
  }

  /**
   * Writes nothing if the minutes got another version meanwhile, or if another process scored them while this one stood
   * still: the next step reads anew.
   */
  async #commit({ from, until, activation }: Reading, rows: ScoreRow[]): Promise<boolean> {
    const { kind, stream } = this.options;
    return inTransaction(this.#pool, async (client) => {
      await lockModel(client, this.key, 'shared');
      const cursor = await readCursor(client, this.#stage, stream);
      const active = await activeVersionAt(client, this.key, from);
      const change = await nextActivation(client, this.key, from);
      if (cursor !== null && cursor.position !== from - 1) return false;
      if (active?.id !== activation.id || (change !== null && change < until)) return false;
      await insertScores(client, stream, kind.name, rows);
      await writeCursor(client, this.#stage, stream, until - 1);
      await notify(client, 'scores', stream);
      return true;
    });
  }

  /**
   * Scores minutes that came or were healed after the cursor had passed them, each by the version that was active for it,
   * and those after them that could not be scored since the model looks back at what was lost. What is scored stays.
   * @returns whether there may be more of them
   */
  async #scoreLate(passed: Minute): Promise<boolean> {
    const { stream, kind } = this.options;
    return inTransaction(this.#pool, async (client) => {
      await lockModel(client, this.key, 'shared');
      const late = await lateMinutes(client, stream, this.#stage, passed, LATE_MINUTES_A_STEP);
      if (late.length === 0) return false;
      for (let at = 0; at < late.length; ) {
        const from = late[at]!;
        let until = from + 1;
        for (at += 1; at < late.length && late[at] === until; at += 1) until += 1;
        await this.#scoreAgain(client, from, Math.min(until + kind.context, passed + 1));
      }
      await removeLateMinutes(client, stream, this.#stage, late);
      await notify(client, 'scores', stream);
      return late.length === LATE_MINUTES_A_STEP;
    });
  }

  async #scoreAgain(client: PoolClient, from: Minute, until: Minute): Promise<void> {
    const { stream, kind } = this.options;
    for (let start = from; start < until; ) {
      const activation = await activeVersionAt(client, this.key, start);
      const end = Math.min(until, (await nextActivation(client, this.key, start)) ?? until);
      if (activation !== null) {
        const rows = await this.#score(await this.#reading(client, activation, start, end));
        await insertScores(client, stream, kind.name, rows);
      }
      start = end;
    }
  }

  async #score({ from, loaded, block }: Reading): Promise<ScoreRow[]> {
    const { kind } = this.options;
    const first = block.minutes.findIndex((minute) => minute >= from);
    if (first < 0) return [];
    const scores = await kind.score(loaded.model, block, first);
    const threshold = kind.threshold(loaded.model);
    const rows: ScoreRow[] = [];
    for (let index = 0; index < scores.score.length; index += 1) {
      if (!Number.isFinite(scores.score[index])) continue;
      const anomalous = scores.score[index]! > threshold;
      rows.push({
        minute: block.minutes[first + index]!,
        versionId: loaded.versionId,
        score: scores.score[index]!,
        surprise: scores.surprise[index]!,
        threshold,
        anomalous,
        afterFall: known(scores.afterFall?.[index]),
        explanation: await this.#explanation(loaded, block, first + index, scores, index, anomalous),
      });
    }
    return rows;
  }

  /** Ordinary minutes are not explained: nobody asks, and there are many. */
  async #explanation(
    loaded: LoadedModel,
    block: FeatureBlock,
    row: number,
    scores: Scores,
    index: number,
    anomalous: boolean,
  ): Promise<Explanation[] | null> {
    if (!anomalous || row < this.options.kind.context) return null;
    if (!Number.isFinite(scores.surprise[index])) return null;
    return this.options.kind.explain(loaded.model, block, row);
  }
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
