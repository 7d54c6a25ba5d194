import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { AnyModelKind } from '../models/kinds.js';
import { BadArtifact } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { loadVersion } from '../registry/load.js';
import { featureBlock } from '../storage/features.js';
import { insertShadowScores, listShadows, type Shadow, shadowBacklog } from '../storage/shadows.js';

const MINUTES_A_STEP = 512;

export interface ShadowScoringOptions {
  pool: Pool;
  kind: AnyModelKind;
  streams: readonly string[];
  logger: Logger;
}

/**
 * Scores the minutes that the serving versions have scored by the versions that shadow them. Nobody waits for it, and
 * verdicts know nothing of it.
 */
export class ShadowScoring {
  readonly #loaded = new Map<number, unknown>();
  readonly #refused = new Set<number>();

  constructor(private readonly options: ShadowScoringOptions) {}

  /** @returns whether there may be more to score at once */
  async step(): Promise<boolean> {
    const { pool, kind, streams } = this.options;
    let more = false;
    const shadows = await listShadows(pool, { kind: kind.name });
    for (const id of this.#loaded.keys())
      if (!shadows.some(({ versionId }) => versionId === id)) this.#loaded.delete(id);
    for (const shadow of shadows) {
      if (streams.includes(parseModelKey(shadow.modelKey).stream)) more = (await this.#score(shadow)) || more;
    }
    return more;
  }

  async #score(shadow: Shadow): Promise<boolean> {
    const { pool, kind } = this.options;
    const model = await this.#load(shadow);
    if (model === null) return false;
    const { stream } = parseModelKey(shadow.modelKey);
    const of = { stream, kind: kind.name, versionId: shadow.versionId };
    const backlog = await shadowBacklog(pool, shadow, of);
    if (backlog === null) return false;
    const { first: from, last } = backlog;
    const until = Math.min(last + 1, from + MINUTES_A_STEP);
    const block = await featureBlock(pool, stream, from - kind.context, until);
    const first = block.minutes.findIndex((minute) => minute >= from);
    if (first < 0) return false;
    const { score } = await kind.score(model, block, first);
    const threshold = kind.threshold(model);
    const rows = Array.from(score, (value, index) => ({
      minute: block.minutes[first + index]!,
      score: value,
      anomalous: value > threshold,
    })).filter((row) => Number.isFinite(row.score));
    await insertShadowScores(pool, of, rows);
    return rows.length > 0 && until <= last;
  }

  /** Null for a version that cannot be loaded, which is logged once: without scores it is rejected in the end. */
  async #load({ modelKey, versionId, version }: Shadow): Promise<unknown> {
    const { pool, kind, logger } = this.options;
    if (this.#refused.has(versionId)) return null;
    if (!this.#loaded.has(versionId)) {
      try {
        this.#loaded.set(versionId, (await loadVersion(pool, modelKey, versionId, kind)).model);
      } catch (error) {
        if (!(error instanceof BadArtifact)) throw error;
        this.#refused.add(versionId);
        logger.error({ model: modelKey, version, error: error.message }, 'cannot load the version that shadows');
        return null;
      }
    }
    return this.#loaded.get(versionId);
  }
}
