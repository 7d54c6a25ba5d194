import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { checkAlerts } from '../../src/cli/doctorChecks.js';
import { secretHider } from '../../src/config/redaction.js';
import { settingsSchema } from '../../src/config/settings.js';
import { AlertStep } from '../../src/incidents/alerts/alertStep.js';
import type { AlertChannel } from '../../src/incidents/alerts/channels/channel.js';
import { Refused } from '../../src/incidents/alerts/channels/post.js';
import { openChannels } from '../../src/incidents/alerts/openChannels.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { Rounds } from '../../src/services/rounds.js';
import { claimDueAlerts, listAlerts, raiseAlertAlone } from '../../src/storage/alerts.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { httpReceiver, type Receiver, tarpit } from './receivers.js';

let database: TestDatabase;
let pool: Pool;
let hook: Receiver;
let mail: Awaited<ReturnType<typeof tarpit>>;

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
  [hook, mail] = await Promise.all([httpReceiver(), tarpit()]);
}, 60_000);
afterAll(async () => {
  hook.close();
  mail.close();
  await database.close();
});
beforeEach(() => pool.query('DELETE FROM alerts'));

const stale = (name: string) => ({
  fingerprint: `feed stale/${name}`,
  kind: 'feed stale' as const,
  severity: 'critical' as const,
  title: name,
  lines: ['no message for 5 minutes'],
});

function settings() {
  return settingsSchema.parse({
    alerts: {
      channels: [
        { type: 'webhook', name: 'hook', url: `http://127.0.0.1:${hook.port}/` },
        {
          type: 'email',
          name: 'mail',
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          from: 'warden@example.net',
          to: ['noc@example.net'],
        },
      ],
      groupSeconds: 0,
      retry: { firstSeconds: 0.1, longestSeconds: 1, attempts: 3 },
    },
  });
}

test('a mail server that drips lines holds up no other channel, is cut off, and doctor names it', async () => {
  const all = settings();
  const channels = openChannels(all.alerts.channels);
  const outbox = new AlertOutbox({
    pool,
    settings: all.alerts,
    channels,
    now: () => new Date(),
    random: () => 0,
    log: { warn: () => {} },
    trySeconds: 4,
  });
  await raiseAlertAlone(pool, stale('a'), new Date());
  await outbox.deliverDue();
  expect(hook.messages).toHaveLength(1);
  expect(mail.connections()).toBe(1);
  // While the mail is stuck, what comes next is told by the other channel at once.
  await raiseAlertAlone(pool, stale('b'), new Date());
  await outbox.deliverDue();
  expect(hook.messages).toHaveLength(2);
  expect(mail.connections()).toBe(1);
  expect(await checkAlerts(pool, all)).toMatchObject({ ok: false, finding: expect.stringContaining('mail: ') });
  const fault = async () => (await listAlerts(pool)).map(({ delivered }) => delivered.channels!.mail!.error ?? '');
  while (!(await fault()).some((error) => error.includes('not through after 4 s in all'))) {
    await outbox.deliverDue();
    await new Promise((done) => setTimeout(done, 100));
  }
  // Given up after its tries, it is left alone; the connections that were cut are gone.
  while ((await listAlerts(pool)).some(({ delivered }) => delivered.channels!.mail!.state !== 'gave up')) {
    await outbox.deliverDue();
    await new Promise((done) => setTimeout(done, 100));
  }
  while (mail.connections() > 0) await new Promise((done) => setTimeout(done, 50));
  expect(hook.messages).toHaveLength(2);
  await outbox.close();
  await Promise.all(channels.map((channel) => channel.close()));
}, 120_000);

test('a secret is hidden in every spelling in which a server may repeat it', () => {
  const hide = secretHider({ channels: [{ user: 'warden', password: 'p&ss word/17' }] });
  const password = 'p&ss word/17';
  for (const before of ['', 'a', 'ab', '\0warden\0', 'user:']) {
    const echoed = `535 ${Buffer.from(`${before}${password}`).toString('base64')}`;
    const seen = hide(echoed).replace(/^535 /, '').replace('(hidden)', '');
    expect(Buffer.from(seen.replace(/=+$/, ''), 'base64').toString('latin1')).not.toContain('word');
  }
  expect(hide(`http://x/?${encodeURIComponent(password)}`)).not.toContain('word');
});

