import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Queue, UnrecoverableError } from 'bullmq';
import { pino } from 'pino';
import { openRetrainQueue, type RetrainPayload, runOf } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import { requestRetrain } from '../../src/retraining/request.js';
import { RetrainReconciler } from '../../src/retraining/retrainReconciler.js';
import { endRun, pendingRuns } from '../../src/storage/pendingRuns.js';
import { appendRetrainState } from '../../src/storage/retrainRuns.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const KEY = 'lstm@rrc00';
const PAYLOAD: RetrainPayload = {
  modelKey: KEY,
  trigger: { kind: 'manual', actor: 'test' },
  seed: 5,
  window: { from: 10, until: 20 },
};
const settings = settingsSchema.parse({}).retraining;

let database: TestDatabase;
let store: QueueStore;
let queue: Queue<RetrainPayload>;
let reconciler: RetrainReconciler;

beforeAll(async () => {
  database = await openTestDatabase();
  const databaseUrl = database.url;
  store = new QueueStore({ databaseUrl, queuePrefix: 'test' }, () => {});
  await store.prepare();
  queue = openRetrainQueue(store);
  reconciler = new RetrainReconciler({
    pool: database.pool,
    queue,
    modelKeys: [KEY],
    attempts: settings.attempts,
    logger: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await store?.close();
  await database?.close();
});
beforeEach(async () => {
  await queue.obliterate({ force: true });
  await database.pool.query('TRUNCATE retrain_runs');
});

async function waitFor(reached: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await reached()); tries += 1) {
    if (tries > 400) throw new Error('waited in vain');
    await new Promise((done) => setTimeout(done, 25));
  }
}

const settle = (seconds: number) =>
  database.pool.query('UPDATE retrain_runs SET at = at - make_interval(secs => $1)', [seconds]);

test('a first training is not asked for twice by who looked before the version was there', async () => {
  const first: RetrainPayload = { modelKey: KEY, trigger: { kind: 'first' }, seed: 5 };
  await database.pool.query(
    `WITH v AS (INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed,
       threshold, format, code_version, fencing_token)
       VALUES ($1, 'lstm', 'rrc00', 1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1) RETURNING id)
     INSERT INTO activations (model_key, version_id, from_minute, reason) SELECT $1, id, now(), 'x' FROM v`,
    [KEY],
  );
  expect(await requestRetrain(database.pool, queue, first, settings)).toMatchObject({ admitted: false });
  expect(await queue.count()).toBe(0);
  await database.pool.query('TRUNCATE model_versions, activations CASCADE');
  expect(await requestRetrain(database.pool, queue, first, settings)).toMatchObject({ admitted: true });
});

test('a retraining that a clock a day ahead has put off is tried as soon as it is overdue', async () => {
  await requestRetrain(database.pool, queue, PAYLOAD, settings);
  const real = Date.now;
  let tries = 0;
  const worker = store.worker(
    'retrain',
    async () => {
      tries += 1;
      if (tries === 1) throw new Error('its database was away');
      return 'trained';
    },
    {},
  );
  try {
    Date.now = () => real() + 86_400_000;
    await waitFor(async () => tries === 1 && (await queue.getDelayedCount()) === 1);
    Date.now = real;
    await reconciler.reconcile();
    await new Promise((done) => setTimeout(done, 3_000));
    expect(await queue.getDelayedCount()).toBe(1);
    await settle(90);
    await reconciler.reconcile();
    await waitFor(async () => (await queue.getCompletedCount()) === 1);
    expect(tries).toBe(2);
  } finally {
    Date.now = real;
    await worker.close();
  }
});

