import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { openRetrainQueue } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import { DriftMonitor } from '../../src/retraining/driftMonitor.js';
import { registerStream } from '../../src/storage/streams.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { START, writeFeatures } from './seededStream.js';
import { serveStream } from './servedStream.js';

const DAY = 1440;
let database: TestDatabase;
let store: QueueStore;
beforeAll(async () => {
  database = await openTestDatabase();
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'first' }, () => {});
  await store.prepare();
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});

test('first versions are asked for as soon as a window is whole, once, and not of models that serve', async () => {
  const served = await serveStream(database.pool, 'served', 1);
  await registerStream(database.pool, 'replayed', {});
  await writeFeatures(database.pool, 'replayed', START, START + DAY - 1, { seed: 1 });
  const settings = settingsSchema.parse({
    streams: [{ name: 'served' }, { name: 'replayed' }, { name: 'empty' }],
    retraining: { trainingDays: 1 },
  });
  const monitor = new DriftMonitor({
    pool: database.pool,
    queue: openRetrainQueue(store),
    settings,
    logger: pino({ level: 'silent' }),
  });
  const asked = async () => {
    const { rows } = await database.pool.query<{ model_key: string; kind: string }>(
      `SELECT model_key, detail->'trigger'->>'kind' AS kind FROM retrain_runs WHERE state = 'queued' ORDER BY model_key`,
    );
    return rows;
  };
  await monitor.askForFirst();
  expect((await asked()).map(({ model_key }) => model_key)).not.toContain('lstm@replayed');
  await writeFeatures(database.pool, 'replayed', START + DAY - 1, START + DAY, { seed: 1 });
  await monitor.askForFirst();
  await monitor.askForFirst();
  const rows = await asked();
  expect(rows.filter(({ model_key }) => model_key.endsWith('@replayed'))).toEqual(
    ['heuristic', 'isolation_forest', 'lstm'].map((kind) => ({ model_key: `${kind}@replayed`, kind: 'first' })),
  );
  expect(rows.map(({ model_key }) => model_key)).not.toContain(served);
  expect(rows.some(({ model_key }) => model_key.endsWith('@empty'))).toBe(false);
});
