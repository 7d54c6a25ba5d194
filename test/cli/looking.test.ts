import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { forgetEmptyStream } from '../../src/storage/streams.js';
import { addIncident, HIJACK, NOW, STREAM } from '../dashboard/seed.js';
import { jsonOf, routewarden, routewardenHere } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const MINUTE = 60_000;
let folder: string;
let database: TestDatabase;
let pool: Pool;
let environment: Record<string, string>;
const run = (...words: string[]) => routewardenHere(words, environment);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-look-'));
  database = await openTestDatabase();
  ({ pool } = database);
  environment = { DATABASE_URL: database.url };
  await pool.query("INSERT INTO streams (name) VALUES ('rrc00')");
  await addIncident(pool, {
    from: HIJACK.from,
    until: HIJACK.until,
    class: 'hijack',
    severity: 'critical',
    subject: 'AS64666',
    words: 'AS64666, an unknown network, announces "everything"',
    detail: {
      closedBy: 'quiet',
      watched: [{ kind: 'new origin', watched: HIJACK.prefix, prefix: HIJACK.prefix, words: 'yours' }],
      evidence: { since: 1 },
    },
  });
  await addIncident(pool, {
    from: NOW - 900 * MINUTE,
    until: NOW - 880 * MINUTE,
    class: 'session reset',
    severity: 'minor',
    words: 'Peer 198.51.100.7 lost its session',
    detail: { closedBy: 'quiet', watched: [] },
  });
  await addIncident(pool, {
    from: NOW - 5 * MINUTE,
    until: null,
    class: 'leak',
    severity: 'major',
    subject: 'AS64500',
    words: '=1+1',
    detail: { watched: [] },
  });
}, 60_000);
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a command that fills nothing', () => {
  test.each([
    ['status'],
    ['incidents'],
    ['incidents', 'show', '1'],
    ['models'],
    ['models', 'runs'],
    ['models', 'show', 'lstm@rrc00', '1'],
    ['alerts', 'list'],
    ['silences', 'list'],
    ['drift', '--no-check'],
    ['doctor'],
    // nor does what acts on what is there: a silence in the wrong place would hold nothing back
    ['drift'],
    ['silences', 'add', '--stream', 'rrc00', '--until', '2099-01-01', '--reason', 'x'],
    ['silences', 'end', '1'],
    ['incidents', 'acknowledge', '1'],
    ['models', 'pin', 'lstm@rrc00', '1'],
    ['models', 'prune'],
    ['rollback', 'lstm@rrc00'],
    ['accept', 'lstm@rrc00', '1'],
    ['retrain', 'lstm@rrc00'],
    ['approvals', 'approve', 'lstm@rrc00'],
    ['backup', 'file.gz'],
    ['rewind', 'rrc00'],
    ['test-retraining'],
  ])(
    '%s %s makes no database, and says what it looked for',
    async (...words) => {
      const elsewhere = await mkdtemp(join(folder, 'empty-'));
      const ended = await routewardenHere(words, {}, elsewhere);
      expect(ended.code).toBe(1);
      expect(ended.stderr + ended.stdout).toMatch(
        /there is no database here \(no settings file, own database in .*empty-/,
      );
      expect(await readdir(elsewhere)).toEqual([]);
    },
    20_000,
  );

  test('makes no tables either, and names settings and database without secrets', async () => {
    const bare = new URL(await database.createBare());
    const ended = await routewarden(['status'], { DATABASE_URL: bare.href });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('holds nothing of Routewarden yet');
    const file = join(folder, 'own.json');
    await writeFile(file, '{}');
    const named = await routewarden(['--config', file, 'status'], environment);
    expect(named.stderr).toContain(`settings file ${file}, database ${bare.host}/`);
    expect(named.stderr).not.toContain(`${bare.username}:`);
    expect(named.code).toBe(0);
  }, 20_000);
});