describe('retrainings that the queue store lost', () => {
  test('do not come back behind one that was asked for when their job had failed', async () => {
    const asked = await requestRetrain(database.pool, queue, PAYLOAD, settings);
    const first = asked.admitted ? asked : null;
    const worker = store.worker('retrain', () => Promise.reject(new UnrecoverableError('no memory')), {});
    await waitFor(async () => (await queue.getFailedCount()) === 1);
    await worker.close();
    // Its trainer was killed before it could write the end down; somebody asks again.
    const again = await requestRetrain(database.pool, queue, PAYLOAD, settings);
    const second = again.admitted ? again : null;
    expect(second!.run).not.toBe(first!.run);
    expect((await pendingRuns(database.pool)).map(({ run }) => run)).toEqual([second!.run]);
    await appendRetrainState(database.pool, { run: second!.run, modelKey: KEY, state: 'published', detail: {} });
    await queue.obliterate({ force: true });
    await settle(60);
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 0 });
    expect(await queue.count()).toBe(0);
  });

  test('come back though the row before them cannot be dealt with, which is named', async () => {
    await appendRetrainState(database.pool, { run: 'bad row', modelKey: KEY, state: 'queued', detail: {} });
    await settle(30);
    const asked = await requestRetrain(database.pool, queue, { ...PAYLOAD, modelKey: 'heuristic@rrc00' }, settings);
    expect(asked).toMatchObject({ admitted: true });
    await settle(30);
    await queue.obliterate({ force: true });
    await database.pool.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON retrain_runs FOR EACH ROW WHEN (NEW.run = 'bad row') EXECUTE FUNCTION refuse()`,
    );
    try {
      await expect(reconciler.reconcile()).rejects.toThrow(`${KEY} run bad row: refused`);
      expect(await queue.count()).toBe(1);
    } finally {
      await database.pool.query('DROP TRIGGER refuse ON retrain_runs');
    }
  });

  test('come back as they were asked for, under the same run, once', async () => {
    const asked = await requestRetrain(database.pool, queue, PAYLOAD, settings);
    if (!asked.admitted) throw new Error(asked.reason);
    await settle(5);
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 0 });
    await queue.obliterate({ force: true });
    expect(await queue.count()).toBe(0);
    expect(await reconciler.reconcile()).toEqual({ revived: 1, ended: 0 });
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 0 });
    const [job] = await queue.getJobs(['waiting', 'prioritized', 'delayed']);
    expect(runOf(job!)).toBe(asked.run);
    expect(job!.data).toEqual(PAYLOAD);
    expect(job!.opts.attempts).toBe(3);
    expect(await queue.getDeduplicationJobId(KEY)).toBe(job!.id);
  });

  test('are not asked for a second time by who asks again', async () => {
    const first = await requestRetrain(database.pool, queue, PAYLOAD, settings);
    await queue.obliterate({ force: true });
    const second = await requestRetrain(database.pool, queue, { ...PAYLOAD, seed: 6 }, settings);
    expect(second).toEqual(first);
    expect(await queue.count()).toBe(1);
    expect(await pendingRuns(database.pool)).toHaveLength(1);
  });

  test('end in the history when nobody knows what they carried, or their job ended without a word', async () => {
    await appendRetrainState(database.pool, { run: 'x.1', modelKey: KEY, jobId: 'x', state: 'training' });
    await settle(10);
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 0 });
    await settle(60);
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 1 });
    expect(await pendingRuns(database.pool)).toEqual([]);
    expect(await endRun(database.pool, { run: 'x.1', modelKey: KEY, jobId: 'x' }, 'again')).toBe(false);
  });

  test('a run that ended is left alone', async () => {
    for (const state of ['published', 'held', 'rejected', 'cancelled'] as const) {
      await appendRetrainState(database.pool, { run: state, modelKey: KEY, jobId: state, state: 'queued' });
      await appendRetrainState(database.pool, { run: state, modelKey: KEY, jobId: state, state });
    }
    await settle(100);
    expect(await pendingRuns(database.pool)).toEqual([]);
    expect(await reconciler.reconcile()).toEqual({ revived: 0, ended: 0 });
  });

  test('a deduplication key whose job is gone is removed', async () => {
    const job = await queue.add('retrain', PAYLOAD, { jobId: 'gone', deduplication: { id: KEY } });
    await database.pool.query(`DELETE FROM bullmq.bullmq_jobs WHERE id = $1`, [job.id]).catch(async () => {
      // The table's name is BullMQ's own business: whatever it is, removing the job must leave the key free.
      await job.remove();
    });
    await reconciler.reconcile();
    expect(await queue.getDeduplicationJobId(KEY)).toBeNull();
  });
});
