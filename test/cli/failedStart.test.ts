import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settingsSchema } from '../../src/config/settings.js';
import { trainingSettings } from '../../src/services/launch.js';
import { openDatabase } from '../../src/storage/database.js';
import { postmasterOf } from '../../src/storage/leftoverPostgres.js';
import { openPool } from '../../src/storage/pool.js';
import { routewarden, startRoutewarden } from '../support/command.js';

let folder: string;
const directory = (name: string) => join(folder, name);
const own = (name: string) => ({ ROUTEWARDEN_DATA_DIRECTORY: directory(name), ROUTEWARDEN_DASHBOARD_PORT: '0' });
/** More than the 128 KiB that one value of an environment may have. */
const watched = Array.from({ length: 9_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-start-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store that takes connections and never says a word. */
async function silentServer(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test('9,000 watched prefixes start, serve and stop', async () => {
  const file = directory('large.json');
  writeFileSync(file, JSON.stringify({ watch: { prefixes: watched, asNumbers: [64_500] } }));
  const running = startRoutewarden(['--config', file, 'start', 'dashboard', 'correlator'], own('large'));
  await running.saying('page: ');
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  expect(postmasterOf(join(directory('large'), 'postgres'))).toBeNull();
  const { settings } = { settings: settingsSchema.parse({ watch: { prefixes: watched }, streams: [{ name: 'a' }] }) };
  expect(Buffer.byteLength(trainingSettings({ ...settings, databaseUrl: 'postgres://x/y' }))).toBeLessThan(10_000);
}, 60_000);

test('a service with queues runs alone in a new directory, and is refused where the queues are elsewhere', async () => {
  const alone = startRoutewarden(['run', 'trainer'], own('alone'));
  await alone.saying('trainer runs as process');
  for (;;) {
    const { stdout } = await routewarden(['status', '--json'], own('alone'));
    if (/"name":"trainer"[^}]*"state":"running"/.test(stdout)) break;
    if (alone.process.exitCode !== null) throw new Error(alone.said());
  }
  alone.process.kill('SIGTERM');
  expect((await alone.ended).code).toBe(0);

  const database = await openDatabase({ dataDirectory: directory('alone') }, { share: false, log: () => {} });
  const pool = openPool(database.databaseUrl, { name: 'test', onError: () => {} });
  await pool.query('DROP SCHEMA bullmq CASCADE');
  // as a trainer on another machine, which has a Redis
  await pool.query(
    `INSERT INTO services (instance, name, host, pid, state, detail, restarts)
     VALUES ('trainer.9', 'trainer', 'elsewhere', 9, 'running', '{}', 0)`,
  );
  await pool.end();
  const refused = await routewarden(['run', 'trainer'], { DATABASE_URL: database.databaseUrl });
  await database.close();
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('set REDIS_URL to the Redis') });
  expect(refused.stderr + refused.stdout).not.toMatch(/BullMQ/);
}, 120_000);

describe('a start that cannot finish ends, with an error and without its PostgreSQL', () => {
  test('on a database of a newer program', async () => {
    const database = await openDatabase({ dataDirectory: directory('newer') }, { share: false, log: () => {} });
    const pool = openPool(database.databaseUrl, { name: 'test', onError: () => {} });
    await pool.query("INSERT INTO routewarden_migrations (name, run_on) VALUES ('9999_later', now())");
    await pool.end();
    await database.close();
    const ended = await routewarden(['start'], own('newer'));
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('newer') });
    expect(postmasterOf(join(directory('newer'), 'postgres'))).toBeNull();
    expect(existsSync(join(directory('newer'), 'connection.json'))).toBe(false);
  }, 60_000);

  test('with a Redis that says nothing', async () => {
    const redis = await silentServer();
    try {
      // On the cluster of the first test, which has ended: an initdb less.
      const ended = await routewarden(['start'], { ...own('large'), REDIS_URL: `redis://127.0.0.1:${redis.port}` });
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot reach Redis') });
      expect(postmasterOf(join(directory('large'), 'postgres'))).toBeNull();
    } finally {
      redis.close();
    }
  }, 60_000);

  test.each(['start', 'demo'])(
    '%s, with a database that says nothing, or is not there',
    async (command) => {
      const silent = await silentServer();
      try {
        for (const port of [silent.port, 1]) {
          const database = { DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/c` };
          const words = command === 'demo' ? ['demo', '--port', '0'] : ['start'];
          const ended = await routewarden(words, { ...own(command), ...database });
          expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot reach PostgreSQL') });
        }
      } finally {
        silent.close();
      }
    },
    60_000,
  );
});
