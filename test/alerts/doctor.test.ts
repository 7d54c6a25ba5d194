import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { answering } from '../../queues/answering.js';
import { QueueStore } from '../../queues/store.js';
import {
  checkAlerts,
  checkModels,
  checkRpki,
  checkServices,
  checkStreams,
  checkWork,
} from '../../src/cli/doctorChecks.js';
import type { Finding } from '../../src/cli/doctorStores.js';
import { packageRoot } from '../../src/config/paths.js';
import { settingsSchema } from '../../src/config/settings.js';
import { SERVICES } from '../../src/services/catalogue.js';
import { appendEntries } from '../../src/storage/updateBatches.js';
import { routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Facts } from './facts.js';

let database: TestDatabase;
let pool: Pool;
let facts: Facts;
const settings = settingsSchema.parse({
  rpki: { vrps: '/nowhere' },
  alerts: { channels: [{ type: 'file', name: 'archive', path: '/nowhere' }] },
});

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
  facts = new Facts(pool);
  await facts.clear();
}, 60_000);
afterAll(async () => {
  await database.close();
}, 60_000);

const brief = ({ ok, finding }: Finding) => [ok, finding];

test('streams: none, old and fresh', async () => {
  await pool.query('TRUNCATE features');
  const check = async () => brief((await checkStreams(pool, settings))[0]!);
  await pool.query('UPDATE streams SET created_at = now()');
  expect(await check()).toEqual([false, 'has no minute yet']);
  const beat = { rrc00: { connected: false, reason: 'getaddrinfo ENOTFOUND feed.example' } };
  await pool.query(
    `INSERT INTO services (instance, name, host, pid, state, detail) VALUES ('c.1', 'collector', 'h', 1, 'running', $1)`,
    [JSON.stringify(beat)],
  );
  expect(await check()).toEqual([
    false,
    'has no minute yet; the feed is not connected: getaddrinfo ENOTFOUND feed.example',
  ]);
  await pool.query("DELETE FROM services WHERE instance = 'c.1'");
  const now = Date.now();
  await appendEntries(pool, 'rrc00', [
    { position: 1, kind: 'clock', sinceMs: now, untilMs: now, messages: 0, payload: null },
  ]);
  expect(await check()).toEqual([true, 'is new: its first minute is under way']);
  await pool.query("UPDATE streams SET created_at = now() - interval '4 minutes'");
  expect(await check()).toEqual([false, 'has no minute yet']);
  const row =
    "INSERT INTO features (stream, minute, kind, values) VALUES ('rrc00', date_trunc('minute', now()) - $1::interval, 'observed', '{}')";
  await pool.query(row, ['20 minutes']);
  expect(await check()).toEqual([false, expect.stringMatching(/newest minute is 2[01] min old/)]);
  await pool.query(row, ['1 minute']);
  expect((await check())[0]).toBe(true);
});

test('streams: a replayed one is never old', async () => {
  const replayed = settingsSchema.parse({ streams: [{ name: 'rrc00', replay: true }] });
  await pool.query('DELETE FROM features');
  const check = async () => brief((await checkStreams(pool, replayed))[0]!);
  expect(await check()).toEqual([true, 'nothing was replayed into it yet']);
  await pool.query(
    "INSERT INTO features (stream, minute, kind, values) VALUES ('rrc00', '2020-01-01T10:00Z', 'observed', '{}')",
  );
  expect(await check()).toEqual([true, 'is replayed, up to 2020-01-01 10:00']);
});

test('work: a service that beats but fails its rounds is named with its error', async () => {
  await facts.beat('alerter.1', 'running', 1);
  const put = (failures: number) =>
    pool.query("UPDATE services SET detail = $1 WHERE name = 'alerter'", [
      JSON.stringify({
        failing: [{ what: 'watch drift', failures, since: '2026-01-01T00:00:00Z', error: 'no such row' }],
      }),
    ]);
  await put(2);
  expect((await checkWork(pool)).ok).toBe(true);
  await put(3);
  expect(brief(await checkWork(pool))).toEqual([false, 'alerter on here: watch drift failed 3 times: no such row']);
  await pool.query("UPDATE services SET heartbeat_at = now() - interval '1 hour'");
  expect((await checkWork(pool)).ok).toBe(true);
});

test('services: each that does not run is named', async () => {
  for (const { name } of SERVICES) await facts.beat(`${name}.1`, 'running', name === 'trainer' ? 300 : 1);
  const missing = await checkServices(pool, settings);
  expect([missing.ok, missing.finding]).toEqual([false, 'not running: trainer (without a heartbeat: trainer on here)']);
  await facts.beat('trainer.1', 'running', 1);
  expect((await checkServices(pool, settings)).ok).toBe(true);
});

