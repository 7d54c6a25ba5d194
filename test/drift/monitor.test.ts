import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { pino } from 'pino';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
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
let queue: Queue<RetrainPayload>;
let directory: string;

beforeAll(async () => {
  database = await openTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'routewarden-monitor-'));
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'monitor' }, () => {});
  await store.prepare();
  queue = openRetrainQueue(store);
});
afterAll(async () => {
  await store?.close();
  await database?.close();
  await rm(directory, { recursive: true, force: true });
});

test('what a monitor that died between its report and its request found is asked for by the next round, once', async () => {
  const key = await serveStream(database.pool, 'changed', 1.4);
  const settings = settingsSchema.parse({
    artifactDirectory: directory,
    streams: [{ name: 'changed' }],
    // The other kinds have no model, and too short a window for their first.
    retraining: { regimeMinutes: 0, coolDownMinutes: 0, trainingDays: 30 },
  });
  const monitor = (asked: Queue<RetrainPayload>) =>
    new DriftMonitor({ pool: database.pool, queue: asked, settings, logger: pino({ level: 'silent' }) });
  const requests = async () => {
    const { rows } = await database.pool.query(
      `SELECT detail->'trigger' AS trigger FROM retrain_runs WHERE model_key = $1 AND state = 'queued'`,
      [key],
    );
    return rows.map(({ trigger }) => trigger);
  };
  await writeCursor(database.pool, DRIFT_MONITOR, 'changed', START + 10 * DAY - 60);
  // The report is written, and then the monitor comes to its end at the queue.
  const dying = new Proxy(queue, {
    get: () => {
      throw new Error('killed');
    },
  });
  await expect(monitor(dying).check()).rejects.toThrow('killed');
  const { rows } = await database.pool.query('SELECT id, outcome FROM drift_reports WHERE model_key = $1', [key]);
  expect(rows).toMatchObject([{ outcome: 'drifted' }]);
  expect(await requests()).toEqual([]);

  await monitor(queue).check();
  expect(await requests()).toEqual([{ kind: 'drift', reportId: Number(rows[0].id), runaway: true }]);
  // Its job done, and the hour still the same: not asked for again.
  await queue.obliterate({ force: true });
  await database.pool.query(
    `INSERT INTO retrain_runs (run, model_key, job_id, state, detail)
     SELECT run, model_key, job_id, 'rejected', detail FROM retrain_runs WHERE model_key = $1 AND state = 'queued'`,
    [key],
  );
  await monitor(queue).check();
  expect(await requests()).toHaveLength(1);
});

test('a beat after a pause of three days judges every event hour of them, in order and once', async () => {
  const key = await serveStream(database.pool, 'paused', 1);
  const settings = settingsSchema.parse({
    artifactDirectory: directory,
    streams: [{ name: 'paused' }],
    retraining: { trainingDays: 30 },
  });
  const monitor = new DriftMonitor({ pool: database.pool, queue, settings, logger: pino({ level: 'silent' }) });
  const hours = async () => {
    const { rows } = await database.pool.query(
      `SELECT (extract(epoch FROM window_end) / 60)::integer AS hour, outcome FROM drift_reports
       WHERE model_key = $1 ORDER BY id`,
      [key],
    );
    return rows as { hour: number; outcome: string }[];
  };
  await writeCursor(database.pool, DRIFT_MONITOR, 'paused', START + 10 * DAY);
  await writeFeatures(database.pool, 'paused', START + 10 * DAY, START + 13 * DAY, { seed: 3 });
  await scoreLive(database.pool, key, meanKind() as ModelKind<unknown>, START + 10 * DAY, START + 13 * DAY);
  // As after a real pause, the rows are older than the overlap in which their hours are summarised again.
  await database.pool.query(`UPDATE features SET created_at = created_at - interval '1 hour'`);
  await database.pool.query(`UPDATE scores SET created_at = created_at - interval '1 hour'`);
  expect((await monitor.check()).checks).toBe(3 * 72);
  const after = await hours();
  expect(after.map(({ hour }) => hour)).toEqual(Array.from({ length: 72 }, (_, i) => START + 10 * DAY + (i + 1) * 60));
  expect(after.slice(-48).map(({ outcome }) => outcome)).not.toContain('no baseline');
  expect((await monitor.check()).checks).toBe(0);
}, 240_000);

test('a model whose check fails is named, and keeps neither other streams nor other models from theirs', async () => {
  const key = await serveStream(database.pool, 'poisoned', 1);
  const other = await serveStream(database.pool, 'sound', 1);
  const settings = settingsSchema.parse({
    artifactDirectory: directory,
    streams: [{ name: 'poisoned' }, { name: 'sound' }],
    retraining: { trainingDays: 30 },
  });
  for (const stream of ['poisoned', 'sound'])
    await writeCursor(database.pool, DRIFT_MONITOR, stream, START + 10 * DAY - 3 * 60);
  await database.pool.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a bad row'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON drift_reports FOR EACH ROW WHEN (NEW.model_key = '${key}') EXECUTE FUNCTION refuse()`,
  );
  const monitor = new DriftMonitor({ pool: database.pool, queue, settings, logger: pino({ level: 'silent' }) });
  const checks = async (of: string) => {
    const { rows } = await database.pool.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM drift_reports WHERE model_key = $1',
      [of],
    );
    return rows[0]!.count;
  };
  await expect(monitor.check()).rejects.toThrow(`poisoned: ${key}: a bad row`);
  expect([await checks(key), await checks(other), await checks('lstm@poisoned')]).toEqual([0, 3, 3]);
  await database.pool.query('DROP TRIGGER refuse ON drift_reports');
  await monitor.check();
  expect([await checks(key), await checks(other), await checks('lstm@poisoned')]).toEqual([3, 3, 3]);
});
