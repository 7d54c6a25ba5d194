import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { BadArtifact, type ModelKey } from '../models/model.js';
import { type Activation, activationsSince, currentActivation } from '../storage/activations.js';
import { storeIsAway } from '../storage/storeAway.js';

const MOST_EARLIER = 10;

export interface LoadedModel {
  versionId: number;
  version: number;
  model: unknown;
}

export interface ServingModelOptions {
  pool: Pool;
  logger: Logger;
  /** Reads a version's files, verifies their checksums and decodes them. */
  load: (key: ModelKey, versionId: number) => Promise<unknown>;
  /** A version that cannot be loaded: the one before serves on. */
  onBadVersion: (key: ModelKey, activation: Activation, error: Error) => Promise<void>;
}

/** The version of a model that a detector holds in memory. */
export class ServingModel {
  #loaded: LoadedModel | null = null;
  #refused: number | null = null;

  constructor(
    readonly key: ModelKey,
    private readonly options: ServingModelOptions,
  ) {}

  get version(): number | null {
    return this.#loaded?.version ?? null;
  }

  /** Loads what will score the next minute, before that minute comes. */
  async prepare(): Promise<void> {
    const activation = await currentActivation(this.options.pool, this.key);
    if (activation !== null) await this.of(activation);
  }

  /**
   * The activation's version, or the one before it where that cannot be loaded.
   * @throws BadArtifact when no version can be loaded; the store's error when it is away
   */
  async of(activation: Activation): Promise<LoadedModel> {
    if (this.#loaded?.versionId === activation.versionId) return this.#loaded;
    if (this.#loaded !== null && this.#refused === activation.versionId) return this.#loaded;
    try {
      const model = await this.options.load(this.key, activation.versionId);
      this.#loaded = { versionId: activation.versionId, version: activation.version, model };
      this.options.logger.info({ model: this.key, version: activation.version }, 'model loaded');
    } catch (error) {
      if (storeIsAway(error)) throw error;
      this.#loaded ??= await this.#earlier(activation);
      if (this.#loaded === null) throw error;
      this.#refused = activation.versionId;
      await this.options.onBadVersion(this.key, activation, error as Error);
    }
    return this.#loaded;
  }

  /** For a detector that has just started: what it would have served on with, had it run before. */
  async #earlier(bad: Activation): Promise<LoadedModel | null> {
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
}
