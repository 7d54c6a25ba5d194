import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DirectoryInUse, openDatabase } from '../../src/storage/database.js';
import { runningServer } from '../../src/storage/embeddedPostgres.js';
import { forgetStream } from '../../src/storage/forgetStream.js';
import { openPool } from '../../src/storage/pool.js';
import { STREAM, seedHistory } from '../dashboard/seed.js';
import { jsonOf, routewarden, startRoutewarden } from '../support/command.js';

/** An initdb and all migrations take longer than most tests: who needs no directory of its own has this one. */
const SHARED = 'kept';

let folder: string;
const directory = (name: string) => join(folder, name);
const open = (name: string, share = false) =>
  openDatabase({ dataDirectory: directory(name) }, { share, log: () => {} });
const pooled = (databaseUrl: string) => openPool(databaseUrl, { name: 'test', onError: () => {} });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-own-'));
  // As root the server runs as another user, who must get through to its data.
  chmodSync(folder, 0o755);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the own database', () => {
  test('listens on a socket of its user alone, with a password of its own, and keeps its rows over an orderly end', async () => {
    const first = await open(SHARED);
    const url = new URL(first.databaseUrl);
    const socket = url.searchParams.get('host')!;
    expect(statSync(socket).mode & 0o077).toBe(0);
    expect(url.password.length).toBeGreaterThanOrEqual(24);
    const pool = pooled(first.databaseUrl);
    await pool.query("INSERT INTO streams (name) VALUES ('rrc00')");
    expect((await pool.query('SHOW listen_addresses')).rows[0].listen_addresses).toBe('');
    const wrong = pooled(first.databaseUrl.replace(url.password, 'wrong'));
    await expect(wrong.query('SELECT 1')).rejects.toThrow(/password authentication failed/);
    await wrong.end();
    await pool.end();
    await first.close();

    const second = await open(SHARED);
    const again = pooled(second.databaseUrl);
    expect((await again.query('SELECT name FROM streams')).rows).toEqual([{ name: 'rrc00' }]);
    await again.end();
    await second.close();
  }, 60_000);

  test('tells a second start who has the directory, and lets a command share it', async () => {
    const first = await open(SHARED);
    const refusal = await open(SHARED).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DirectoryInUse);
    expect((refusal as Error).message).toContain(`process ${process.pid} `);
    expect((refusal as Error).message).toContain('--data-directory');
    const shared = await open(SHARED, true);
    expect(shared.origin).toBe('shared');
    expect(shared.databaseUrl).toBe(first.databaseUrl);
    await shared.close();
    await first.close();
  }, 60_000);

  test('comes back from a directory that kill -9 of program and server left behind', async () => {
    const settings = { ROUTEWARDEN_DATA_DIRECTORY: directory(SHARED), ROUTEWARDEN_DASHBOARD_PORT: '0' };
    const running = startRoutewarden(['start', 'dashboard'], settings);
    await running.saying('page: ');
    const status = jsonOf<{ services: { pid: number }[] }>(await routewarden(['status', '--json'], settings));
    expect(status.services).toHaveLength(1);
    const server = Number(readFileSync(join(directory(SHARED), 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(running.process.pid!, 'SIGKILL');
    process.kill(server, 'SIGKILL');
    await running.ended;
    const back = await open(SHARED);
    const pool = pooled(back.databaseUrl);
    expect((await pool.query('SELECT name FROM services')).rows).toEqual([{ name: 'dashboard' }]);
    await pool.end();
    await back.close();
  }, 90_000);

  test('serves an ordinary user as well', async () => {
    if (process.getuid?.() !== 0) return expect(userInfo().uid).toBeGreaterThan(0); // all other tests ran as one
    const home = directory('home');
    execFileSync('install', ['-d', '-o', 'nobody', home]);
    const script = `
      import { openDatabase } from ${JSON.stringify(`${process.cwd()}/dist/src/storage/database.js`)};
      const database = await openDatabase({ dataDirectory: ${JSON.stringify(join(home, 'data'))} }, { share: false, log() {} });
      console.log(process.getuid() + ' ' + new URL(database.databaseUrl).searchParams.get('host'));
      await database.close();`;
    const uid = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      uid,
      gid: uid,
      env: { PATH: process.env.PATH, HOME: home },
      encoding: 'utf8',
    });
    expect(said).toBe(`${uid} ${join(home, 'data', 'socket')}\n`);
  }, 60_000);

  test('migrates once when two programs start at the same moment', async () => {
    const first = await open(SHARED);
    const pool = pooled(first.databaseUrl);
    await pool.query('CREATE DATABASE fresh');
    const databaseUrl = first.databaseUrl.replace('/routewarden?', '/fresh?');
    const both = () => openDatabase({ databaseUrl, dataDirectory: folder }, { share: false, log: () => {} });
    await Promise.all([both(), both(), both()]);
    const fresh = pooled(databaseUrl);
    const { rows } = await fresh.query(
      'SELECT name, count(*) AS times FROM routewarden_migrations GROUP BY name ORDER BY name',
    );
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(rows.every(({ times }) => times === 1)).toBe(true);
    await fresh.end();
    await pool.end();
    await first.close();
  }, 60_000);

  test('reads none of its files that is damaged, and says what to do where it cannot do without', async () => {
    const first = await open(SHARED);
    for (const text of ['', '{"pid":', '{"databaseUrl":"http://x","pid":1}', '[]']) {
      writeFileSync(join(directory(SHARED), 'connection.json'), text);
      expect(await runningServer(directory(SHARED))).toBeNull();
    }
    await first.close();
    writeFileSync(join(directory(SHARED), 'credentials.json'), '{"user":"routewarden"}');
    await expect(open(SHARED)).rejects.toThrow(/credentials\.json is missing or damaged.*routewarden restore/);
  }, 60_000);

  test("deletes nobody else's files", async () => {
    const foreign = join(directory('foreign'), 'postgres', 'photo.jpg');
    const theirs = join(directory('theirs'), 'photo.jpg');
    for (const file of [foreign, theirs]) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'mine');
    }
    await expect(open('foreign')).rejects.toThrow(/postgres is not a Routewarden database: move it away/);
    const fresh = openDatabase({ dataDirectory: directory('theirs') }, { share: false, fresh: true, log: () => {} });
    await expect(fresh).rejects.toThrow(/photo\.jpg would be deleted/);
    for (const file of [foreign, theirs]) expect(readFileSync(file, 'utf8')).toBe('mine');
    await expect(openDatabase({ dataDirectory: '/proc/routewarden' }, { share: false, log: () => {} })).rejects.toThrow(
      /cannot be made/,
    );
  });

  test('forgets a stream wholly and leaves the others as they are', async () => {
    const own = await open('forgotten');
    const pool = pooled(own.databaseUrl);
    await seedHistory(pool, 1);
    const tables = ['update_batches', 'features', 'scores', 'verdicts', 'incidents', 'model_versions', 'activations'];
    for (const table of ['features', 'verdicts']) {
      const columns = await pool.query(
        `SELECT string_agg(quote_ident(column_name), ', ') AS list FROM information_schema.columns
         WHERE table_name = $1 AND table_schema = 'public' AND column_name NOT IN ('stream', 'id')`,
        [table],
      );
      const { list } = columns.rows[0];
      await pool.query(`INSERT INTO ${table} (stream, ${list}) SELECT 'other', ${list} FROM ${table}`);
    }
    await forgetStream(pool, STREAM);
    for (const table of tables) {
      const named = ['model_versions', 'activations'].includes(table) ? `split_part(model_key, '@', 2)` : 'stream';
      const { rows } = await pool.query(`SELECT DISTINCT ${named} AS stream FROM ${table}`);
      expect([table, rows]).toEqual([table, ['features', 'verdicts'].includes(table) ? [{ stream: 'other' }] : []]);
    }
    await pool.end();
    await own.close();
  }, 60_000);
});

describe('a database of yours', () => {
  test.each([
    ['nobody listens', 'postgres://127.0.0.1:1/routewarden', /cannot reach PostgreSQL at DATABASE_URL/],
    ['the host is unknown', 'postgres://nowhere.invalid/routewarden', /cannot reach PostgreSQL at DATABASE_URL/],
  ])(
    'that cannot be reached (%s) is a clear error',
    async (_what, url, message) => {
      const ended = await routewarden(['status'], { DATABASE_URL: url });
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).toMatch(/check host, port, user and database/);
      expect(ended.code).toBe(1);
    },
    30_000,
  );
});
