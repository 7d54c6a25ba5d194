import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import type { Notice } from '../../src/incidents/alerts/alert.js';
import type { AlertChannel } from '../../src/incidents/alerts/channels/channel.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import { silenceRequest } from '../../src/incidents/alerts/silence.js';
import { correlateNext } from '../../src/incidents/correlationStep.js';
import { historyBefore } from '../../src/incidents/history.js';
import type { Incident, IncidentChange } from '../../src/incidents/incident.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { storeFindings } from '../../src/incidents/storeFindings.js';
import { listAlerts } from '../../src/storage/alerts.js';
import { acknowledge } from '../../src/storage/incidentMarks.js';
import { listIncidents } from '../../src/storage/incidents.js';
import { inTransaction } from '../../src/storage/pool.js';
import { addSilence, endSilence } from '../../src/storage/silences.js';
import { contextOf, correlated, quietMinute, story } from '../incidents/minutes.js';
import { routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const OWN = '192.0.2.0/24';
const MINUTE = 60_000;
let database: TestDatabase;
let pool: Pool;
let clock = 0;
const now = () => new Date(clock);

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
}, 60_000);
afterAll(async () => {
  await database.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE features, verdicts, incidents, alerts, cursors, silences, streams');
});

async function store(minutes: readonly MinuteInput[]): Promise<void> {
  for (const { minute, values, evidence } of minutes) {
    await pool.query(
      `INSERT INTO features (stream, minute, kind, values, evidence)
       VALUES ('rrc00', to_timestamp($1::bigint * 60), 'observed', $2, $3)`,
      [minute, Array.from(values), JSON.stringify(evidence)],
    );
  }
}

const taken = (minute: number, prefix: string, origin = 64_666): MinuteInput => {
  const quiet = quietMinute(minute);
  const route = { prefix, origin, previousOrigins: [64_500], peers: 6, path: [64_301, 64_400, origin] };
  return { ...quiet, evidence: { ...quiet.evidence!, newOrigins: [route] } };
};

/** Correlates what is stored, with `history` as the first minute that is not history. */
async function correlate(history = Number.NEGATIVE_INFINITY): Promise<void> {
  const context = contextOf({}, { prefixes: [OWN, '2001:db8::/32'] });
  const options = { ...context, batch: 50, now, historyBefore: () => history };
  while ((await correlateNext(pool, 'rrc00', options)).minutes > 0);
}

class Recorder implements AlertChannel {
  readonly name = 'pager';
  readonly notices: Notice[] = [];
  async send(notices: readonly Notice[]): Promise<void> {
    this.notices.push(...notices);
  }
  async close(): Promise<void> {}
  get said(): string[] {
    return this.notices.map(({ phase, alert }) => `${phase}: ${alert.title}`);
  }
}

async function deliver(pager: Recorder, settings: object = {}): Promise<void> {
  const parsed = alertSettings.parse({
    channels: [{ type: 'file', name: 'pager', path: 'unused' }],
    groupSeconds: 0,
    ...settings,
  });
  const log = { warn: () => {} };
  await new AlertOutbox({ pool, settings: parsed, channels: [pager], now, random: () => 0, log }).deliverDue();
}

test('silence is no all-clear: a hijack that nothing was heard of says so, and what is yours comes first', async () => {
  await store(story(300, [taken(1100, OWN)]));
  const pager = new Recorder();
  await correlate();
  await deliver(pager);
  // It was closed before anybody could be told: one notice, and no all-clear.
  expect(pager.said).toEqual([`no more news: your ${OWN}: hijack by AS64666 on rrc00`]);
  const [alert] = await listAlerts(pool);
  expect(alert!.body.lines[0]).toBe('No more news: its routes may still stand');
  expect(alert!.body.lines.at(-1)).toMatch(/^what to do: .*announce 192\.0\.2\.0\/24 yourself.*AS64666/);
  const [incident] = await listIncidents(pool);
  expect(alert!.body.facts).toMatchObject({ incident: incident!.id, subject: 'AS64666', ending: 'no more news' });
});

