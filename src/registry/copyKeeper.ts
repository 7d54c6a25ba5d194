import type { Pool } from 'pg';
import { BadArtifact } from '../models/model.js';
import { type ModelVersion, storedVersions } from '../storage/modelVersions.js';
import { healVersionFiles } from './artifactFiles.js';

/** Versions of one look; the next one goes on behind them, and begins anew after the last. */
const MOST_A_LOOK = 20;

export interface CopyKeeperOptions {
  pool: Pool;
  /** Root of the copies; null: only what is in the database is looked at. */
  root: string | null;
  log: { warn(context: object, message: string): void };
  /** Hears of each version that is damaged in the database, at each look, until it is whole, replaced or pruned. */
  rounds: { failed(what: string, error: unknown): void; went(what: string): void };
}

/**
 * Keeps copies of versions on disk as the database has them, and finds versions that are damaged in the database itself:
 * a detector that has one in memory would notice only when it starts afresh.
 */
export class CopyKeeper {
  #after = 0;
  #damaged = new Map<number, string>();

  constructor(private readonly options: CopyKeeperOptions) {}

  /**
   * Looks at the next few versions.
   * @returns how many copies were written anew
   * @throws the disk's error when a copy cannot be written, after all others have been looked at
   */
  async look(): Promise<number> {
    const { pool } = this.options;
    const next = await storedVersions(pool, { after: this.#after, limit: MOST_A_LOOK });
    this.#after = next.length < MOST_A_LOOK ? 0 : next.at(-1)!.id;
    const again = [...this.#damaged.keys()].filter((id) => next.every((version) => version.id !== id));
    const known = again.length === 0 ? [] : await storedVersions(pool, { ids: again });
    const faults: Error[] = [];
    const before = this.#damaged;
    this.#damaged = new Map();
    let healed = 0;
    for (const version of [...next, ...known]) {
      try {
        if (await this.#keep(version)) healed += 1;
      } catch (error) {
        faults.push(error as Error);
      }
    }
    for (const [id, what] of before) if (!this.#damaged.has(id)) this.options.rounds.went(what);
    if (faults.length > 0) throw new AggregateError(faults, faults[0]!.message);
    return healed;
  }

  /** @returns whether its copy was written anew */
  async #keep(version: ModelVersion & { active: boolean }): Promise<boolean> {
    const { pool, root, log, rounds } = this.options;
    const { modelKey, version: number } = version;
    try {
      if (!(await healVersionFiles(pool, root, version))) return false;
      log.warn({ model: modelKey, version: number }, 'a copy was missing or damaged: written anew');
      return true;
    } catch (error) {
      if (!(error instanceof BadArtifact)) throw error;
      const what = `${version.active ? 'active ' : ''}version ${number} of ${modelKey}`;
      this.#damaged.set(version.id, what);
      rounds.failed(what, error);
      return false;
    }
  }
}
