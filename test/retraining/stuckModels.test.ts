import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { modelActs } from '../../src/acts/models.js';
import { minuteText } from '../../src/cli/output.js';
import { modelStuck } from '../../src/incidents/alerts/watches/modelStuck.js';
import type { ModelKey } from '../../src/models/model.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { appendRetrainState, type RetrainState } from '../../src/storage/retrainRuns.js';
import { stuckModels } from '../../src/storage/stuckModels.js';
import { START } from '../drift/seededStream.js';
import { DAY, serveStream } from '../drift/servedStream.js';
import { routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const RATE = 0.2;
const settings = retrainingSettings.parse({ trainingDays: 5, jitterSeconds: 0 });
let database: TestDatabase;
let store: QueueStore;
let queue: Queue<RetrainPayload>;
let loud: ModelKey;
let calm: ModelKey;

beforeAll(async () => {
  database = await openTestDatabase();
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'stuck' }, () => {});
  await store.prepare();
  queue = openRetrainQueue(store);
  // The level rises after eight days, so the version of those flags most minutes since; the other stream stays as it was.
  loud = await serveStream(database.pool, 'loud', 1.4);
  calm = await serveStream(database.pool, 'calm', 1);
  for (const name of ['loud', 'calm'])
    await database.pool.query(
      `INSERT INTO streams (name, source) VALUES ($1, '{"kind": "simulated"}') ON CONFLICT DO NOTHING`,
      [name],
    );
}, 180_000);
afterAll(async () => {
  await store?.close();
  await database?.close();
});
beforeEach(async () => {
  await queue.obliterate({ force: true });
  await database.pool.query(`DELETE FROM retrain_runs WHERE run NOT LIKE 'first %'; TRUNCATE refusal_answers, audit`);
});

let runs = 0;
const ended = (modelKey: ModelKey, state: RetrainState) =>
  appendRetrainState(database.pool, {
    run: `run ${++runs}`,
    modelKey,
    state,
    detail: { version: 2, watermark: START + 10 * DAY - 1, reasons: ['it is deaf'] },
  });
const stuck = () => stuckModels(database.pool, RATE);

test('one that is held, or rejected twice, is stuck while its serving version flags too much', async () => {
  expect(await stuck()).toEqual([]);
  await ended(loud, 'rejected');
  expect(await stuck()).toEqual([]);
  await ended(loud, 'rejected');
  const [found, ...others] = await stuck();
  expect(others).toEqual([]);
  expect(found).toMatchObject({ modelKey: loud, state: 'rejected', version: 2, champion: 1, reasons: ['it is deaf'] });
  expect(found!.flagged).toBeGreaterThan(RATE);
  // The change came after eight days.
  expect(Math.abs(found!.since - (START + 8 * DAY))).toBeLessThanOrEqual(6 * 60);
  await ended(loud, 'published');
  expect(await stuck()).toEqual([]);
  await ended(loud, 'held');
  expect(await stuck()).toMatchObject([{ state: 'held' }]);
});

test('a calm serving version is no emergency, whatever was held', async () => {
  await ended(calm, 'held');
  expect(await stuck()).toEqual([]);
});

test('there is one alert until somebody decides', async () => {
  await ended(loud, 'held');
  const watch = modelStuck(RATE);
  const seen = await watch.look({ pool: database.pool, steadySeconds: 1_000 });
  expect(seen?.troubles).toMatchObject([{ request: { kind: 'model stuck', severity: 'major', stream: 'loud' } }]);
  const actions = modelActs({ pool: database.pool, queue, settings });
  await actions.keep(loud, { actor: 'alice', reason: 'a storm' });
  expect((await watch.look({ pool: database.pool, steadySeconds: 1_000 }))?.troubles).toEqual([]);
  const { rows } = await database.pool.query('SELECT actor, action, target FROM audit');
  expect(rows).toEqual([{ actor: 'alice', action: 'keep version', target: `${loud} 1` }]);
  // A later refusal asks anew.
  await ended(loud, 'held');
  expect(await stuck()).toHaveLength(1);
});

test('status says since when, and what to do', async () => {
  await ended(loud, 'held');
  const said = await routewarden(['status'], { DATABASE_URL: database.url });
  expect(said.code).toBe(0);
  const [line] = await stuck();
  expect(said.stdout).toContain(
    `${loud} needs a decision: version 2 was held, and version 1 has flagged too much since ${minuteText(line!.since)}`,
  );
  expect(said.stdout).toContain('accept 2, keep 1, or retrain without these days: on the page of the model');
  expect(said.stdout).toContain(
    `let it serve: \`routewarden accept ${loud} 2\`; train anew: \`routewarden retrain ${loud}\``,
  );
}, 60_000);

test('retrained without these days, its window ends where the trouble began', async () => {
  await ended(loud, 'held');
  const [{ since } = { since: 0 }] = await stuck();
  await modelActs({ pool: database.pool, queue, settings }).retrainWithout(loud, { actor: 'alice', reason: 'a storm' });
  const [job] = await queue.getJobs(['waiting', 'delayed', 'prioritized']);
  expect(job!.data).toMatchObject({
    modelKey: loud,
    trigger: { kind: 'manual', actor: 'alice' },
    window: { from: since - 5 * DAY, until: since },
  });
  await expect(
    modelActs({ pool: database.pool, queue, settings }).retrainWithout(calm, { actor: 'alice', reason: 'a storm' }),
  ).rejects.toThrow('no longer waits for a decision');
});
