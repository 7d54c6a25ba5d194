import { cpus } from 'node:os';
import { kindOf } from '../src/models/kinds.js';
import { ManyModels } from '../test/retraining/manyModels.js';
import { startRedis } from '../test/support/redis.js';
import type { Bench, BenchResult } from './result.js';

const WORKERS = [1, 2, 4];
const PROGRESS_MILLISECONDS = 10_000;
/** A run takes as long as the machine and its load require: only one in which no model is published is an error. */
const STUCK_MILLISECONDS = 300_000;
const LONGEST_SECONDS = 4 * 3_600;

/** Seconds that all cores together were not idle, since the machine's start. */
const busySeconds = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;

/** Seconds from the moment when all models are asked for to the last publish, with trainers that are up. */
async function storm(
  workers: number,
  streams: number,
  redisUrl?: string,
): Promise<{ seconds: number; coresBusy: number; mostAtOnce: number; shares: number[] }> {
  const many = await ManyModels.open({
    kinds: [kindOf('heuristic'), kindOf('isolation_forest')],
    streams,
    minutes: 1_500,
    redisUrl,
    queuePrefix: `bench-${workers}`,
    retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0 },
  });
  try {
    await many.allDrift();
    const began = performance.now();
    const busyBefore = busySeconds();
    await many.startTrainers(workers);
    let [done, moved, said] = [0, began, began];
    await many.until('all models', LONGEST_SECONDS, async () => {
      const published = await many.published();
      if (published > done) moved = performance.now();
      done = published;
      if (performance.now() - moved > STUCK_MILLISECONDS) {
        throw new Error(
          `no model was retrained for ${STUCK_MILLISECONDS / 1000} s, ${done} of ${many.keys.length} before`,
        );
      }
      if (performance.now() - said > PROGRESS_MILLISECONDS) {
        said = performance.now();
        console.error(
          `many-models: ${done} of ${many.keys.length} retrained by ${workers} after ${Math.round((said - began) / 1000)} s`,
        );
      }
      return done === many.keys.length;
    });
    const seconds = (performance.now() - began) / 1000;
    const coresBusy = (busySeconds() - busyBefore) / seconds;
    const { notOnce, mostAtOnce, byWorker } = await many.outcome();
    if (notOnce.length > 0) throw new Error(`not retrained exactly once: ${notOnce.join(' ')}`);
    return { seconds, coresBusy, mostAtOnce, shares: byWorker };
  } finally {
    await many.close();
  }
}

/**
 * 300 models, a heuristic and an isolation forest for each of 150 streams, all asked for at once, and one, two or four
 * trainers as processes; then four with the queues on Redis. Their start (some 2 s) is in the time.
 */
export const bench: Bench = {
  name: 'many-models',
  onTestServer: true,
  async run({ quick = false }): Promise<BenchResult[]> {
    const streams = quick ? 15 : 150;
    const results: BenchResult[] = [];
    let one: number | null = null;
    const redis = await startRedis();
    const storms = WORKERS.map((workers) => ({ workers, redisUrl: undefined as string | undefined }));
    if (redis !== null) storms.push({ workers: WORKERS.at(-1)!, redisUrl: redis.url });
    for (const { workers, redisUrl } of storms) {
      const { seconds, coresBusy, mostAtOnce, shares } = await storm(workers, streams, redisUrl);
      one ??= seconds;
      results.push({
        what: `${2 * streams} models retrained once each by ${workers} trainer${workers > 1 ? 's' : ''}${redisUrl === undefined ? '' : ', queues on Redis'} (models a trainer: ${shares.join(', ')}; at most ${mostAtOnce} at once; ${coresBusy.toFixed(2)} of ${cpus().length} cores busy)`,
        ours: seconds,
        yardstick: one,
        yardstick_name: 'one trainer',
        unit: 's',
        ratio: one / seconds,
        goal: workers === 2 ? 'nearly half of one' : '',
      });
    }
    await redis?.stop();
    return results;
  },
};
