import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DirectoryInUse, openDatabase } from '../../src/storage/database.js';
import { DirectoryLock, holderOf } from '../../src/storage/directoryLock.js';
import { EmbeddedPostgres, stopLeftover } from '../../src/storage/embeddedPostgres.js';
import { isAlive, postmasterOf } from '../../src/storage/leftoverPostgres.js';
import { openPool } from '../../src/storage/pool.js';
import { canReach, clusterHome, HOMES } from '../../src/storage/postgresHome.js';
import { routewarden, startRoutewarden } from '../support/command.js';

const log = () => {};
/** Whoever only needs a system that runs shares its cluster: an initdb and all migrations take longer than most tests. */
const SHARED = 'shared';
let folder: string;
const directory = (name: string) => join(folder, name);
const own = (name: string) => ({ ROUTEWARDEN_DATA_DIRECTORY: directory(name), ROUTEWARDEN_DASHBOARD_PORT: '0' });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-lock-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await new Promise((done) => setTimeout(done, 50));
}

/** A process that has nothing to do with Routewarden. */
async function stranger(): Promise<{ pid: number; end(): void }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return { pid: child.pid!, end: () => child.kill('SIGKILL') };
}

/** Whether any process has the text in its command line; false where there is no /proc. */
function isNamedByProcess(text: string): boolean {
  if (!existsSync('/proc/self/cmdline')) return false;
  return readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(text);
    } catch {
      return false; // it has just ended
    }
  });
}

describe('a data directory', () => {
  test('is held by a living process alone: a number that belongs to another by now holds nothing', async () => {
    const other = await stranger();
    try {
      mkdirSync(join(directory('recycled'), 'postgres'), { recursive: true });
      writeFileSync(join(directory('recycled'), 'owner.json'), JSON.stringify({ pid: other.pid, since: 'yesterday' }));
      const stopped = await routewarden(['stop'], own('recycled'));
      expect(stopped).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing runs on') });
      const first = await openDatabase({ dataDirectory: directory('recycled') }, { share: false, log });
      await first.close();
      writeFileSync(
        join(directory('recycled'), 'postgres', 'postmaster.pid'),
        `${other.pid}\n${join(directory('recycled'), 'postgres')}\n`,
      );
      expect((await routewarden(['stop'], own('recycled'))).code).toBe(0);
      const second = await openDatabase({ dataDirectory: directory('recycled') }, { share: false, log });
      await second.close();
      expect(isAlive(other.pid)).toBe(true);
    } finally {
      other.end();
    }
  }, 60_000);

  test('is free when its holder was killed, and of ten starts at that moment one gets it', async () => {
    const script = `
      import { DirectoryLock } from ${JSON.stringify(`${process.cwd()}/dist/src/storage/directoryLock.js`)};
      await DirectoryLock.take(${JSON.stringify(directory('killed'))});
      console.log('held');
      setInterval(() => {}, 1000);`;
    const start = () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const first = start();
    await once(first.stdout!, 'data');
    await expect(DirectoryLock.take(directory('killed'))).rejects.toThrow(DirectoryInUse);
    expect(await holderOf(directory('killed'))).toMatchObject({ pid: first.pid });
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(await holderOf(directory('killed'))).toBeNull();
    const started = Array.from({ length: 10 }, start);
    let held = 0;
    for (const child of started) child.stdout!.on('data', () => (held += 1));
    await until(() => started.filter(({ exitCode }) => exitCode !== null).length >= 9);
    expect(held).toBe(1);
    expect(started.filter(({ exitCode }) => exitCode === null).length).toBe(1);
    for (const child of started) child.kill('SIGKILL');
  }, 60_000);

  test('of a stopped holder is in use all the same, by one that does not answer', async () => {
    const running = startRoutewarden(['start', 'dashboard'], own(SHARED));
    await running.saying('page: ');
    running.process.kill('SIGSTOP');
    await expect(openDatabase({ dataDirectory: directory(SHARED) }, { share: false, log })).rejects.toThrow(
      /does not answer now/,
    );
    running.process.kill('SIGCONT');
    const stopped = await routewarden(['stop'], own(SHARED));
    expect(stopped.stderr).toContain(`stopped process ${running.process.pid}`);
    expect((await running.ended).code).toBe(0);
  }, 60_000);

  test('keeps the database of a running demo when a second one starts on it', async () => {
    const { databaseUrl, close } = await openDatabase(
      { dataDirectory: directory('twice/demo') },
      { share: false, log },
    );
    const pool = openPool(databaseUrl, { name: 'test', onError: log });
    await pool.query("INSERT INTO streams (name) VALUES ('mine')");
    const second = await routewarden(['demo', '--exit', '--port', '0'], own('twice'));
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`is in use by Routewarden process ${process.pid} `);
    expect((await pool.query('SELECT name FROM streams')).rows).toEqual([{ name: 'mine' }]);
    await pool.end();
    await close();
    const fresh = await openDatabase({ dataDirectory: directory('twice/demo') }, { share: false, fresh: true, log });
    const empty = openPool(fresh.databaseUrl, { name: 'test', onError: log });
    expect((await empty.query('SELECT name FROM streams')).rows).toEqual([]);
    await empty.end();
    await fresh.close();
  }, 60_000);
});

