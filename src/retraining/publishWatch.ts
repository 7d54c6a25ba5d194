import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { lateActivations } from '../storage/activationOrder.js';
import { watermark } from '../storage/activations.js';
import { notify } from '../storage/notifications.js';
import { eachAlone } from './eachAlone.js';
import type { RetrainingSettings } from './settings.js';
import type { ModelKinds } from './trainingRun.js';
import { watchPublished } from './watch.js';

export interface PublishWatchOptions {
  pool: Pool;
  settings: RetrainingSettings;
  kinds: ModelKinds;
  logger: Logger;
}

/**
 * Looks after all versions that were published lately. Its moves are activations like any other, which the alerter
 * shows as rollbacks.
 */
export class PublishWatch {
  constructor(private readonly options: PublishWatchOptions) {}

  /**
   * One look at every model in its watch period. @returns how many were rolled back
   * @throws Error that names each model that could not be judged, after all others
   */
  async look(): Promise<number> {
    const { pool, settings, kinds, logger } = this.options;
    let rolledBack = 0;
    const late = await lateActivations(pool, settings.watchMinutes);
    const judge = async (key: ModelKey) => {
      const { kind, stream } = parseModelKey(key);
      const now = await watermark(pool, kind, stream);
      if (now === null) return;
      const outcome = await watchPublished(pool, key, now, settings, kinds);
      if (outcome.state !== 'rolled back') return;
      rolledBack += 1;
      logger.error(
        { model: key, from: outcome.from, to: outcome.to },
        `${key} was rolled back from version ${outcome.from} to ${outcome.to}: ${outcome.reason}`,
      );
      await notify(pool, 'activations', stream);
    };
    await eachAlone(late, (key) => key, judge);
    return rolledBack;
  }
}
