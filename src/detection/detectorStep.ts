import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import type { Minute } from '../features/row.js';
import type { AnyModelKind } from '../models/kinds.js';
import { BadArtifact, type Explanation, type ModelKey, type Scores } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { firstActivation, nextActivation } from '../storage/activationOrder.js';
import {
  type Activation,
  activationsSince,
  activeVersionAt,
  currentActivation,
  lockModel,
} from '../storage/activations.js';
import { readCursor, writeCursor } from '../storage/cursors.js';
import { featureBlock, watermark } from '../storage/features.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { insertScores, type ScoreRow } from '../storage/scores.js';
import { storeIsAway } from '../storage/storeAway.js';

const MINUTES_A_STEP = 512;
const MOST_EARLIER = 10;

interface LoadedModel {
  versionId: number;
  version: number;
  model: unknown;
}

export interface DetectorOptions {
  pool: Pool;
  stream: string;
  kind: AnyModelKind;
  logger: Logger;
  /** Reads a version's files, verifies their checksums and decodes them. */
  load: (key: ModelKey, versionId: number) => Promise<unknown>;
  /** A version that cannot be loaded: the one before serves on. */
  onBadVersion: (key: ModelKey, activation: Activation, error: Error) => Promise<void>;
}

export function detectorStage(kind: string): string {
  return `detector ${kind}`;
}

/**
 * Scores the minutes of one stream with one kind of model, each by the version that is active for it. Scores and
 * cursor are committed together under the model's shared lock, so that a publish falls between two minutes.
 */
export class DetectorStep {
  readonly key: ModelKey;
  private loaded: LoadedModel | null = null;
  private refused: number | null = null;

  constructor(private readonly options: DetectorOptions) {
    this.key = modelKey(options.kind.name, options.stream);
  }

  get version(): number | null {
    return this.loaded?.version ?? null;
  }

  /** @returns whether there may be more to score at once */
  async step(): Promise<boolean> {
    const { pool, stream, kind } = this.options;
    const newest = await watermark(pool, stream);
    if (newest === null) return false;
    return inTransaction(pool, async (client) => {
      await lockModel(client, this.key, 'shared');
      const cursor = await readCursor(client, detectorStage(kind.name), stream);
      const from = cursor ? cursor.position + 1 : await firstActivation(client, this.key);
      if (from === null || from > newest) return false;
      const activation = await activeVersionAt(client, this.key, from);
      if (activation === null) return false;
      const change = await nextActivation(client, this.key, from);
      const until = Math.min(newest + 1, from + MINUTES_A_STEP, change ?? Number.MAX_SAFE_INTEGER);
      const loaded = await this.model(activation);
      await this.score(client, loaded, from, until);
      await writeCursor(client, detectorStage(kind.name), stream, until - 1);
      await notify(client, 'scores', stream);
      return until <= newest;
    });
  }

  /** Loads what will score the next minute, before that minute comes. */
  async prepare(): Promise<void> {
    const activation = await currentActivation(this.options.pool, this.key);
    if (activation !== null) await this.model(activation);
  }

  private async model(activation: Activation): Promise<LoadedModel> {
    if (this.loaded?.versionId === activation.versionId) return this.loaded;
    if (this.loaded !== null && this.refused === activation.versionId) return this.loaded;
    try {
      const model = await this.options.load(this.key, activation.versionId);
      this.loaded = { versionId: activation.versionId, version: activation.version, model };
      this.options.logger.info({ model: this.key, version: activation.version }, 'model loaded');
    } catch (error) {
      if (storeIsAway(error)) throw error;
      this.loaded ??= await this.earlier(activation);
      if (this.loaded === null) throw error;
      this.refused = activation.versionId;
      await this.options.onBadVersion(this.key, activation, error as Error);
    }
    return this.loaded;
  }

  /** For a detector that has just started: what it would have served on with, had it run before. */
  private async earlier(bad: Activation): Promise<LoadedModel | null> {
    const { pool, load } = this.options;
    const before = (await activationsSince(pool, 0, this.key)).filter(
      ({ id, from, versionId }) =>
        versionId !== bad.versionId && (from < bad.from || (from === bad.from && id < bad.id)),
    );
    for (const { versionId, version } of before.reverse().slice(0, MOST_EARLIER)) {
      try {
        return { versionId, version, model: await load(this.key, versionId) };
      } catch (error) {
        if (!(error instanceof BadArtifact)) throw error;
      }
    }
    return null;
  }

  private async score(client: PoolClient, loaded: LoadedModel, from: Minute, until: Minute): Promise<void> {
    const { kind, stream } = this.options;
    const block = await featureBlock(client, stream, from - kind.context, until);
    const first = block.minutes.findIndex((minute) => minute >= from);
    if (first < 0) return;
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
        explanation: await this.explanation(loaded, block, first + index, scores, index, anomalous),
      });
    }
    await insertScores(client, stream, kind.name, rows);
  }

  /** Ordinary minutes are not explained: nobody asks, and there are many. */
  private async explanation(
    loaded: LoadedModel,
    block: Parameters<AnyModelKind['explain']>[1],
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
