import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import type { AlertRequest, Notice } from '../../src/incidents/alerts/alert.js';
import { AlertStep } from '../../src/incidents/alerts/alertStep.js';
import { beat } from '../../src/incidents/alerts/heartbeat.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import { silenceRequest } from '../../src/incidents/alerts/silence.js';
import { paragraphs } from '../../src/incidents/alerts/words.js';
import { raiseAlertAlone, resolveAlert } from '../../src/storage/alerts.js';
import { acknowledge, unacknowledge } from '../../src/storage/incidentMarks.js';
import { addSilence } from '../../src/storage/silences.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let pool: Pool;
let clock = 0;
const now = () => new Date(clock);
const HOUR = 3_600_000;
const log = { info: () => {}, warn: () => {} };

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
}, 60_000);
afterAll(() => database.close());
beforeEach(async () => {
  await pool.query('TRUNCATE incidents, alerts, silences');
  clock = Date.parse('2026-01-01T00:00:00Z');
});

const request = (fingerprint: string, more: Partial<AlertRequest> = {}): AlertRequest => ({
  fingerprint,
  kind: 'incident opened',
  severity: 'critical',
  title: fingerprint,
  lines: ['what to do: call'],
  ...more,
});

/** An alerter with a channel that keeps what it is sent. */
function alerter(settings: object): { look: (hours: number) => Promise<string[]>; notices: Notice[] } {
  const parsed = alertSettings.parse({
    channels: [{ type: 'file', name: 'pager', path: 'unused' }],
    groupSeconds: 0,
    ...settings,
  });
  const notices: Notice[] = [];
  const send = async (sent: readonly Notice[]) => void notices.push(...sent);
  const channels = [{ name: 'pager', send, close: async () => {} }];
  const outbox = new AlertOutbox({ pool, settings: parsed, channels, now, random: () => 0, log });
  const step = new AlertStep({
    pool,
    outbox,
    now,
    watches: [],
    remindMinutes: parsed.remindMinutes,
    lookSeconds: 1,
    log,
    rounds: { failed: () => {}, went: () => {} },
  });
  return {
    notices,
    look: async (hours) => {
      clock += hours * HOUR;
      const from = notices.length;
      while (await step.step());
      return notices.slice(from).map(({ phase, alert }) => `${phase}: ${alert.title}`);
    },
  };
}

test('what is still open is sent again after a day, until it ends, and each time with a key of its own', async () => {
  const { look, notices } = alerter({});
  await raiseAlertAlone(pool, request('a'), now());
  expect(await look(0)).toEqual(['raised: a']);
  expect(await look(23)).toEqual([]);
  expect(await look(2)).toEqual(['reminder: a']);
  expect(await look(1)).toEqual([]);
  expect(await look(24)).toEqual(['reminder: a']);
  expect(paragraphs(notices[1]!)[0]).toBe('[critical] still open: a');
  expect(new Set(notices.map(({ alert }) => alert.body.revision)).size).toBe(3);
  await resolveAlert(pool, 'a', now());
  expect(await look(30)).toEqual(['resolved: a']);
  expect(await look(30)).toEqual([]);
});

test('an event, history, and what nobody was to hear are not', async () => {
  const { look } = alerter({ remindMinutes: 60 });
  await raiseAlertAlone(pool, request('event', { kind: 'rollback', once: true }), now());
  await raiseAlertAlone(pool, request('history', { history: true }), now());
  await raiseAlertAlone(pool, request('small', { severity: 'info' }), now());
  expect(await look(0)).toEqual(['raised: event']);
  expect(await look(5)).toEqual([]);
});

test('none are sent with `remindMinutes` 0', async () => {
  const { look } = alerter({ remindMinutes: 0 });
  await raiseAlertAlone(pool, request('a'), now());
  expect(await look(0)).toEqual(['raised: a']);
  expect(await look(999)).toEqual([]);
});

test('somebody who acknowledges the incident stops them, and starts them again by taking it back', async () => {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO incidents (stream, subject, started_at, last_minute, peak_minute, peak_score, severity, class, reasons, models, culprits, detail)
     VALUES ('s', 'AS64666', $1, $1, $1, 0, 'critical', 'hijack', '[]', '{watch}', '{}', '{}') RETURNING id`,
    [now()],
  );
  const incident = Number(rows[0]!.id);
  const { look } = alerter({ remindMinutes: 60 });
  await raiseAlertAlone(pool, request('a', { facts: { incident } }), now());
  expect(await look(0)).toEqual(['raised: a']);
  await acknowledge(pool, incident, 'ann');
  expect(await look(2)).toEqual([]);
  await unacknowledge(pool, incident);
  expect(await look(1)).toEqual(['reminder: a']);
});

test('the end of what was sent goes out at once, though a silence holds back the rest', async () => {
  const { look } = alerter({ remindMinutes: 60 });
  const about = { stream: 's', facts: { watchedPrefixes: '192.0.2.0/24' } };
  await raiseAlertAlone(pool, request('a', about), now());
  expect(await look(0)).toEqual(['raised: a']);
  const endsAt = new Date(clock + 9 * HOUR).toISOString();
  await addSilence(pool, silenceRequest.parse({ stream: 's', endsAt, reason: 'works' }), 'ann', now());
  await raiseAlertAlone(pool, request('b', about), now());
  await raiseAlertAlone(pool, request('a', { ...about, grown: true }), now());
  expect(await look(2)).toEqual([]);
  await resolveAlert(pool, 'a', now());
  expect(await look(0.1)).toEqual(['resolved: a']);
  expect(await look(8)).toEqual(['raised: b']);
});

test('the heartbeat is sent while all is well, and not while a feed, a service or a stage is not', async () => {
  const asked: string[] = [];
  let status = 200;
  const server = createServer((message, response) => {
    asked.push(`${message.method} ${message.url}`);
    response.writeHead(status).end('ok');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/abc`;
  try {
    expect(await beat(pool, { url, method: 'GET', intervalSeconds: 300 })).toBe(true);
    expect(await beat(pool, { url, method: 'POST', intervalSeconds: 300 })).toBe(true);
    await raiseAlertAlone(pool, request('feed stale/rrc00', { kind: 'feed stale' }), now());
    expect(await beat(pool, { url, method: 'GET', intervalSeconds: 300 })).toBe(false);
    await resolveAlert(pool, 'feed stale/rrc00', now());
    // an incident of the Internet is nothing that ails the system
    await raiseAlertAlone(pool, request('incident/rrc00/x'), now());
    expect(await beat(pool, { url, method: 'GET', intervalSeconds: 300 })).toBe(true);
    expect(asked).toEqual(['GET /ping/abc', 'POST /ping/abc', 'GET /ping/abc']);
    status = 503;
    await expect(beat(pool, { url, method: 'GET', intervalSeconds: 300 })).rejects.toThrow(
      /^127\.0\.0\.1:\d+ answered 503 to the heartbeat$/,
    );
  } finally {
    server.close();
  }
});
