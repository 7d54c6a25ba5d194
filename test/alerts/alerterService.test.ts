import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { packageRoot } from '../../src/config/paths.js';
import { settingsSchema } from '../../src/config/settings.js';
import { listAlerts } from '../../src/storage/alerts.js';
import { routewardenHere } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Facts } from './facts.js';
import { httpReceiver, type Receiver, smtpReceiver, syslogReceiver } from './receivers.js';

const SECRETS = [
  'path-secret-hook',
  'signing-secret-1',
  'Bearer header-secret',
  'mail-secret-pass',
  'slack-secret-path',
];

let folder: string;
let database: TestDatabase;
let pool: Pool;
let facts: Facts;
let hook: Receiver;
let chat: Receiver;
let mail: Receiver;
let log: Receiver;
let settings: object;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-alerter-'));
  const dataDirectory = join(folder, 'data');
  database = await openTestDatabase();
  ({ pool } = database);
  facts = new Facts(pool);
  [hook, chat, mail, log] = await Promise.all([httpReceiver(), httpReceiver(), smtpReceiver(), syslogReceiver()]);
  settings = {
    dataDirectory,
    feed: { clock: 'feed' },
    logLevel: 'debug',
    alerts: {
      channels: [
        {
          type: 'webhook',
          name: 'hook',
          url: `http://127.0.0.1:${hook.port}/${SECRETS[0]}`,
          secret: SECRETS[1],
          headers: { Authorization: SECRETS[2] },
        },
        { type: 'slack', name: 'chat', url: `http://127.0.0.1:${chat.port}/${SECRETS[4]}` },
        {
          type: 'email',
          name: 'mail',
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          user: 'warden',
          password: SECRETS[3],
          from: 'warden@example.net',
          to: ['noc@example.net'],
        },
        { type: 'syslog', name: 'log', port: log.port },
        { type: 'file', name: 'archive', path: join(folder, 'alerts.jsonl') },
      ],
      routes: [
        { channels: ['hook', 'mail', 'log', 'archive'], minimumSeverity: 'minor' },
        { channels: ['chat'], minimumSeverity: 'major' },
      ],
      groupSeconds: 0,
      retry: { firstSeconds: 0.5 },
    },
  };
}, 60_000);