test('models: waiting is no problem, a dead letter is', async () => {
  expect(brief(await checkModels(pool, settings))).toEqual([
    true,
    '0 of 3 serve; the first come once a stream has 7 days of minutes',
  ]);
  await pool.query(
    `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
       format, code_version, metrics, fencing_token)
     VALUES ('lstm@rrc00', 'lstm', 'rrc00', 1, 'rejected', now(), now(), 1, 1, 1, 1, '1', '{}', 1)`,
  );
  expect((await checkModels(pool, settings)).finding).toBe(
    '0 of 3 serve; the first version of lstm@rrc00 was refused; the first come once a stream has 7 days of minutes',
  );
  await facts.failures(3, true);
  const dead = await checkModels(pool, settings);
  expect([dead.ok, dead.finding, dead.remedy]).toEqual([
    false,
    'retraining was given up: lstm@rrc00 (no memory)',
    'fix what the error names, then: routewarden retrain lstm@rrc00 --clear',
  ]);
});

test('alerts and RPKI: what could not be told or read', async () => {
  expect(brief(await checkAlerts(pool, settings))).toEqual([
    true,
    'archive: nothing had to be sent within the last day',
  ]);
  const delivered = { channels: { archive: { state: 'gave up', error: 'read-only', at: new Date().toISOString() } } };
  await pool.query(
    "INSERT INTO alerts (fingerprint, kind, severity, title, body, delivered) VALUES ('x', 'drift', 'minor', 'x', '{}', $1)",
    [JSON.stringify(delivered)],
  );
  const failing = await checkAlerts(pool, settings);
  expect([failing.ok, failing.finding]).toEqual([false, 'archive: read-only']);
  expect(failing.remedy).toContain('routewarden alerts test archive');
  const taken = { channels: { archive: { state: 'sent', at: new Date().toISOString() } } };
  await pool.query('UPDATE alerts SET delivered = $1', [JSON.stringify(taken)]);
  expect(brief(await checkAlerts(pool, settings))).toEqual([
    true,
    'archive took all that was sent within the last day',
  ]);

  expect((await checkRpki(pool, settings))[0]).toMatchObject({ ok: false });
  await pool.query("UPDATE services SET detail = $1 WHERE name = 'correlator'", [
    JSON.stringify({ rpki: { vrps: 3, readAt: new Date().toISOString() } }),
  ]);
  expect(brief((await checkRpki(pool, settings))[0]!)).toEqual([true, '3 VRPs, read 0 min ago']);
});

test('stores that are away are findings with remedies, and hide nothing else', async () => {
  const doctor = async (environment: object) => {
    const child = spawn(process.execPath, [join(packageRoot, 'bin/routewarden.js'), 'doctor', '--json'], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    const code = await new Promise<number | null>((done) => child.once('close', done));
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    return { code, findings: new Map(findings.map((finding) => [finding.check, finding])) };
  };
  const away = await doctor({ DATABASE_URL: 'postgres://nobody:none@127.0.0.1:1/none' });
  expect(away.code).toBe(1);
  expect(away.findings.get('database')).toMatchObject({ ok: false, remedy: expect.stringContaining('DATABASE_URL') });
  expect(away.findings.get('disk')).toBeDefined();
  const noRedis = await doctor({ DATABASE_URL: database.url, REDIS_URL: 'redis://127.0.0.1:1' });
  expect(noRedis.findings.get('redis')).toMatchObject({ ok: false, remedy: expect.stringContaining('REDIS_URL') });
  expect(noRedis.findings.get('database')).toMatchObject({ ok: true });
  // One that takes connections and never says a word: no command waits for it for ever.
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`,
  };
  const [said, retrained, rolledBack] = await Promise.all([
    doctor(environment),
    routewarden(['retrain', 'lstm@rrc00'], environment),
    // What needs no queue does without.
    routewarden(['rollback', 'lstm@rrc00'], environment),
  ]);
  expect(said.findings.get('redis')).toMatchObject({ ok: false });
  expect(rolledBack).toMatchObject({ code: 1, stderr: expect.stringContaining('no active version') });
  expect(retrained).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot reach Redis') });
  const store = new QueueStore(
    { databaseUrl: database.url, redisUrl: environment.REDIS_URL, queuePrefix: 'x' },
    () => {},
    300,
  );
  await expect(answering(store.queue('retrain'), 300)).rejects.toThrow(/does not answer/);
  for (const socket of sockets) socket.destroy();
  silent.close();
  await store.close();
}, 60_000);
