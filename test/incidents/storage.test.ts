import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import type { Notice } from '../../src/incidents/alerts/alert.js';
import type { AlertChannel } from '../../src/incidents/alerts/channels/channel.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import { correlateNext } from '../../src/incidents/correlationStep.js';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { listAlerts, raiseAlertAlone, resolveAlert } from '../../src/storage/alerts.js';
import { acknowledge, incidentIsOrdinary, noteIncident } from '../../src/storage/incidentMarks.js';
import { listIncidents, relatedIncidents } from '../../src/storage/incidents.js';
import { openTestDatabase } from '../support/database.js';
import { contextOf, gapMinute, loudMinute, quietMinute, story } from './minutes.js';

let pool: Pool;
let close: () => Promise<void>;

beforeAll(async () => ({ pool, close } = await openTestDatabase()));
afterAll(() => close());
beforeEach(async () => {
  await pool.query('TRUNCATE features, verdicts, incidents, alerts, cursors');
});

async function store(stream: string, minutes: readonly MinuteInput[]): Promise<void> {
  for (const { minute, gap, score, threshold, anomalous, votes, values, evidence } of minutes) {
    await pool.query(
      'INSERT INTO features (stream, minute, kind, values, evidence) VALUES ($1, to_timestamp($2::bigint * 60), $3, $4, $5)',
      [stream, minute, gap ? 'gap' : 'observed', gap ? [] : Array.from(values), JSON.stringify(evidence ?? {})],
    );
    if (score === null) continue;
    await pool.query(
      `INSERT INTO verdicts (stream, minute, score, threshold, anomalous, votes)
       VALUES ($1, to_timestamp($2::bigint * 60), $3, $4, $5, $6)`,
      [stream, minute, score, threshold, anomalous, JSON.stringify(votes)],
    );
  }
}

const reset = (minute: number) =>
  loudMinute(minute, {
    resets: [{ peer: '192.0.2.1', peerAs: 64_301, state: 'down' }],
    reannouncing: [{ peer: '192.0.2.1', peerAs: 64_301, routes: 40, of: 50 }],
  });
const lost = (minute: number) =>
  loudMinute(minute, {
    withdrawn: [1, 2, 3, 4, 5].map((n) => ({ prefix: `198.51.${n}.0/24`, peers: 6, peersBefore: 6, origin: 64_500 })),
  });
const options = (batch: number) => ({ ...contextOf(), batch, now: () => new Date('2026-01-01T00:00:00Z') });