describe('wrong usage', () => {
  test.each([
    [['incidents', '--limit', 'abc'], /--limit "abc": expected a whole number from 1 to 1000$/m],
    [['incidents', '--limit', '0'], /limit/],
    [['incidents', '--class', 'hijak'], /--class "hijak": expected one or more of hijack/],
    [['incidents', '--as', 'x'], /--as "x": expected an AS number/],
    [['incidents', '--prefix', '192.0.2.0/33'], /--prefix .*expected a prefix/],
    [['incidents', '--since', 'yesterday'], /--since .*expected a time/],
    [['incidents', '--state', 'shut'], /--state/],
    [['incidents', '--colour', 'red'], /unknown option/],
    [['incidents', 'show', 'x'], /not a whole number/],
    [['models', 'runs', '--limit', 'abc'], /whole number from 1/],
    [['alerts', 'list', '--limit', '1.5'], /whole number from 1/],
    [['demo', '--port', 'abc'], /whole number from 0 to 65535/],
    [['demo', '--seed', '-1'], /whole number from 0/],
    [['evaluate', 'x.csv', '--seed', ''], /option seed: expected a whole number/],
    [['test-retraining', '--seed', 'x'], /whole number from 0/],
  ] as const)(
    '%j ends with 2 and says why',
    async (words, why) => {
      const ended = await run(...words);
      expect([ended.code, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(why);
    },
    20_000,
  );

  test('a retraining of a stream that there is not is refused, and leaves no model behind', async () => {
    const refused = await run('retrain', 'lstm@nope', '--detach');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('unknown stream nope');
    expect(jsonOf<{ models: object[] }>(await run('status', '--json')).models).toEqual([]);
  }, 30_000);

  test('queues that are in a Redis which the settings do not name are said in a sentence', async () => {
    const ended = await run('retrain', 'lstm@rrc00', '--detach');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('this database holds no queues: set REDIS_URL');
  }, 20_000);

  test('a replay that fails leaves no stream', async () => {
    const absent = await run('replay', join(folder, 'absent.gz'), '--stream', 'ghost');
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('no such file') });
    const unreadable = join(folder, 'directory');
    await mkdir(unreadable);
    expect((await run('replay', unreadable, '--stream', 'ghost')).code).toBe(1);
    const junk = join(folder, 'junk.jsonl');
    await writeFile(junk, 'hello\n');
    const played = await run('replay', junk, '--stream', 'junk');
    expect(played).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing in these files is an MRT record'),
    });
    const { rows } = await pool.query("SELECT 1 FROM streams WHERE name = 'ghost'");
    expect(rows).toEqual([]);
    // What has come into a stream is kept.
    await pool.query("INSERT INTO streams (name) VALUES ('kept')");
    await pool.query("INSERT INTO features (stream, minute, kind, values) VALUES ('kept', now(), 'gap', '{}')");
    expect(await forgetEmptyStream(pool, 'kept')).toBe(false);
    await pool.query("DELETE FROM features WHERE stream = 'kept'");
    expect(await forgetEmptyStream(pool, 'kept')).toBe(true);
  }, 20_000);
});

