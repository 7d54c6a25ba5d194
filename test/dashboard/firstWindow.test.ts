import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { overviewOf } from '../../src/dashboard/overview.js';
import { readDashboardSettings } from '../../src/dashboard/settings.js';
import { registerStream } from '../../src/storage/streams.js';
import { START, writeFeatures } from '../drift/seededStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await registerStream(database.pool, 'short', {});
  // An hour of it is a gap: the first training waits for the time, not for whole minutes.
  const gaps = (minute: number) => minute < START + 120 && minute >= START + 60;
  await writeFeatures(database.pool, 'short', START, START + 2 * 1440, { seed: 1, gaps });
});
afterAll(() => database.close());

const look = (trainingDays: number, stream = 'short') =>
  overviewOf(
    {
      pool: database.pool,
      settings: readDashboardSettings({ live: false }),
      budget: 6,
      replayed: [],
      watchRate: 0.2,
      trainingDays,
    },
    stream,
    START * 60_000,
  );

test('the first window is that of the training', async () => {
  expect((await look(4)).collected).toEqual({ minutes: 2 * 1440, needed: 4 * 1440 });
  expect((await look(2)).collected).toEqual({ minutes: 2 * 1440, needed: 2 * 1440 });
});

test('a window that a backfill fills from its far end is not whole before it is filled', async () => {
  await registerStream(database.pool, 'filling', {});
  await writeFeatures(database.pool, 'filling', START + 2 * 1440 - 60, START + 2 * 1440, { seed: 1 });
  await writeFeatures(database.pool, 'filling', START, START + 300, { seed: 1 });
  expect((await look(2, 'filling')).collected).toEqual({ minutes: 360, needed: 2 * 1440 });
  await writeFeatures(database.pool, 'filling', START + 300, START + 2 * 1440 - 60, { seed: 1 });
  expect((await look(2, 'filling')).collected).toEqual({ minutes: 2 * 1440, needed: 2 * 1440 });
});

test('a model whose first version was refused says so, and not that it waits for a window', async () => {
  expect((await look(2)).models.map(({ refused }) => refused)).toEqual([null, null, null]);
  await database.pool.query(
    `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
       format, code_version, metrics, fencing_token)
     VALUES ('lstm@short', 'lstm', 'short', 1, 'rejected', now(), now(), 1, 1, 1, 1, '1', '{}', 1)`,
  );
  expect((await look(2)).models.find(({ key }) => key === 'lstm@short')).toMatchObject({
    version: null,
    refused: { version: 1, state: 'rejected' },
  });
});
