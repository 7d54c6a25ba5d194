import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { parseModelKey } from '../models/modelKey.js';
import { writeVersionFiles } from '../registry/artifactFiles.js';
import { backUp } from '../registry/backups.js';
import { rejectShadow, takeOver } from '../registry/shadow.js';
import { notify } from '../storage/notifications.js';
import { compareShadow, listShadows, type Shadow } from '../storage/shadows.js';
import { eachAlone } from './eachAlone.js';
import type { RetrainingSettings } from './settings.js';
import { judgeShadow } from './shadow.js';

const ACTOR = 'shadow watch';

export interface ShadowWatchOptions {
  pool: Pool;
  settings: RetrainingSettings;
  /** Root of the artifact copies. */
  artifactDirectory: string | null;
  logger: Logger;
}

/** Lets versions that have scored beside the serving ones for long enough take over, or rejects them. */
export class ShadowWatch {
  constructor(private readonly options: ShadowWatchOptions) {}

  /** One look at every shadow. @returns how many ended */
  async look(): Promise<number> {
    let ended = 0;
    await eachAlone(
      await listShadows(this.options.pool),
      ({ modelKey }) => modelKey,
      async (shadow) => {
        if (await this.#judge(shadow)) ended += 1;
      },
    );
    return ended;
  }

  async #judge(shadow: Shadow): Promise<boolean> {
    const { pool, settings, logger } = this.options;
    const comparison = await compareShadow(pool, shadow);
    const { state, reason } = judgeShadow(shadow.minutes, comparison, settings);
    if (state === 'waiting') return false;
    const { modelKey, version } = shadow;
    const end = { reason, actor: ACTOR, detail: { shadow: comparison } };
    if (state === 'rejected') {
      const rejected = await rejectShadow(pool, shadow, end);
      if (rejected)
        logger.warn({ model: modelKey, version }, `${modelKey} version ${version} does not take over: ${reason}`);
      return rejected;
    }
    const taken = await takeOver(pool, shadow, end);
    if (taken.state === 'rejected')
      logger.warn({ model: modelKey, version }, `${modelKey} version ${version} does not take over: ${taken.reason}`);
    if (taken.state !== 'published') return taken.state === 'rejected';
    logger.info({ model: modelKey, version }, `${modelKey} version ${version} takes over: ${reason}`);
    await notify(pool, 'activations', parseModelKey(modelKey).stream);
    await this.#copy(taken);
    return true;
  }

  async #copy({ version, replaced }: Extract<Awaited<ReturnType<typeof takeOver>>, { state: 'published' }>) {
    const { pool, artifactDirectory, logger } = this.options;
    if (artifactDirectory === null) return;
    try {
      await writeVersionFiles(pool, artifactDirectory, version);
      await backUp(pool, artifactDirectory, { version: replaced, by: version.version, at: new Date() });
    } catch (error) {
      logger.warn({ model: version.modelKey, error: (error as Error).message }, 'copying a version to disk');
    }
  }
}
