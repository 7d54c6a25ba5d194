import { afterAll, beforeAll } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.js';
import { RunningSystem } from '../support/runningSystem.js';
import { describeOnThePage, HIJACK } from './onThePage.js';
import { describeRetraining } from './retraining.js';

/**
 * The gate and the watch after a publish have tests of their own; here a version only has to come through, and to stay.
 * An hour of shorter paths in this world is new to a forest that knows one day, and a strict gate would be right to
 * refuse what is trained around it. The watch rolled a version back while its activations were counted.
 */
const LENIENT = {
  maximumAnomalyRate: 0.9,
  championMargin: 0.9,
  examMargin: 0.9,
  leastServedRecall: 0.1,
  watchRate: 1,
};

let redis: TestRedis | null = null;
/** One for all of it: its history is played and learnt once. */
let running: RunningSystem;
beforeAll(async () => {
  redis = await startRedis();
  running = await RunningSystem.start({
    retraining: { leaseSeconds: 4, ...LENIENT },
    incidents: [{ class: 'hijack', hijack: 'origin', magnitude: 0.7, ...HIJACK }],
    patience: 700_000,
  });
}, 60_000);
afterAll(async () => {
  await running?.stop();
  await redis?.stop();
}, 60_000);

describeOnThePage(() => running);
describeRetraining(
  () => running,
  () => redis,
);