describe('incidents', () => {
  const ids = async (...words: string[]) =>
    jsonOf<{ incidents: { id: number }[] }>(await run('incidents', ...words, '--json')).incidents.map(({ id }) => id);

  test.each<[string[], number[]]>([
    [[], [3, 1, 2]],
    [
      ['--class', 'hijack,leak'],
      [3, 1],
    ],
    [['--severity', 'minor'], [2]],
    [
      ['--severity', 'minor+'],
      [3, 1, 2],
    ],
    [['--mine'], [1]],
    [
      ['--as', 'AS64500'],
      [3, 1, 2],
    ],
    [['--as', '64666', '--class', 'hijack'], [1]],
    [
      ['--prefix', '203.0.113.128/25'],
      [3, 1, 2],
    ],
    [['--prefix', '10.0.0.0/8'], []],
    [['--state', 'open'], [3]],
    [['--state', 'no-news'], [1]],
    [
      ['--state', 'resolved,open'],
      [3, 2],
    ],
    [
      ['--since', new Date(NOW - 200 * MINUTE).toISOString()],
      [3, 1],
    ],
    [
      ['--until', new Date(NOW - 10 * MINUTE).toISOString()],
      [1, 2],
    ],
    [
      ['--sort', 'severity'],
      [1, 3, 2],
    ],
    [['--limit', '1'], [3]],
  ])(
    '%j gives %j',
    async (words, expected) => {
      expect(await ids(...words)).toEqual(expected);
    },
    20_000,
  );

  test('those of an unknown stream are refused, with the names of those that are known', async () => {
    const ended = await run('incidents', '--stream', 'elsewhere');
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/unknown stream elsewhere \(known streams: .*rrc00/),
    });
  }, 20_000);

  test('one is shown, with times that other programs can read', async () => {
    const shown = await run('incidents', 'show', '1');
    expect(shown.stdout).toMatch(/^incident 1: critical hijack by AS64666 on rrc00\n/);
    expect(shown.stdout).toContain('No more news: its routes may still stand');
    const json = jsonOf<Record<string, unknown>>(await run('incidents', 'show', '1', '--json'));
    expect(json).toMatchObject({
      id: 1,
      subject: 'AS64666',
      state: 'no more news',
      mine: true,
      startedAt: new Date(HIJACK.from).toISOString(),
      endedAt: new Date(HIJACK.until).toISOString(),
    });
    expect((await run('incidents', 'show', '99')).code).toBe(1);
  }, 20_000);

  test('as CSV, quoted, and with no formula in it', async () => {
    const { stdout } = await run('incidents', '--csv');
    const [head, leak, hijack] = stdout.split('\r\n');
    expect(head).toMatch(/^id,stream,started_at,ended_at,state,severity,class,network,mine/);
    expect(leak).toContain(",'=1+1,");
    expect(hijack).toContain(`1,${STREAM},${new Date(HIJACK.from).toISOString()}`);
    expect(hijack).toContain('"AS64666, an unknown network, announces ""everything"""');
  }, 20_000);

  test('a stream that is none cannot be silenced', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const ended = await run('silences', 'add', '--stream', 'nosuch', '--until', until, '--reason', 'a slip');
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown stream nosuch (known streams: ') });
  }, 20_000);

  test('every time in status is ISO 8601', async () => {
    await pool.query(
      "INSERT INTO features (stream, minute, kind, values) VALUES ('rrc00', '2026-01-02T03:04Z', 'gap', '{}')",
    );
    const { streams } = jsonOf<{ streams: { stream: string; watermark: string }[] }>(await run('status', '--json'));
    expect(streams.find(({ stream }) => stream === 'rrc00')?.watermark).toBe('2026-01-02T03:04:00.000Z');
  }, 20_000);
});

test('completion knows the streams, model keys and versions of the database', async () => {
  await pool.query(
    `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
       format, code_version, fencing_token) SELECT 'lstm@rrc00', 'lstm', 'rrc00', n, 'published', now(), now(), 1, 1, 1, 1, '', 1
     FROM generate_series(1, 2) n`,
  );
  const { stdout: script } = await run('completion', 'bash');
  const wrapper = join(folder, 'routewarden');
  await writeFile(wrapper, `#!/bin/sh\nexec "${process.execPath}" "${resolve('bin', 'routewarden.js')}" "$@"\n`, {
    mode: 0o755,
  });
  const lines = [
    ['retrain', 'lstm'],
    ['rollback', 'lstm@rrc00', ''],
    ['models', 'compare', 'lstm@rrc00', '1', ''],
    ['incidents', '--stream', 'rrc'],
  ];
  const asked = lines.map((words) => {
    const line = [wrapper, ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _routewarden; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout } = spawnSync('bash', ['--norc', '-c', `${script}\n${asked.join('\n')}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...environment },
  });
  expect(stdout.split('\n').slice(0, 4)).toEqual(['lstm@rrc00', '2 1', '2 1', 'rrc00']);
}, 30_000);

test('a reader that has seen enough gives no stack trace', async () => {
  const program = resolve('bin', 'routewarden.js');
  const child = spawn('/bin/sh', ['-c', `"${process.execPath}" "${program}" features --catalogue | head -c 1`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await new Promise((done) => child.once('close', done));
  expect(said).toBe('');
}, 20_000);