test('routes that were withdrawn end it for good', async () => {
  const quiet = quietMinute(1110);
  const ended = [{ prefix: OWN, origin: 64_666 }];
  await store(story(200, [taken(1100, OWN), { ...quiet, evidence: { ...quiet.evidence!, ended } as never }]));
  const pager = new Recorder();
  await correlate();
  await deliver(pager);
  expect(pager.said).toEqual([`resolved: your ${OWN}: hijack by AS64666 on rrc00`]);
});

describe('history', () => {
  test('a backfill and a replay are listed, and told to nobody', async () => {
    await store(story(300, [taken(1100, OWN)]));
    const pager = new Recorder();
    await correlate(2000);
    await deliver(pager);
    expect(pager.said).toEqual([]);
    expect((await listIncidents(pool))[0]).toMatchObject({ severity: 'critical', detail: { history: true } });
    expect((await listAlerts(pool))[0]).toMatchObject({ body: { history: true }, delivered: { done: true } });
  });

  test('what began in history and still goes on now is told, once, and its end too', async () => {
    const minutes = story(300, [taken(1100, OWN)]);
    await store(minutes.slice(0, 120));
    const pager = new Recorder();
    await correlate(1150);
    await deliver(pager);
    expect(pager.said).toEqual([]);
    await store(minutes.slice(120, 155));
    await correlate(1150);
    await deliver(pager);
    await deliver(pager);
    expect(pager.said).toEqual([`raised: your ${OWN}: hijack by AS64666 on rrc00`]);
    expect((await listIncidents(pool))[0]!.detail.history).toBeUndefined();
    await store(minutes.slice(155));
    await correlate(1150);
    await deliver(pager);
    expect(pager.said.slice(1)).toEqual([`no more news: your ${OWN}: hijack by AS64666 on rrc00`]);
  });

  test('what another stage found in history and changes no more is told when the feed has caught up', async () => {
    const [incident] = correlated(story(105, [taken(1100, OWN)]), contextOf({}, { prefixes: [OWN] })).incidents;
    const found: Incident = {
      ...incident!,
      subject: 'AS64666 origin',
      detail: { ...incident!.detail, openedBy: 'watch' },
    };
    const changes: IncidentChange[] = [{ type: 'opened', minute: 1100, incident: found }];
    const options = { ...contextOf(), now, historyBefore: () => 1150 };
    await inTransaction(pool, (client) =>
      storeFindings(client, 'rrc00', { incidents: [found], changes, until: 1104 }, options),
    );
    const pager = new Recorder();
    await deliver(pager);
    expect(pager.said).toEqual([]);
    await store(story(140, []));
    await correlate(1150);
    await deliver(pager);
    expect(pager.said).toEqual([]);
    await store(story(160, []).slice(140));
    await correlate(1150);
    await deliver(pager);
    await deliver(pager);
    expect(pager.said).toEqual([`raised: your ${OWN}: hijack by AS64666 on rrc00`]);
  });

  test('is what is replayed, or an hour behind a live feed; a simulation has none', () => {
    const at = new Date(2000 * MINUTE);
    const settings = (clock: 'wall' | 'feed', history = false) => ({
      streams: [{ name: 'live' }, { name: 'old', replay: true }],
      feed: { clock },
      alerts: alertSettings.parse({ history }),
    });
    expect(historyBefore(settings('wall'), 'live', at)).toBe(1940);
    expect(historyBefore(settings('wall'), 'old', at)).toBe(Number.POSITIVE_INFINITY);
    expect(historyBefore(settings('feed'), 'live', at)).toBe(Number.NEGATIVE_INFINITY);
    expect(historyBefore(settings('wall', true), 'old', at)).toBe(Number.NEGATIVE_INFINITY);
  });
});

test('an acknowledged incident is told of no more while it grows, and again once the acknowledgement is gone', async () => {
  const minutes = story(200, [taken(1100, OWN), taken(1105, '2001:db8:1::/48'), taken(1110, '2001:db8:2::/48')]);
  await store(minutes.slice(0, 103));
  const pager = new Recorder();
  await correlate();
  await deliver(pager);
  const [incident] = await listIncidents(pool);
  await acknowledge(pool, incident!.id, 'ann');
  await store(minutes.slice(103, 108));
  await correlate();
  await deliver(pager);
  expect(pager.said).toHaveLength(1);
  await pool.query('UPDATE incidents SET acknowledged_by = NULL');
  await store(minutes.slice(108, 112));
  await correlate();
  await deliver(pager);
  expect(pager.said.slice(1)).toEqual([`grown: your ${OWN} and 2 more: hijack by AS64666 on rrc00`]);
});

