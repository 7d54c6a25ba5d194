import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { AlertStep } from '../../src/incidents/alerts/alertStep.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import { watchesOf } from '../../src/incidents/alerts/watches/all.js';
import type { AlertWatch } from '../../src/incidents/alerts/watches/watch.js';
import type { ModelKey } from '../../src/models/model.js';
import { forgetFailures } from '../../src/retraining/failure.js';
import { Rounds } from '../../src/services/rounds.js';
import { listAlerts, raiseAlertAlone } from '../../src/storage/alerts.js';
import { upsertService } from '../../src/storage/services.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Facts } from './facts.js';

let database: TestDatabase;
let pool: Pool;
let facts: Facts;

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
  facts = new Facts(pool);
}, 60_000);
afterAll(async () => {
  await database.close();
}, 60_000);
beforeEach(() => facts.clear());

/** An alerter that was just started; `look` is a look `seconds` after that. */
function alerter(clock: 'wall' | 'feed' = 'wall', replay = false) {
  const settings = alertSettings.parse({});
  let at = Date.now();
  const now = () => new Date(at);
  const quiet = { info: () => {}, warn: () => {} };
  const outbox = new AlertOutbox({ pool, settings, channels: [], now, random: () => 0, log: quiet });
  const watches = watchesOf({
    streams: [{ name: 'rrc00', replay }],
    feed: { clock },
    alerts: settings,
    retraining: { watchRate: 0.2 },
  });
  const rounds = new Rounds(now);
  const step = new AlertStep({ pool, outbox, watches, now, remindMinutes: 0, lookSeconds: 5, log: quiet, rounds });
  return {
    rounds,
    async look(seconds = 5) {
      for (let waited = 0; waited < seconds; waited += 5) {
        at += 5_000;
        await step.step();
      }
      return shown();
    },
    /** As if the machine had slept. */
    async sleep(seconds: number) {
      at += seconds * 1000;
      await step.step();
      return shown();
    },
  };
}

async function shown(): Promise<string[]> {
  const alerts = await listAlerts(pool);
  // whatever the kind, whoever reads it at night is told what to do
  for (const { body } of alerts) expect(body.lines.join('\n')).toMatch(/^what to do: /m);
  return alerts.map(({ kind, severity, body, resolvedAt }) => {
    return `${severity} ${kind} ${body.revision}${resolvedAt === null ? '' : ' over'}`;
  });
}

describe('the feed', () => {
  test('of a stream for replays may end', async () => {
    await facts.heard(1, 'updates', 400);
    expect(await alerter('wall', true).look(200)).toEqual([]);
  });

  test('is stale when nothing but gaps came, once this has been watched for long enough, until it speaks', async () => {
    await facts.heard(1, 'updates', 400);
    await facts.heard(2, 'gap', 1);
    const { look, sleep } = alerter();
    expect(await look(175)).toEqual([]);
    expect(await look(20)).toEqual(['major feed stale 1']);
    expect(await look(60)).toEqual(['major feed stale 1']);
    await facts.heard(3, 'clock', 1);
    expect(await sleep(3600)).toEqual(['major feed stale 1']);
    expect(await look(200)).toEqual(['major feed stale 1 over']);
  });

  test('that is replayed may fall silent', async () => {
    await facts.heard(1, 'updates', 4000);
    expect(await alerter('feed').look(300)).toEqual([]);
  });
});

describe('a service', () => {
  test('is down without a heartbeat, unless it ended in order or another took its place', async () => {
    await facts.beat('collector.1', 'running', 2);
    await facts.beat('trainer.1', 'stopped', 500);
    await facts.beat('ensemble.1', 'running', 500);
    await facts.beat('ensemble.2', 'running', 1, 300);
    await facts.beat('correlator.1', 'running', 90_000);
    const { look } = alerter();
    expect(await look(100)).toEqual([]);
    await facts.beat('collector.1', 'running', 61);
    await facts.beat('ensemble.2', 'failed', 61);
    expect(await look()).toEqual(['major service down 1', 'major service down 1']);
    const [ensemble, collector] = await listAlerts(pool);
    expect(collector!.title).toBe('collector on here is down');
    expect(ensemble!.body.lines[0]).toMatch(/^it failed for \d+ s/);
    await facts.beat('collector.1', 'running', 0);
    expect(await look()).toEqual(['major service down 1', 'major service down 1 over']);
  });

  test('that was silent while the database was away is not told as down', async () => {
    await facts.beat('collector.1', 'running', 0);
    const { look, sleep } = alerter();
    await look(100);
    await facts.beat('collector.1', 'running', 600);
    expect(await sleep(600)).toEqual([]);
    await facts.beat('collector.1', 'running', 1);
    expect(await look(100)).toEqual([]);
  });
});