describe('correlation over the database', () => {
  const minutes = story(260, [
    reset(1100),
    reset(1103),
    gapMinute(1104),
    gapMinute(1105),
    lost(1180),
    loudMinute(1181),
  ]);

  test.each([1000, 7])('batches of %i, each from what the database holds, give what one walk gives', async (batch) => {
    await store('rrc00', minutes);
    const changes = [];
    for (let step = await correlateNext(pool, 'rrc00', options(batch)); step.minutes > 0; ) {
      changes.push(...step.changes);
      step = await correlateNext(pool, 'rrc00', options(batch));
    }
    const whole = correlate(freshState('rrc00'), minutes, contextOf());
    const stored = (await listIncidents(pool)).reverse();
    expect(stored).toHaveLength(2);
    expect(stored.map(({ class: name }) => name)).toEqual(['session reset', 'outage']);
    expect(stored).toMatchObject(JSON.parse(JSON.stringify(whole.incidents)));
    expect(JSON.parse(JSON.stringify(changes))).toEqual(JSON.parse(JSON.stringify(whole.changes)));
    const alerts = await listAlerts(pool);
    expect(alerts.map(({ kind, resolvedAt }) => [kind, resolvedAt !== null])).toEqual([
      ['incident closed', true],
      ['incident closed', true],
    ]);
  });

  test('doubtful claims of the day are counted across batches', async () => {
    const network = { knownFor: 5000, degree: 2, carries: 0 };
    const claims = Array.from({ length: 27 }, (_, n) => ({
      prefix: `198.51.${n}.0/24`,
      origin: 601 + n,
      previousOrigins: [500],
      peers: 4,
      path: [64_300, 601 + n],
      facts: {
        ...{ origin: network, holder: network, adjacent: false, alike: 0, near: 0, shared: 0, originPrefixes: 5 },
        ...{ holderPrefixes: 5, heldFor: 5000, routes: 6, taken: 4, held: 0, reach: 6, above: 5, others: 0, parts: 0 },
      },
    }));
    const listed = claims.flatMap((claim, n) =>
      [0, 1].map((at) => {
        const quiet = quietMinute(1100 + 3 * n + at);
        return { ...quiet, evidence: { ...quiet.evidence!, known: 240_000, newOrigins: [claim] } };
      }),
    );
    await store('rrc00', story(260, listed));
    while ((await correlateNext(pool, 'rrc00', options(7))).minutes > 0);
    const { rows } = await pool.query('SELECT subject, severity FROM incidents ORDER BY started_at');
    expect(rows).toEqual(claims.slice(0, 24).map(({ origin }) => ({ subject: `AS${origin}`, severity: 'minor' })));
    expect(new Set((await listAlerts(pool)).map(({ severity }) => severity))).toEqual(new Set(['minor']));
  });

  test('waits for verdicts, and two correlators at once do the work once', async () => {
    await store('rrc00', [gapMinute(999), ...story(120, [lost(1100)]), { ...quietMinute(1120), score: null }]);
    const both = await Promise.all([
      correlateNext(pool, 'rrc00', options(500)),
      correlateNext(pool, 'rrc00', options(500)),
    ]);
    expect(both.map((step) => step.minutes).sort((a, b) => a - b)).toEqual([0, 121]);
    expect(await listIncidents(pool)).toHaveLength(1);
    expect(await listAlerts(pool)).toHaveLength(1);
  });

  test('routes are looked at before there is any model, watched or not, and verdicts once there is one', async () => {
    const blind = (input: MinuteInput): MinuteInput => ({ ...input, score: null, anomalous: false, votes: {} });
    const taken = {
      prefix: '192.0.2.0/24',
      origin: 64_666,
      previousOrigins: [64_500],
      peers: 6,
      path: [64_301, 64_666],
    };
    await store('rrc00', story(60, [loudMinute(1050, { newOrigins: [taken] })]).map(blind));
    await store('rrc01', story(60, [loudMinute(1050, { newOrigins: [{ ...taken, peers: 8 }] })]).map(blind));
    expect(await correlateNext(pool, 'rrc01', options(500))).toMatchObject({ minutes: 60, until: 1059 });
    expect(await listIncidents(pool)).toMatchObject([{ stream: 'rrc01', startedAt: 1050, class: 'hijack' }]);
    await pool.query('TRUNCATE incidents, alerts CASCADE');

    const watching = { ...options(500), watchList: contextOf({}, { prefixes: ['192.0.2.0/24'] }).watchList };
    expect(await correlateNext(pool, 'rrc00', watching)).toMatchObject({ minutes: 60, until: 1059 });
    expect(await listIncidents(pool)).toMatchObject([{ startedAt: 1050, class: 'hijack', severity: 'critical' }]);
    expect(await listAlerts(pool)).toMatchObject([{ kind: 'incident opened', body: { watched: true } }]);

    await pool.query(
      `INSERT INTO model_versions (id, model_key, kind, stream, version, state, data_from, data_until, samples, seed,
         threshold, format, code_version, fencing_token)
       VALUES (1, 'lstm@rrc00', 'lstm', 'rrc00', 1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1)`,
    );
    await pool.query(
      "INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', 1, to_timestamp(1060 * 60), 'first')",
    );
    await store('rrc00', [blind(quietMinute(1060))]);
    expect(await correlateNext(pool, 'rrc00', watching)).toMatchObject({ minutes: 0 });
    await store('rrc00', [quietMinute(1061)]);
    expect(await correlateNext(pool, 'rrc00', watching)).toMatchObject({ minutes: 2, until: 1061 });
    await pool.query('TRUNCATE activations, model_versions CASCADE');
  });

  test('an incident ends as the new normal when versions trained for its change serve, whatever the batches', async () => {
    const loud = Array.from({ length: 300 }, (_, at) => loudMinute(1100 + at));
    await store('rrc00', story(420, loud));
    await pool.query(
      `INSERT INTO model_versions (id, model_key, kind, stream, version, state, data_from, data_until, samples, seed,
         threshold, format, code_version, fencing_token, metrics)
       VALUES (7, 'heuristic@rrc00', 'heuristic', 'rrc00', 2, 'published', now(), now(), 1, 1, 1, 1, 'test', 1,
         '{"trigger": {"kind": "drift", "reportId": 31}, "regime": {"since": 1095, "until": 1290, "step": null}}')`,
    );
    await pool.query(
      "INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('heuristic@rrc00', 7, to_timestamp(1300 * 60), 'drift')",
    );
    while ((await correlateNext(pool, 'rrc00', options(90))).minutes > 0);
    const [after, before] = await listIncidents(pool);
    expect(before).toMatchObject({ startedAt: 1100, endedAt: 1300, detail: { closedBy: 'new normal' } });
    expect(before!.detail.adaptations).toEqual([
      { minute: 1300, kind: 'heuristic', model: 'heuristic@rrc00', version: 2, since: 1095, report: 31 },
    ]);
    expect(after).toMatchObject({ startedAt: 1300, endedAt: 1400, detail: { closedBy: 'quiet' } });
    await pool.query('TRUNCATE activations, model_versions CASCADE');
  });

  test('a version is linked to the incident of its change that had ended before', async () => {
    const loud = Array.from({ length: 400 }, (_, at) => loudMinute(1100 + at));
    const early = loudMinute(1020);
    await store('rrc00', story(900, [early, ...loud]));
    await pool.query(
      `INSERT INTO model_versions (id, model_key, kind, stream, version, state, data_from, data_until, samples, seed,
         threshold, format, code_version, fencing_token, metrics)
       VALUES (8, 'lstm@rrc00', 'lstm', 'rrc00', 3, 'published', now(), now(), 1, 1, 1, 1, 'test', 1,
         '{"trigger": {"kind": "drift", "reportId": 40}, "regime": {"since": 1110, "until": 1790, "step": null}}')`,
    );
    await pool.query(
      "INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', 8, to_timestamp(1800 * 60), 'drift')",
    );
    while ((await correlateNext(pool, 'rrc00', options(250))).minutes > 0);
    const [change, before] = await listIncidents(pool);
    expect(change).toMatchObject({ startedAt: 1100, endedAt: 1500, detail: { closedBy: 'quiet' } });
    expect(change!.detail.adaptations).toEqual([
      { minute: 1800, kind: 'lstm', model: 'lstm@rrc00', version: 3, since: 1110, report: 40 },
    ]);
    expect(before!.detail.adaptations).toBeUndefined();
    await pool.query('TRUNCATE activations, model_versions CASCADE');
  });

  test('a level that was accepted opens no other incident in later batches', async () => {
    const loud = Array.from({ length: 300 }, (_, at) => loudMinute(1100 + at));
    await store('rrc00', story(420, loud));
    const short = { ...options(40), ...contextOf({ maximumHours: 2 }) };
    while ((await correlateNext(pool, 'rrc00', short)).minutes > 0);
    const found = await listIncidents(pool);
    expect(found).toMatchObject([{ startedAt: 1100, endedAt: 1220, detail: { closedBy: 'length' } }]);
    expect(found[0]!.detail.accepted!.lastMinute).toBe(1399);
  });

  test('incidents of one event on two streams are related, and what people say stays', async () => {
    await store('rrc00', story(160, [lost(1100)]));
    await store('rrc04', story(160, [lost(1102)]));
    await correlateNext(pool, 'rrc00', options(500));
    await correlateNext(pool, 'rrc04', options(500));
    const [second, first] = await listIncidents(pool);
    expect([first!.stream, first!.relatedTo]).toEqual(['rrc00', null]);
    expect([second!.stream, second!.relatedTo]).toEqual(['rrc04', first!.id]);
    expect((await relatedIncidents(pool, second!.id)).map(({ id }) => id)).toEqual([first!.id, second!.id]);
    expect(await acknowledge(pool, first!.id, 'ann')).toBe(true);
    expect(await noteIncident(pool, first!.id, 'known')).toBe(true);
    expect(await incidentIsOrdinary(pool, first!.id, true)).toBe(true);
    expect(await noteIncident(pool, 999_999, 'x')).toBe(false);
    expect((await listIncidents(pool, { stream: 'rrc00' }))[0]).toMatchObject({
      acknowledgedBy: 'ann',
      note: 'known',
      ordinary: true,
    });
  });
});

