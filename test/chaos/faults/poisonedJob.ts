import { setTimeout as sleep } from 'node:timers/promises';
import type { JobsOptions } from 'bullmq';
import type { RetrainPayload } from '../../../queues/retrain.js';
import { STREAM } from '../subject.js';
import type { Fault } from './fault.js';

/** What somebody could write into the queue by hand, past every form. */
const POISONS: { data: unknown; options: JobsOptions }[] = [
  { data: { modelKey: 'lstn@chaos', trigger: { kind: 'manual', actor: 'x' } }, options: {} },
  { data: { modelKey: `lstm@${STREAM}s`, trigger: { kind: 'manual', actor: 'x' } }, options: { attempts: 1e9 } },
  { data: null, options: { attempts: 50, backoff: { type: 'fixed', delay: 1 } } },
  { data: [{ modelKey: `lstm@${STREAM}` }], options: {} },
  { data: { modelKey: `lstm@${STREAM}`, trigger: { kind: 'no such' } }, options: { attempts: 1e6 } },
];
/** Behind a training in the queue's only worker, which faults may have cut down before. */
const LONGEST_WAIT_MILLISECONDS = 240_000;

export const poisonedJob: Fault = {
  name: 'a poisoned queue job',
  hindrance: () => null,
  async strike({ retrainQueue, pool }, random) {
    const { data, options } = random.pick(POISONS);
    const job = await retrainQueue.add('retrain', data as RetrainPayload, { ...options, priority: 1 });
    const until = Date.now() + LONGEST_WAIT_MILLISECONDS;
    for (;;) {
      // A flush of Redis takes it along, which is as good as an end.
      const state = await retrainQueue.getJobState(job.id!).catch(() => 'unknown' as const);
      if (state === 'failed' || state === 'unknown') break;
      if (state === 'completed') throw new Error(`a job with ${JSON.stringify(data)} was completed`);
      if (Date.now() > until) throw new Error(`a job with ${JSON.stringify(data)} is ${state} for ever`);
      await sleep(200);
    }
    await job.remove().catch(() => undefined); // it is gone
    const { rows } = await pool.query(
      `SELECT model_key FROM dead_letters WHERE model_key <> ALL ($1)
       UNION ALL SELECT model_key FROM retrain_runs WHERE model_key <> ALL ($1)`,
      [['heuristic', 'isolation_forest', 'lstm'].map((kind) => `${kind}@${STREAM}`)],
    );
    if (rows.length > 0) throw new Error(`an unknown model reached the tables: ${JSON.stringify(rows[0])}`);
    return [];
  },
};