describe('the list of VRPs', () => {
  test('without most of a trust anchor raises one alert, until a whole list was read', async () => {
    const report = (malfunction: string | null, expiring: string | null = null) =>
      upsertService(pool, {
        instance: 'correlator.1',
        name: 'correlator',
        host: 'here',
        pid: 1,
        state: 'running',
        restarts: 0,
        detail: { rpki: { malfunction, expiring }, roas: [] },
      });
    await report('trust anchor arin has 3 VRPs, 40 before');
    const { look } = alerter();
    expect(await look(20)).toEqual(['major roa 1']);
    expect((await listAlerts(pool))[0]!.body.lines[0]).toBe('trust anchor arin has 3 VRPs, 40 before');
    await report(null);
    expect(await look(20)).toEqual(['major roa 1 over']);
    await report(null, '9 of the 40 VRPs of trust anchor arin expire within 2 h');
    expect(await look(20)).toEqual(['major roa 1', 'major roa 1 over']);
    await report(null);
    expect(await look(20)).toEqual(['major roa 1 over', 'major roa 1 over']);
  });
});

describe('a stage', () => {
  test('is behind while its oldest unread row waits for too long, until it has caught up', async () => {
    await facts.heard(1, 'updates', 500);
    await facts.heard(2, 'clock', 1);
    await facts.minute(1_000, 500);
    await facts.minute(1_001, 130);
    await facts.minute(1_002, 1);
    await facts.cursor('aggregator', 1);
    await facts.cursor('ensemble', 1_001);
    await facts.cursor('correlator', -1);
    const { look } = alerter();
    // What each has not read is a second old.
    expect(await look(130)).toEqual([]);
    await facts.cursor('detector lstm', 1_000);
    expect(await look()).toEqual(['major stage behind 1']);
    expect((await listAlerts(pool))[0]).toMatchObject({
      title: 'rrc00: detector lstm has fallen behind',
      body: { facts: { waiting: 2 }, stream: 'rrc00' },
    });
    await facts.cursor('detector lstm', 1_001);
    await facts.cursor('aggregator', 0);
    expect(await look()).toEqual(['major stage behind 1', 'major stage behind 1 over']);
    expect((await listAlerts(pool))[0]!.body.lines[0]).toMatch(/^2 entries of the log wait, the oldest for 50\d s/);
    await facts.cursor('aggregator', 2);
    expect(await look()).toEqual(['major stage behind 1 over', 'major stage behind 1 over']);
  });
});

test('drift is told once until a check finds the model fit; what came and went unseen is told as over', async () => {
  await facts.driftReport('stable');
  expect(await alerter().look()).toEqual([]);
  await facts.driftReport('drifted', 'anomaly rate 12 %, expected 4 %');
  expect(await alerter().look()).toEqual(['minor drift 1']);
  expect((await listAlerts(pool))[0]).toMatchObject({
    title: 'lstm@rrc00 has drifted',
    body: { lines: ['anomaly rate 12 %, expected 4 %', expect.any(String)], stream: 'rrc00' },
  });
  await facts.driftReport('drifted');
  await facts.driftReport('suppressed');
  expect(await alerter().look(20)).toEqual(['minor drift 1']);
  await facts.driftReport('stable');
  expect(await alerter().look(20)).toEqual(['minor drift 1 over']);
  await facts.driftReport('drifted');
  await facts.driftReport('stable');
  expect(await alerter().look(20)).toEqual(['minor drift 1 over', 'minor drift 1 over']);
});

test('each refused retraining is told, until one is published', async () => {
  await facts.retrain('a', 'training');
  expect(await alerter().look()).toEqual([]);
  await facts.retrain('a', 'rejected', { reasons: ['misses 40 % of hijacks'], version: 3 });
  expect(await alerter().look(20)).toEqual(['minor retrain rejected 1']);
  expect((await listAlerts(pool))[0]!.body.lines[0]).toBe('misses 40 % of hijacks');
  await facts.retrain('b', 'held', { reasons: ['recall fell'] });
  expect(await alerter().look(20)).toEqual(['minor retrain rejected 2']);
  await facts.retrain('c', 'published');
  expect(await alerter().look(20)).toEqual(['minor retrain rejected 2 over']);
});

test('failing retrainings are told, and again when only a person can go on', async () => {
  await facts.failures(1, false);
  expect(await alerter().look()).toEqual(['minor retrain failing 1']);
  await facts.failures(2, false);
  expect(await alerter().look()).toEqual(['minor retrain failing 1']);
  await facts.failures(3, true);
  expect(await alerter().look(20)).toEqual(['major retrain failing 2']);
  expect((await listAlerts(pool))[0]!.body.lines[1]).toContain('routewarden retrain lstm@rrc00');
  const other = {
    fingerprint: 'version lstm@rrc00 2',
    severity: 'major' as const,
    title: 'cannot be loaded',
    lines: ['what to do: roll back'],
  };
  await raiseAlertAlone(pool, { ...other, kind: 'retrain failing' }, new Date());
  await facts.failures(0, false);
  // What a detector raised by itself is not this watch's to end.
  expect(await alerter().look()).toEqual(['major retrain failing 1', 'major retrain failing 2 over']);
});

