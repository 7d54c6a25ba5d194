import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type RetrainPayload, removeStrayKeys, reviveRetrain } from '../../queues/retrain.js';
import type { ModelKey } from '../models/model.js';
import { type PendingRun, pendingRuns } from '../storage/pendingRuns.js';
import { eachAlone } from './eachAlone.js';
import { endFailedRun } from './failure.js';

/** A run this young is on its way into the queue, or its end is being written. */
const SETTLED_SECONDS = 2;
/** Longer than any wait between two attempts, or between a job's end and the history's. */
const ABANDONED_SECONDS = 20;

export interface ReconcilerOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  modelKeys: readonly ModelKey[];
  /** Failed jobs in a row after which a model is a dead letter. */
  attempts: number;
  logger: Logger;
}

/**
 * Makes the queue agree with the history of retrainings, which is the truth: lost jobs come back, runs whose job ended
 * without a word (its trainer was killed) are ended, and deduplication keys of jobs that are gone are removed. Any
 * number of processes may do so at once.
 */
export class RetrainReconciler {
  constructor(private readonly options: ReconcilerOptions) {}

  async reconcile(): Promise<{ revived: number; ended: number }> {
    const { pool, queue, modelKeys, attempts, logger } = this.options;
    const done = { revived: 0, ended: 0 };
    const bringBack = async (pending: PendingRun) => {
      if (pending.age < SETTLED_SECONDS) return;
      const revival = await reviveRetrain(queue, pending);
      if (revival === 'revived') {
        done.revived += 1;
        logger.warn(
          { model: pending.modelKey, run: pending.run },
          `the queue had lost a retraining of ${pending.modelKey}`,
        );
      }
      const isOver = revival === 'ended' || (revival === 'hindered' && pending.payload === null);
      if (!isOver || pending.age < ABANDONED_SECONDS) return;
      const why = revival === 'ended' ? 'its trainer was killed in the last attempt' : 'its job is gone from the queue';
      if ((await endFailedRun(pool, pending, why, attempts)).ended) {
        done.ended += 1;
        logger.warn(
          { model: pending.modelKey, run: pending.run },
          `a retraining of ${pending.modelKey} failed: ${why}`,
        );
      }
    };
    try {
      await eachAlone(await pendingRuns(pool), ({ run, modelKey }) => `${modelKey} run ${run}`, bringBack);
    } finally {
      await removeStrayKeys(queue, modelKeys);
    }
    return done;
  }
}