function boxOf(channel: AlertChannel, given: object = {}) {
  const parsed = settingsSchema.parse({
    alerts: {
      channels: [{ type: 'file', name: 'pager', path: '/nowhere' }],
      groupSeconds: 0,
      retry: { firstSeconds: 0.01, longestSeconds: 0.01, attempts: 50 },
    },
  }).alerts;
  const rounds = new Rounds(() => new Date());
  const outbox = new AlertOutbox({
    pool,
    settings: parsed,
    channels: [channel],
    now: () => new Date(),
    random: () => 0,
    log: { warn: () => {} },
    rounds,
    ...given,
  });
  return { outbox, rounds };
}

async function rounds(outbox: AlertOutbox, until: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    await outbox.deliverDue();
    if (await until()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited in vain: ${JSON.stringify((await listAlerts(pool)).map(({ delivered }) => delivered))}`);
}

test('a channel that does not heed its signal has one try under way, however long it takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'routewarden-fifo-'));
  const path = join(folder, 'pipe');
  // To open a FIFO that nobody reads blocks a thread, and no signal ends that.
  execFileSync('mkfifo', [path]);
  const channel = openChannels(
    settingsSchema.parse({ alerts: { channels: [{ type: 'file', name: 'pager', path }] } }).alerts.channels,
  )[0]!;
  let running = 0;
  let most = 0;
  const counted: AlertChannel = {
    name: 'pager',
    close: () => channel.close(),
    send: async (notices, signal) => {
      running += 1;
      most = Math.max(most, running);
      await channel.send(notices, signal).finally(() => {
        running -= 1;
      });
    },
  };
  const { outbox, rounds: told } = boxOf(counted, { trySeconds: 0.2 });
  await raiseAlertAlone(pool, stale('a'), new Date());
  const error = async () => (await listAlerts(pool))[0]!.delivered.channels?.pager?.error ?? '';
  const dueAgain = () =>
    pool.query(
      "UPDATE alerts SET delivered = (delivered #- '{channels,pager,nextAt}'::text[]) - 'dueAt'::text WHERE delivered->>'done' <> 'true'",
    );
  try {
    await rounds(outbox, async () => {
      // Due again at once, so that each round comes to the channel.
      await dueAgain();
      return (await error()).includes('a try that was cut off has not ended since');
    });
    for (let tries = 0; tries < 10; tries += 1) {
      await dueAgain();
      await outbox.deliverDue();
    }
    expect([running, most]).toEqual([1, 1]);
    expect(told.failing()).toMatchObject([{ what: 'channel pager' }]);
  } catch (error) {
    // A thread that waits for ever would keep this process from its end.
    execFileSync('cat', [path], { stdio: 'ignore' });
    throw error;
  }
  // When somebody reads it, the channel is well again.
  const reader = spawn('sh', ['-c', 'exec cat <> "$0" > /dev/null', path], { stdio: 'ignore' });
  await rounds(outbox, async () => {
    await dueAgain();
    return (await listAlerts(pool))[0]!.delivered.channels?.pager?.state === 'sent';
  });
  expect([running, most]).toEqual([0, 1]);
  expect(told.failing()).toEqual([]);
  reader.kill();
  await rm(folder, { recursive: true });
}, 60_000);

test('a notice that the receiver will not have spoils none of those beside it', async () => {
  const sent: string[] = [];
  const { outbox } = boxOf({
    name: 'pager',
    close: async () => {},
    send: async (notices) => {
      const titles = notices.map(({ alert }) => alert.title);
      if (titles.includes('poison')) throw new Refused('hook answered 400: no such thing', 400, null);
      sent.push(...titles);
    },
  });
  for (const name of ['a', 'poison', 'b', 'c']) await raiseAlertAlone(pool, stale(name), new Date());
  await rounds(outbox, () => sent.length >= 3);
  expect(sent.sort()).toEqual(['a', 'b', 'c']);
  const poisoned = (await listAlerts(pool)).find(({ title }) => title === 'poison')!;
  expect(poisoned.delivered.channels!.pager).toMatchObject({ state: 'waiting', alone: true });
}, 60_000);

test('an alert whose row cannot be read is set aside and told, and every other goes out', async () => {
  const sent: string[] = [];
  const { outbox } = boxOf({
    name: 'pager',
    close: async () => {},
    send: async (notices) => void sent.push(...notices.map(({ alert }) => alert.title)),
  });
  const bodies = ['null', '[]', '3', '"x"', '{"revision": "many", "facts": 5}'];
  for (const body of bodies)
    await pool.query(
      "INSERT INTO alerts (fingerprint, kind, severity, title, body) VALUES ($1::text, 'drift', 'critical', 'damaged', $1::text::jsonb)",
      [body],
    );
  await raiseAlertAlone(pool, stale('sound'), new Date());
  await rounds(outbox, () => sent.includes('sound') && sent.some((title) => title.includes('cannot be read')));
  const rows = await listAlerts(pool);
  const aside = rows.filter(({ delivered }) => delivered.error !== undefined);
  expect(aside.length).toBeGreaterThan(0);
  const left = rows.filter(({ delivered }) => delivered.done !== true);
  expect(left).toEqual([]);
  expect((await checkAlerts(pool, settings())).finding).toContain(`alert ${aside[0]!.id} cannot be read`);
});

test('a database that goes away in the middle of a round leaves no claim behind, and nothing goes out twice', async () => {
  const sent: string[] = [];
  let broken = true;
  // The statement that writes down what went out fails as when the server ends: by its own code, once.
  const failing = new Proxy(pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name);
      return (...given: Parameters<Pool['query']>) => {
        if (broken && String(given[0]).includes("(body->>'revision')::integer = $2")) {
          broken = false;
          return Promise.reject(Object.assign(new Error('terminating connection'), { code: '57P01' }));
        }
        return target.query(...given);
      };
    },
  });
  const channel: AlertChannel = {
    name: 'pager',
    close: async () => {},
    send: async (notices) => void sent.push(...notices.map(({ alert }) => alert.title)),
  };
  const { outbox } = boxOf(channel, { pool: failing });
  const step = new AlertStep({
    pool: failing,
    watches: [],
    outbox,
    now: () => new Date(),
    remindMinutes: 0,
    lookSeconds: 5,
    log: { info: () => {}, warn: () => {} },
    rounds: new Rounds(() => new Date()),
  });
  await raiseAlertAlone(pool, stale('a'), new Date());
  await expect(step.step()).rejects.toThrow('terminating connection');
  expect((await listAlerts(pool))[0]!.delivered.claimedUntil).toBeDefined();
  await step.step();
  await step.step();
  expect((await listAlerts(pool))[0]!.delivered).toMatchObject({ done: true, channels: { pager: { state: 'sent' } } });
  expect((await listAlerts(pool))[0]!.delivered.claimedUntil).toBeUndefined();
  expect(sent).toEqual(['a']);
});

test('what a clock that was ahead wrote holds nothing back once the clock is right', async () => {
  let now = new Date();
  const sent: string[] = [];
  let refuses = true;
  const channel: AlertChannel = {
    name: 'pager',
    close: async () => {},
    send: async (notices) => {
      if (refuses) throw new Error('away');
      sent.push(...notices.map(({ alert }) => alert.title));
    },
  };
  const { outbox } = boxOf(channel, { now: () => now });
  const right = now;
  now = new Date(right.getTime() + 3_600_000);
  // One fails while the clock is an hour ahead, one is taken by an outbox that dies, one is just raised; two are not urgent.
  await raiseAlertAlone(pool, stale('failed'), now);
  await outbox.deliverDue();
  await raiseAlertAlone(pool, stale('taken'), now);
  await claimDueAlerts(pool, now, 300, 10);
  await raiseAlertAlone(pool, { ...stale('raised'), severity: 'major' }, now);
  now = right;
  refuses = false;
  await outbox.deliverDue();
  expect(sent.sort()).toEqual(['failed', 'raised', 'taken']);
  await outbox.deliverDue();
  expect(sent).toHaveLength(3);
});

test('what an outbox was sending when it was killed is sent at once by the next one', async () => {
  const sent: string[] = [];
  const { outbox: killed } = boxOf({ name: 'pager', close: async () => {}, send: () => new Promise(() => {}) });
  await raiseAlertAlone(pool, stale('a'), new Date());
  await killed.deliverDue();
  expect((await listAlerts(pool))[0]!.delivered.channels!.pager).toMatchObject({ state: 'waiting', underWay: true });
  const { outbox: next } = boxOf({
    name: 'pager',
    close: async () => {},
    send: async (notices) => void sent.push(...notices.map(({ alert }) => alert.title)),
  });
  await next.deliverDue();
  expect(sent).toEqual([]);
  await next.takeOver();
  await next.deliverDue();
  expect(sent).toEqual(['a']);
});