describe('the own PostgreSQL', () => {
  test('comes up after a SIGKILL in the middle of its first initdb', async () => {
    const running = startRoutewarden(['start', 'dashboard'], own('cut'));
    // As root it lives where the server's user can reach it; this folder can be.
    const begun = () =>
      existsSync(directory('cut')) && readdirSync(directory('cut')).some((name) => name.includes('.new.'));
    await until(begun);
    running.process.kill('SIGKILL');
    await running.ended;
    expect(existsSync(join(directory('cut'), 'postgres'))).toBe(false);
    const open = () => openDatabase({ dataDirectory: directory('cut') }, { share: false, log });
    await (await open()).close();
    // The initdb may have outlived its starter and the first start; the next one clears up after it.
    await until(() => !isNamedByProcess(join(directory('cut'), 'postgres.new.')));
    const database = await open();
    expect(readdirSync(directory('cut')).filter((name) => name.includes('.new'))).toEqual([]);
    await database.close();
  }, 60_000);

  test('is started again when it is killed, with its rows, and given up when it cannot come back', async () => {
    const lines: string[] = [];
    const server = await EmbeddedPostgres.start(directory('again'), { restarts: 2, log: (line) => lines.push(line) });
    let lost = 0;
    server.onExit(() => {
      lost += 1;
    });
    const pool = openPool(server.databaseUrl, { name: 'test', onError: log });
    await pool.query('CREATE TABLE kept AS SELECT 7 AS number');
    for (let kills = 0; kills < 2; kills += 1) {
      const pid = postmasterOf(join(directory('again'), 'postgres'))!;
      process.kill(pid, 'SIGKILL');
      // A backend of the killed server may answer once more: the next server is one with a number of its own.
      await until(() => ![pid, null].includes(postmasterOf(join(directory('again'), 'postgres'))));
      await until(() =>
        pool.query('SELECT number FROM kept').then(
          ({ rows }) => rows[0].number === 7,
          () => false,
        ),
      );
    }
    expect(lost).toBe(0);
    process.kill(postmasterOf(join(directory('again'), 'postgres'))!, 'SIGKILL');
    await until(() => lost === 1);
    await pool.end();
    await server.stop();
  }, 90_000);

  test('ends with a starter that was killed', async () => {
    const running = startRoutewarden(['start', 'dashboard'], own(SHARED));
    await running.saying('page: ');
    const cluster = join(directory(SHARED), 'postgres');
    expect(postmasterOf(cluster)).not.toBeNull();
    running.process.kill('SIGKILL');
    await until(() => postmasterOf(cluster) === null && !existsSync(join(cluster, 'postmaster.pid')));
  }, 60_000);

  test('is found by `stop` when even its guard was killed', async () => {
    const running = startRoutewarden(['start', 'dashboard'], own(SHARED));
    await running.saying('page: ');
    const cluster = join(directory(SHARED), 'postgres');
    const pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const guard = Number(execFileSync('pgrep', ['-f', `routewarden-guard ${cluster} ${pid}`], { encoding: 'utf8' }));
    process.kill(guard, 'SIGKILL');
    running.process.kill('SIGKILL');
    await running.ended;
    expect(postmasterOf(cluster)).toBe(pid);
    expect((await routewarden(['stop'], own(SHARED))).stderr).toContain('stopped the PostgreSQL server');
    expect(postmasterOf(cluster)).toBeNull();
    expect(await stopLeftover(directory(SHARED))).toBe(false);
  }, 60_000);

  test('heeds no PG variables of the environment', async () => {
    const running = startRoutewarden(['start', 'dashboard'], {
      ...own('libpq'),
      PGSSLMODE: 'require',
      PGOPTIONS: '-c search_path=nowhere',
      PGHOST: 'nowhere.invalid',
    });
    await running.saying('page: ');
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  }, 60_000);

  test('has one cluster a data directory, where root must keep it elsewhere', () => {
    if (process.getuid?.() !== 0) return expect(HOMES).toContain('routewarden');
    const uid = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
    const closed = directory('closed');
    for (const path of ['a-b', 'a/b']) mkdirSync(join(closed, path), { recursive: true });
    chmodSync(closed, 0o700);
    const homes = ['a-b', 'a/b'].map((path) => clusterHome(join(closed, path), { uid, gid: uid }));
    expect(new Set(homes).size).toBe(2);
    expect(homes.every((home) => canReach(home, { uid, gid: uid }))).toBe(true);
    expect(clusterHome(join(closed, 'a-b'), { uid, gid: uid })).toBe(homes[0]);
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  });

  test('in a closed home of root: a second demo, and a data directory made anew, begin afresh', async () => {
    if (process.getuid?.() !== 0) return expect(process.getuid?.()).not.toBe(0); // nobody else's server lives elsewhere
    const closed = directory('home');
    mkdirSync(closed, { mode: 0o700 });
    for (const how of ['first', 'fresh', 'made anew']) {
      if (how === 'made anew') rmSync(join(closed, 'data'), { recursive: true });
      const database = await openDatabase(
        { dataDirectory: join(closed, 'data') },
        { share: false, fresh: how === 'fresh', log },
      );
      const pool = openPool(database.databaseUrl, { name: 'test', onError: log });
      expect((await pool.query('SELECT name FROM streams')).rows).toEqual([]);
      await pool.query("INSERT INTO streams (name) VALUES ('mine')");
      await pool.end();
      await database.close();
    }
    for (const name of readdirSync(HOMES)) {
      if (name.includes(closed.slice(1).replaceAll('/', '-')))
        rmSync(join(HOMES, name), { recursive: true, force: true });
    }
  }, 90_000);
});