describe('silences', () => {
  const silence = (request: object) =>
    addSilence(
      pool,
      silenceRequest.parse({ endsAt: new Date(clock + 60 * MINUTE).toISOString(), reason: 'works', ...request }),
      'ann',
      now(),
    );
  const open = async (prefix = OWN) => {
    await store(story(105, [taken(1100, prefix)]));
    await correlate();
  };
  beforeEach(() => {
    clock = Date.parse('2026-01-01T12:00:00Z');
  });

  test.each([
    ['its prefix', { prefix: '192.0.0.0/16' }],
    ['its network', { asNumber: 64_666 }],
    ['its class', { class: 'hijack' }],
    ['its stream', { stream: 'rrc00' }],
    ['all together', { prefix: OWN, asNumber: 64_666, class: 'hijack', stream: 'rrc00' }],
  ])('hold back what has %s, and let it go when they end', async (_what, request) => {
    await silence(request);
    await open();
    const pager = new Recorder();
    await deliver(pager);
    clock += 59 * MINUTE;
    await deliver(pager);
    expect(pager.said).toEqual([]);
    clock += MINUTE;
    await deliver(pager);
    expect(pager.said).toEqual([`raised: your ${OWN}: hijack by AS64666 on rrc00`]);
  });

  test.each([
    ['another prefix', { prefix: '198.51.100.0/24' }],
    ['a part of it', { prefix: '192.0.2.0/25' }],
    ['another network', { asNumber: 64_667 }],
    ['another class', { class: 'outage' }],
    ['one field that does not fit', { prefix: OWN, stream: 'rrc01' }],
  ])('hold nothing back for %s', async (_what, request) => {
    await silence(request);
    await open();
    const pager = new Recorder();
    await deliver(pager);
    expect(pager.said).toHaveLength(1);
  });

  test('a maintenance window begins later; one that is ended early lets go at once', async () => {
    const planned = await silence({ prefix: OWN, startsAt: new Date(clock + 30 * MINUTE).toISOString() });
    await open();
    const before = new Recorder();
    await deliver(before);
    expect(before.said).toHaveLength(1);
    await pool.query('UPDATE alerts SET delivered = \'{"done": false}\'');
    clock += 40 * MINUTE;
    const during = new Recorder();
    await deliver(during);
    expect(during.said).toEqual([]);
    expect(await endSilence(pool, planned.id, now())).toBe(true);
    expect(await endSilence(pool, planned.id, now())).toBe(false);
    await deliver(during);
    expect(during.said).toHaveLength(1);
  });

  test('what was over before the silence ended is told to nobody', async () => {
    await silence({ prefix: OWN });
    await store(story(300, [taken(1100, OWN)]));
    await correlate();
    const pager = new Recorder();
    await deliver(pager);
    clock += 90 * MINUTE;
    await deliver(pager);
    expect(pager.said).toEqual([]);
  });

  test('are made, listed and ended by command, and stand in the audit', async () => {
    const environment = { DATABASE_URL: database.url };
    const run = (...words: string[]) => routewarden(['silences', ...words], environment);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    expect((await run('add', '--until', until, '--reason', 'all')).code).toBe(2);
    expect((await run('add', '--prefix', '192.0.2.0/33', '--until', until, '--reason', 'x')).code).toBe(2);
    expect((await run('add', '--as', 'AS1', '--until', 'tomorrow', '--reason', 'x')).stderr).toMatch(
      /--until takes a time/,
    );
    const added = await run('add', '--as', 'AS64500', '--until', until, '--reason', 'router swap', '--json');
    const { silence } = JSON.parse(added.stdout);
    expect(silence).toMatchObject({ asNumber: 64_500, reason: 'router swap', endsAt: until });
    expect((await run('list')).stdout).toMatch(/now +AS64500 .*router swap/);
    expect((await run('end', String(silence.id))).code).toBe(0);
    expect((await run('end', String(silence.id))).code).toBe(1);
    const { rows } = await pool.query('SELECT action FROM audit ORDER BY id');
    expect(rows.map(({ action }) => action)).toEqual(['silence', 'end silence', 'end silence failed']);
  }, 60_000);
});
