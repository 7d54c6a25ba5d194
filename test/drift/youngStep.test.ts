import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { openRetrainQueue } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import type { ModelKind } from '../../src/models/model.js';
import { DRIFT_MONITOR, DriftMonitor } from '../../src/retraining/driftMonitor.js';
import { writeCursor } from '../../src/storage/cursors.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { meanKind } from './meanKind.js';
import { START, scoreLive, writeFeatures } from './seededStream.js';
import { DAY, serveStream } from './servedStream.js';

let database: TestDatabase;
let store: QueueStore;
let directory: string;
beforeAll(async () => {
  database = await openTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'routewarden-young-'));
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'young' }, () => {});
  await store.prepare();
});
afterAll(async () => {
  await store?.close();
  await database?.close();
  await rm(directory, { recursive: true, force: true });
});

test('a drift is not retrained for within hours of a further step, and then once there is enough of that', async () => {
  const { pool } = database;
  const key = await serveStream(pool, 'stepped', 1.4);
  const until = START + 10 * DAY;
  await writeFeatures(pool, 'stepped', until, until + 300, { seed: 3, factor: 6 });
  await scoreLive(pool, key, meanKind() as ModelKind<unknown>, until, until + 300);
  const settings = settingsSchema.parse({
    artifactDirectory: directory,
    streams: [{ name: 'stepped' }],
    retraining: { coolDownMinutes: 0, trainingDays: 30 },
  });
  const queue = openRetrainQueue(store);
  const monitor = new DriftMonitor({ pool, queue, settings, logger: pino({ level: 'silent' }) });
  const asked = async () => {
    const { rows } = await pool.query(`SELECT 1 FROM retrain_runs WHERE model_key = $1 AND state = 'queued'`, [key]);
    return rows.length;
  };
  await writeCursor(pool, DRIFT_MONITOR, 'stepped', until + 180);
  // Hours 4 and 5 of the new level: both find the drift of the days before it.
  expect(await monitor.check()).toMatchObject({ drifted: 2, requested: 0 });
  expect(await asked()).toBe(0);
  await writeFeatures(pool, 'stepped', until + 300, until + 360, { seed: 4, factor: 6 });
  await scoreLive(pool, key, meanKind() as ModelKind<unknown>, until + 300, until + 360);
  expect(await monitor.check()).toMatchObject({ drifted: 1, requested: 1 });
  expect(await asked()).toBe(1);
});
