import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kindOf } from '../../src/models/kinds.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { ManyModels } from './manyModels.js';

/**
 * Enough that every trainer has a queue behind it for the whole storm. `npm run bench -- many-models` retrains 300 on
 * either store, and fails when one is not retrained exactly once.
 */
const MODELS = { redis: 24, postgres: 24 };
const TRAINERS = 4;
const LIMIT = 3;

let redis: TestRedis | null = null;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

describe.each(['postgres', 'redis'] as const)('many models that drift in one hour, with the queues on %s', (kind) => {
  const models = MODELS[kind];
  const skipped = () => kind === 'redis' && redis === null;
  let many: ManyModels;
  beforeAll(async () => {
    if (skipped()) return;
    many = await ManyModels.open({
      kinds: [kindOf('heuristic')],
      streams: models + 2,
      minutes: 400,
      redisUrl: kind === 'redis' ? redis!.url : undefined,
      queuePrefix: `many-${kind}`,
      retraining: {
        trainingDays: 0.25,
        heldBackMinutes: 120,
        jitterSeconds: 2,
        concurrency: LIMIT,
        leaseSeconds: 20,
      },
    });
  }, 120_000);
  afterAll(() => many?.close(), 60_000);

  test('are each retrained once by four trainers; the limit holds, and a person does not wait for the storm', async () => {
    if (skipped()) return;
    const drifting = many.keys.slice(0, models);
    const byHand = many.keys.slice(models);
    await many.startTrainers(TRAINERS);
    expect(await many.allDrift(drifting)).toBe(models);
    await many.until('the storm to begin', 60, async () => (await many.published()) >= models / 8);
    // The next hour's check, while the storm goes on: nothing is asked for twice.
    await many.allDrift(drifting.slice(0, models / 2));
    const overtaken: number[] = [];
    for (const key of byHand) overtaken.push(await many.byHand(key));
    expect(await many.published(drifting)).toBeLessThan(models);
    let most = 0;
    await many.until('all models', 800, async () => {
      most = Math.max(most, await many.training());
      return (await many.published(drifting)) === models;
    });
    // And the one after it: all of them cool down.
    expect(await many.allDrift(drifting)).toBe(0);
    await many.stopTrainers();

    const outcome = await many.outcome();
    expect(outcome.notOnce).toEqual([]);
    expect(outcome.mostAtOnce).toBeLessThanOrEqual(LIMIT);
    expect(most).toBeLessThanOrEqual(LIMIT);
    expect(outcome.byWorker).toHaveLength(TRAINERS);
    // Those that were training when it was asked for, and a few that its turn took.
    for (const others of overtaken) expect(others).toBeLessThanOrEqual(5 * LIMIT);
  }, 1_000_000);
});