test('a rollback is told once, a publish is not', async () => {
  await facts.activate(1, 'first');
  await facts.activate(2, 'drift');
  expect(await alerter().look()).toEqual([]);
  await facts.activate(1, 'rolled back by hand');
  expect(await alerter().look(20)).toEqual(['minor rollback 1']);
  expect(await alerter().look(20)).toEqual(['minor rollback 1']);
  const [alert] = await listAlerts(pool);
  expect(alert!.title).toBe('lstm@rrc00 was rolled back from version 2 to 1');
  expect(alert!.body.lines[0]).toMatch(/^rolled back by hand \(by ann/);
});

describe('a row or a watch that is bad', () => {
  test('a mistyped model key among the failures is told like any other, and every other watch goes on', async () => {
    await pool.query("INSERT INTO dead_letters (model_key, failures, last_error) VALUES ('lstn@@rrc00', 3, 'typed')");
    await facts.driftReport('drifted');
    const { look, rounds } = alerter();
    expect((await look(10)).sort()).toEqual(['minor drift 1', 'minor retrain failing 1']);
    expect(rounds.failing()).toEqual([]);
    // A person can clear it, whatever it is.
    expect(await forgetFailures(pool, 'lstn@@rrc00' as ModelKey, 'ann')).toBe(true);
    expect((await look()).sort()).toEqual(['minor drift 1', 'minor retrain failing 1 over']);
  });

  test('a watch whose table is gone is counted and told; the others raise, and it goes on when the table is back', async () => {
    const { look, rounds } = alerter();
    await pool.query('ALTER TABLE dead_letters RENAME TO elsewhere');
    try {
      await facts.driftReport('drifted');
      expect(await look(20)).toEqual(['minor drift 1']);
      expect(rounds.failing()).toEqual([
        {
          what: 'watch retrain failing',
          failures: 4,
          since: expect.any(String),
          error: expect.stringContaining('dead_letters'),
        },
      ]);
      // As the heartbeat writes it.
      await facts.beat('alerter.1', 'running', 0);
      const detail = JSON.stringify({ failing: rounds.failing() });
      await pool.query('UPDATE services SET detail = $1', [detail]);
      expect((await look(20)).sort()).toEqual(['major work failing 1', 'minor drift 1']);
      const [alert] = await listAlerts(pool);
      expect(alert!.title).toBe('alerter on here fails: watch retrain failing');
    } finally {
      await pool.query('ALTER TABLE elsewhere RENAME TO dead_letters');
    }
    await look();
    expect(rounds.failing()).toEqual([]);
    await pool.query("UPDATE services SET detail = '{}'");
    expect(await look()).toContain('major work failing 1 over');
  });

  test('a row that cannot be told leaves the rows beside it, and open alerts as they are', async () => {
    const { look, rounds } = alerter();
    const failing = (error: string, since: string | null) => ({ what: error, failures: 5, since, error });
    const put = (detail: unknown[]) =>
      pool.query('UPDATE services SET detail = $1', [JSON.stringify({ failing: detail })]);
    await facts.beat('ensemble.1', 'running', 0);
    const now = new Date().toISOString();
    await put([failing('good', now)]);
    expect(await look(30)).toEqual(['major work failing 1']);
    await put([failing('bad', null), failing('other', now)]);
    expect(await look(5)).toEqual(['major work failing 1', 'major work failing 1']);
    expect(rounds.failing()).toEqual([
      expect.objectContaining({
        what: 'watch work failing',
        error: expect.stringContaining('1 rows could not be judged'),
      }),
    ]);
  });
});

test('a clock that is set back by a day does not keep the watches from looking', async () => {
  let at = Date.now();
  let looks = 0;
  const watch: AlertWatch = {
    kind: 'drift',
    look: async () => {
      looks += 1;
      return null;
    },
  };
  const now = () => new Date(at);
  const quiet = { info: () => {}, warn: () => {} };
  const settings = alertSettings.parse({});
  const outbox = new AlertOutbox({ pool, settings, channels: [], now, random: () => 0, log: quiet });
  const rounds = new Rounds(now);
  const step = new AlertStep({
    pool,
    outbox,
    watches: [watch],
    now,
    remindMinutes: 0,
    lookSeconds: 5,
    log: quiet,
    rounds,
  });
  await step.step();
  at += 86_400_000;
  await step.step();
  at -= 86_400_000;
  await step.step();
  await step.step();
  expect(looks).toBe(3);
});