afterAll(async () => {
  for (const receiver of [hook, chat, mail, log]) receiver.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(() => facts.clear());

function startAlerter(): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const whole = settingsSchema.parse({ ...settings, databaseUrl: database.url });
  const child = spawn(process.execPath, [join(packageRoot, 'dist/program/alerter.js')], {
    env: { PATH: process.env.PATH, ROUTEWARDEN_SETTINGS: JSON.stringify(whole) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { child, output: () => output, ended };
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const phases = (receiver: Receiver) =>
  receiver.messages.flatMap((text) =>
    JSON.parse(text).alerts.map(({ phase, kind }: { phase: string; kind: string }) => `${phase} ${kind}`),
  );

describe('the alerter as a process', () => {
  test('tells every channel that is to hear, tries again, survives a kill, and lets no secret out', async () => {
    hook.failing = true;
    await facts.driftReport('drifted', 'scores moved by 30 %');
    const first = startAlerter();
    const path = join(folder, 'alerts.jsonl');
    try {
      await until('four channels', async () => {
        const [alert] = await listAlerts(pool);
        const states = Object.values(alert?.delivered.channels ?? {}).map(({ state }) => state);
        return states.filter((state) => state === 'sent').length === 3 && states.includes('waiting');
      });
      const [alert] = await listAlerts(pool);
      expect(alert!.delivered.channels!.hook!.error).toMatch(/answered 503: cannot take it at \/?\(hidden\)/);
    } finally {
      first.child.kill('SIGKILL');
    }
    await first.ended;
    expect(mail.messages[0]).toMatch(/^Subject: \[minor\] lstm@rrc00 has drifted/m);
    expect(log.messages[0]).toMatch(/^<132>1 .* drift \[routewarden@32473 .*scores moved by 30 %/);

    hook.failing = false;
    const second = startAlerter();
    try {
      await until('the webhook', () => phases(hook).length === 1);
      await facts.driftReport('stable');
      await until('the end', () => phases(hook).length === 2 && mail.messages.length === 2);
      await facts.failures(3, true);
      await until('the chat', () => chat.messages.length === 1);
      await until('all', async () => (await listAlerts(pool)).every(({ delivered }) => delivered.done === true));
    } finally {
      second.child.kill('SIGTERM');
    }
    expect(await second.ended).toBe(0);
    expect(phases(hook)).toEqual(['raised drift', 'resolved drift', 'raised retrain failing']);
    expect(mail.messages).toHaveLength(3);
    expect(log.messages).toHaveLength(3);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).phase)).toEqual(['raised', 'resolved', 'raised']);
    expect(JSON.parse(chat.messages[0]!).text).toBe('[major] retraining of lstm@rrc00 fails');

    const stored = JSON.stringify((await pool.query('SELECT * FROM alerts')).rows);
    expect(first.output()).toContain('alerts not delivered');
    for (const secret of SECRETS) {
      for (const text of [first.output(), second.output(), stored]) expect(text).not.toContain(secret);
    }
  }, 120_000);
});

describe('routewarden', () => {
  async function routewarden(change: object, ...words: string[]) {
    const file = join(folder, 'settings.json');
    await writeFile(file, JSON.stringify({ ...settings, ...change }));
    const ended = await routewardenHere(['--config', file, ...words], { DATABASE_URL: database.url });
    return {
      out: ended.stdout,
      err: ended.stderr,
      code: ended.code,
      json: () => JSON.parse(ended.stdout.trimEnd().split('\n').at(-1)!),
    };
  }

  test('alerts test sends through one channel or all, and says what failed', async () => {
    const sent = mail.messages.length;
    const one = await routewarden({}, 'alerts', 'test', 'mail', '--json');
    expect([one.code, one.json()]).toEqual([
      0,
      { channels: [{ channel: 'mail', type: 'email', ok: true, error: null }] },
    ]);
    expect(mail.messages.slice(sent)).toEqual([expect.stringContaining('test alert of Routewarden')]);

    hook.failing = true;
    const all = await routewarden({}, 'alerts', 'test', '--json');
    hook.failing = false;
    expect(all.code).toBe(1);
    expect(all.json().channels.map(({ channel, ok }: { channel: string; ok: boolean }) => [channel, ok])).toEqual([
      ['hook', false],
      ['chat', true],
      ['mail', true],
      ['log', true],
      ['archive', true],
    ]);
    expect(all.err).toContain('answered 503');
    for (const secret of SECRETS) expect(`${all.out}${all.err}`).not.toContain(secret);

    const none = await routewarden({}, 'alerts', 'test', 'pager');
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringMatching(/no channel is named "pager": there are hook, chat/),
    ]);
  }, 60_000);

  test('alerts list shows what is open and who was told', async () => {
    await pool.query(
      `INSERT INTO alerts (fingerprint, kind, severity, title, body, delivered)
       VALUES ('drift/x', 'drift', 'minor', 'x has drifted', '{"lines": ["why"], "revision": 1, "times": 1}',
         '{"done": true, "channels": {"mail": {"state": "sent", "revision": 1, "resolved": false, "attempts": 0}}}')`,
    );
    const json = (await routewarden({}, 'alerts', 'list', '--json')).json();
    expect(json.alerts).toMatchObject([
      { kind: 'drift', state: 'open', lines: ['why'], channels: { mail: { state: 'sent' } }, resolved_at: null },
    ]);
    const table = await routewarden({}, 'alerts', 'list', '--open');
    expect(table.out).toMatch(/open +minor +drift +x has drifted +mail: sent/);
    expect((await routewarden({}, 'alerts', 'list', '--limit', 'x')).code).toBe(2);
  }, 60_000);

  test('config hides tokens, passwords and the addresses of channels', async () => {
    const dashboard = { token: 'dashboard-secret-token' };
    const rpki = { vrps: 'https://user:rpki-secret@rpki.example.net/vrps.json?token=query-secret' };
    const shown = await routewarden({ dashboard, rpki }, 'config', '--json');
    const plain = await routewarden({ dashboard, rpki }, 'config');
    expect([shown.code, plain.code]).toEqual([0, 0]);
    for (const secret of [...SECRETS, 'dashboard-secret-token', 'rpki-secret', 'query-secret']) {
      expect(shown.out).not.toContain(secret);
      expect(plain.out).not.toContain(secret);
    }
    const channels = shown.json().settings.find(({ path }: { path: string }) => path === 'alerts.channels').value;
    expect(JSON.parse(channels)[0]).toMatchObject({
      name: 'hook',
      url: `http://127.0.0.1:${hook.port}/(hidden)`,
      secret: '(hidden)',
      headers: { Authorization: '(hidden)' },
    });
    expect(new URL(database.url).password).not.toBe('');
    expect(shown.out).not.toContain(new URL(database.url).password);
  }, 60_000);
});
