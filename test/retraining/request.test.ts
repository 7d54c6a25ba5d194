import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { requestRetrain } from '../../src/retraining/request.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { appendRetrainState } from '../../src/storage/retrainRuns.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const settings = retrainingSettings.parse({ jitterSeconds: 0 });
const modelKey = 'heuristic@s1';
let database: TestDatabase;
let store: QueueStore;
let queue: Queue<RetrainPayload>;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.pool.query(`INSERT INTO streams (name) VALUES ('s1')`);
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'request' }, () => {});
  await store.prepare();
  queue = openRetrainQueue(store);
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});
beforeEach(async () => {
  await queue.obliterate({ force: true });
  await database.pool.query('DELETE FROM retrain_runs');
});

/** The pool of somebody who is held up between two looks: another run of the model is published in between. */
function heldUp(): Pool {
  let published = false;
  return new Proxy(database.pool, {
    get(pool, name) {
      if (name !== 'query') return Reflect.get(pool, name, pool);
      return async (text: string, values: unknown[]) => {
        if (!published && text.includes('DISTINCT ON (run)')) {
          published = true;
          const run = { run: 'other', modelKey, jobId: '1', detail: { watermark: 0 } } as const;
          await appendRetrainState(pool, { ...run, state: 'published' });
        }
        return pool.query(text, values);
      };
    },
  });
}

test('a run that is published while another is asked for is not followed by the same again', async () => {
  const drift: RetrainPayload = { modelKey, trigger: { kind: 'drift', reportId: 1 }, seed: 2 };
  expect(await requestRetrain(heldUp(), queue, drift, settings)).toEqual({
    admitted: false,
    reason: 'a retraining of it has ended meanwhile',
  });
  expect(await queue.getJobCountByTypes('waiting', 'delayed', 'prioritized')).toBe(0);
  await database.pool.query('DELETE FROM retrain_runs');
  expect(await requestRetrain(database.pool, queue, drift, settings)).toMatchObject({ admitted: true });
});

test('a person who asks gets a run of his own, whatever ended meanwhile', async () => {
  const manual: RetrainPayload = { modelKey, trigger: { kind: 'manual', actor: 'ada' }, seed: 2 };
  expect(await requestRetrain(heldUp(), queue, manual, settings)).toMatchObject({ admitted: true });
});