class Recorder implements AlertChannel {
  readonly messages: string[][] = [];
  failing = false;

  constructor(readonly name: string) {}

  async send(notices: readonly Notice[]): Promise<void> {
    if (this.failing) throw new Error('out of order');
    this.messages.push(notices.map(({ phase, alert }) => `${phase} ${alert.title}`));
  }

  async close(): Promise<void> {}
}

describe('the outbox', () => {
  const start = Date.parse('2026-01-01T12:00:00Z');
  let clock = start;
  const now = () => new Date(clock);
  const channels = ['pager', 'mail'].map((name) => ({ type: 'file', name, path: 'unused' }));

  function outbox(settings: object = {}) {
    clock = start;
    const recorders = [new Recorder('pager'), new Recorder('mail')] as const;
    const parsed = alertSettings.parse({ channels, ...settings });
    const box = () =>
      new AlertOutbox({ pool, settings: parsed, channels: recorders, now, random: () => 0, log: { warn: () => {} } });
    const at = async (seconds: number) => {
      clock = start + seconds * 1000;
      return box().deliverDue();
    };
    return { pager: recorders[0], mail: recorders[1], box, at };
  }
  const stale = (name: string, severity: 'minor' | 'major' | 'critical' = 'major') => ({
    fingerprint: `feed stale/${name}`,
    kind: 'feed stale' as const,
    severity,
    title: name,
    lines: ['no message for 5 minutes'],
  });

  test('groups what comes together, tells once, tells the end', async () => {
    const { pager, mail, at } = outbox();
    await raiseAlertAlone(pool, stale('a'), now());
    await raiseAlertAlone(pool, stale('b'), now());
    expect((await raiseAlertAlone(pool, stale('a'), now())).told).toBe(false);
    await at(10);
    expect(pager.messages).toEqual([]);
    await at(31);
    await at(60);
    expect(pager.messages).toEqual([['raised a', 'raised b']]);
    expect(mail.messages).toEqual(pager.messages);
    await resolveAlert(pool, 'feed stale/a', now());
    await at(61);
    await at(90);
    expect(pager.messages.slice(1)).toEqual([['resolved a']]);
  });

  test('routes by severity and kind; what grew is told again, critical at once', async () => {
    const { pager, mail, at } = outbox({
      routes: [
        { channels: ['pager'], minimumSeverity: 'critical' },
        { channels: ['mail'], kinds: ['feed stale'] },
      ],
    });
    await raiseAlertAlone(pool, stale('a'), now());
    await raiseAlertAlone(pool, { ...stale('x', 'major'), fingerprint: 'drift/x', kind: 'drift' }, now());
    await at(31);
    expect([pager.messages, mail.messages]).toEqual([[], [['raised a']]]);
    await raiseAlertAlone(pool, stale('a', 'critical'), now());
    await at(32);
    expect([pager.messages, mail.messages.slice(1)]).toEqual([[['raised a']], [['grown a']]]);
  });

  test('retries one channel with doubled waits, then gives up; the other hears it once', async () => {
    const { pager, mail, at } = outbox({ retry: { attempts: 3, firstSeconds: 10 }, groupSeconds: 0 });
    pager.failing = true;
    await raiseAlertAlone(pool, stale('a'), now());
    expect(await at(0)).toMatchObject({ sent: 1, failed: 1 });
    expect(await at(9)).toMatchObject({ alerts: 0 });
    expect(await at(10)).toMatchObject({ failed: 1 });
    expect(await at(29)).toMatchObject({ alerts: 0 });
    expect(await at(30)).toMatchObject({ failed: 1 });
    expect(await at(9999)).toMatchObject({ alerts: 0 });
    expect(mail.messages).toEqual([['raised a']]);
    const [alert] = await listAlerts(pool);
    expect(alert!.delivered.channels!.pager).toMatchObject({
      state: 'gave up',
      error: 'given up after 3 tries: out of order',
    });
    pager.failing = false;
    await resolveAlert(pool, 'feed stale/a', now());
    await at(10_000);
    expect(pager.messages).toEqual([['resolved a']]);
  });

  test('a channel that comes back hears it late', async () => {
    const { pager, at } = outbox({ groupSeconds: 0 });
    pager.failing = true;
    await raiseAlertAlone(pool, stale('a'), now());
    await at(0);
    pager.failing = false;
    await at(5);
    expect(pager.messages).toEqual([['raised a']]);
  });

  test('quiet hours hold back all but the critical and the watched, and pass the rest on together', async () => {
    const quietHours = { from: '22:00', until: '07:00', timeZone: 'Europe/Amsterdam' };
    const { pager, at } = outbox({ quietHours, minimumSeverity: 'minor' });
    // 12:00 UTC is 13:00 in Amsterdam in winter; 21:30 UTC is 22:30; 06:00 UTC is 07:00.
    clock = start + 9.5 * 3_600_000;
    await raiseAlertAlone(pool, stale('a'), now());
    await raiseAlertAlone(pool, stale('b', 'critical'), now());
    await raiseAlertAlone(pool, { ...stale('c', 'minor'), watched: true }, now());
    await raiseAlertAlone(pool, stale('d'), now());
    await at(9.5 * 3600 + 60);
    expect(pager.messages).toEqual([['raised b', 'raised c']]);
    await resolveAlert(pool, 'feed stale/d', now());
    await at(18 * 3600 - 1);
    expect(pager.messages).toHaveLength(1);
    await at(18 * 3600);
    expect(pager.messages.slice(1)).toEqual([['raised a', 'resolved d']]);
  });

  test('what flaps is told once: a repetition waits, and is dropped if it ends meanwhile', async () => {
    const { pager, at } = outbox({ groupSeconds: 0, repeatMinutes: 15 });
    await raiseAlertAlone(pool, stale('a'), now());
    await at(1);
    await resolveAlert(pool, 'feed stale/a', now());
    await at(2);
    for (let round = 1; round <= 3; round++) {
      clock = start + round * 60_000;
      await raiseAlertAlone(pool, stale('a'), now());
      await at(round * 60 + 1);
      await resolveAlert(pool, 'feed stale/a', now());
      await at(round * 60 + 2);
    }
    expect(pager.messages).toEqual([['raised a'], ['resolved a']]);
  });

  test('twenty callers at once raise one alert, and ten outboxes send it once', async () => {
    const { pager, box } = outbox({ groupSeconds: 0 });
    await Promise.all(Array.from({ length: 20 }, () => raiseAlertAlone(pool, stale('a'), now())));
    expect(await listAlerts(pool)).toHaveLength(1);
    await Promise.all(Array.from({ length: 10 }, () => box().deliverDue()));
    expect(pager.messages).toEqual([['raised a']]);
  });

  test('what an outbox took and never finished is sent by the next one', async () => {
    const { pager, at } = outbox({ groupSeconds: 0 });
    await raiseAlertAlone(pool, stale('a'), now());
    const { claimDueAlerts } = await import('../../src/storage/alerts.js');
    expect(await claimDueAlerts(pool, now(), 300, 10)).toHaveLength(1);
    await at(299);
    expect(pager.messages).toEqual([]);
    await at(300);
    expect(pager.messages).toEqual([['raised a']]);
  });

  test('what grows while it is being sent is told again', async () => {
    const { pager, at } = outbox({ groupSeconds: 0 });
    await raiseAlertAlone(pool, stale('a'), now());
    const send = pager.send.bind(pager);
    pager.send = async (notices) => {
      pager.send = send;
      await raiseAlertAlone(pool, stale('a', 'critical'), now());
      await send(notices);
    };
    await at(0);
    await at(1);
    expect(pager.messages).toEqual([['raised a'], ['grown a']]);
  });
});

test('settings that cannot work are refused with the reason', () => {
  expect(() => alertSettings.parse({ routes: [{ channels: ['mail'] }] })).toThrow(
    /no channel is named .*mail.*there are: none/,
  );
  const quietHours = { from: '22:00', until: '07:00', timeZone: 'Mars/Olympus' };
  expect(() => alertSettings.parse({ quietHours })).toThrow(/is not a time zone/);
});
