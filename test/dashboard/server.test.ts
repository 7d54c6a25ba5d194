import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as shape from '../../src/dashboard/api/schema.js';
import { askForApproval } from '../../src/storage/approvals.js';
import { upsertService } from '../../src/storage/services.js';
import { Client } from './client.js';
import { addIncident, HIJACK, NOW, STREAM } from './seed.js';

const at = new Client();
beforeAll(() => at.start());
afterAll(() => at.stop());

/** The bytes of a body as they are sent to a browser; fetch would unpack them. */
const travelling = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request(at.open + path, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? bytes : -1));
    })
      .on('error', reject)
      .end();
  });
describe('what it shows', () => {
  test.each([
    ['/api/overview', shape.overview],
    ['/api/series?hours=24', shape.scoreSeries],
    ['/api/incidents/1', shape.incident],
    ['/api/incidents/1/features', shape.featureSeries],
    ['/api/incidents/1/paths', shape.pathGraph],
    [`/api/models/lstm%40${STREAM}`, shape.model],
    [`/api/models/lstm%40${STREAM}/compare?left=1&right=2`, shape.comparison],
  ])('%s has the documented shape', async (path, schema) => {
    const { status, text } = await at.get(path);
    expect(status).toBe(200);
    expect(schema.safeParse(JSON.parse(text)).error).toBeUndefined();
  });

  test('the overview takes its now from the stream, not from the wall clock', async () => {
    const overview = shape.overview.parse(JSON.parse((await at.get('/api/overview')).text));
    expect(overview.now).toBe(NOW);
    expect(overview.feed?.lagSeconds).toBeNull();
    expect(overview.models.map((model) => model.version)).toEqual([2, 2, 2]);
    expect(overview.services).toHaveLength(10);
  });

  test('an incident has the threshold that judged it, not that of a version of later', async () => {
    const read = async () => shape.incident.parse(JSON.parse((await at.get('/api/incidents/1')).text));
    const { peakMinute } = await read();
    const { pool } = at.dashboards.database;
    const later = [STREAM, new Date(peakMinute)];
    await pool.query('UPDATE verdicts SET threshold = 9 WHERE stream = $1 AND minute > $2', later);
    expect((await read()).score.threshold).toBe(1);
    await pool.query('UPDATE verdicts SET threshold = 1 WHERE stream = $1 AND minute > $2', later);
  });

  test('a browser gets a page for an address that is none, and a program words', async () => {
    const seen = async (path: string, accept: string) => {
      const answer = await fetch(at.open + path, { headers: { accept } });
      return [answer.status, (answer.headers.get('content-type') ?? '').split(';')[0]];
    };
    expect(await seen('/alerts', 'text/html,*/*')).toEqual([404, 'text/html']);
    expect(await seen('/alerts', 'application/json')).toEqual([404, 'application/json']);
    expect(await seen('/api/nothing', 'text/html,*/*')).toEqual([404, 'application/json']);
    // what cannot be decoded is an address that is none, too
    expect(await seen('/%ff', 'text/html,*/*')).toEqual([404, 'text/html']);
    expect(await seen('/%ff', 'application/json')).toEqual([404, 'application/json']);
    expect(await seen('/models/lstm@rrc00/99', 'text/html,*/*')).toEqual([404, 'text/html']);
  });

  test('a live feed tells its lag and that it is stale', async () => {
    const { url } = await at.dashboards.open({ live: true, staleAfter: 60 });
    const overview = shape.overview.parse(JSON.parse((await at.get('/api/overview', {}, url)).text));
    expect(overview.feed?.lagSeconds).toBeGreaterThan(60);
    expect(overview.feed?.stale).toBe(true);
  });

  test('a replayed stream is never late, on the page and in the metrics', async () => {
    const { url } = await at.dashboards.open({ live: true, staleAfter: 60 }, undefined, [STREAM]);
    const overview = shape.overview.parse(JSON.parse((await at.get('/api/overview', {}, url)).text));
    expect(overview).toMatchObject({ live: false, replayed: true, feed: { lagSeconds: null, stale: false } });
    expect((await at.get('/metrics', {}, url)).text).not.toContain(`routewarden_feed_lag_seconds{stream="${STREAM}"}`);
  });

  test('what needs a person is of all streams, but what was replayed into another', async () => {
    const { pool } = at.dashboards.database;
    const urgent = async () => {
      const overview = shape.overview.parse(JSON.parse((await at.get(`/api/overview?stream=${STREAM}`)).text));
      return overview.needs.incidents.map(({ stream, severity }) => [stream, severity]);
    };
    const before = await urgent();
    await pool.query(`INSERT INTO streams (name, source) VALUES ('other', '{}')`);
    const open = { stream: 'other', from: NOW - 60_000, until: null, class: 'hijack', words: 'x' };
    const ids = [
      await addIncident(pool, { ...open, severity: 'critical' }),
      await addIncident(pool, { ...open, severity: 'minor', subject: 'minor' }),
      await addIncident(pool, { ...open, severity: 'critical', subject: 'old', detail: { history: true } }),
    ];
    expect(await urgent()).toEqual([...before, ['other', 'critical']]);
    await pool.query('DELETE FROM incidents WHERE id = ANY ($1)', [ids]);
    await pool.query(`DELETE FROM streams WHERE name = 'other'`);
  });

  test('feeds and retrainings of other streams that need a person are in the overview of each', async () => {
    const { pool } = at.dashboards.database;
    const { url } = await at.dashboards.open({ live: true, staleAfter: 60 });
    const needs = async (stream: string) =>
      shape.overview.parse(JSON.parse((await at.get(`/api/overview?stream=${stream}`, {}, url)).text)).needs;
    await pool.query(`INSERT INTO streams (name, source) VALUES ('other', '{}'), ('given-up', '{}')`);
    const collector = {
      instance: 'c.1',
      name: 'collector',
      host: 'here',
      pid: 1,
      state: 'running',
      restarts: 0,
    } as const;
    await upsertService(pool, { ...collector, detail: { other: { connected: false, reason: 'no answer' } } });
    const { approval } = await askForApproval(pool, {
      modelKey: 'lstm@other',
      payload: {},
      reason: 'drift',
      hours: 1,
      onExpiry: 'decline',
      watermark: 1,
      actor: 'drift monitor',
    });
    const found = await needs(STREAM);
    const link = { connected: false, reason: 'no answer' };
    // the stream that is looked at has no collector here
    expect(found.feeds.map((feed) => [feed.stream, feed.link])).toEqual([
      ['other', link],
      [STREAM, null],
    ]);
    expect(found.approvals).toEqual([{ key: 'lstm@other', kind: 'lstm', stream: 'other' }]);
    expect((await needs('other')).feeds.map(({ stream }) => stream)).toEqual(['other']);
    await upsertService(pool, { ...collector, detail: {} });
    await pool.query('DELETE FROM approvals WHERE id = $1', [approval.id]);
    await pool.query(`DELETE FROM services WHERE instance = 'c.1'`);
    await pool.query(`DELETE FROM streams WHERE name IN ('other', 'given-up')`);
  });

  test('a process that ended in order is not missed once another took its place', async () => {
    const { pool } = at.dashboards.database;
    const row = { host: 'here', detail: {}, restarts: 0 };
    await upsertService(pool, { ...row, instance: 'spare.1', name: 'spare', pid: 1, state: 'stopped' });
    const spares = async () =>
      shape.overview
        .parse(JSON.parse((await at.get('/api/overview')).text))
        .services.filter(({ name }) => name === 'spare')
        .map(({ instance, healthy }) => [instance, healthy]);
    expect(await spares()).toEqual([['spare.1', false]]);
    await upsertService(pool, { ...row, instance: 'spare.2', name: 'spare', pid: 2, state: 'running' });
    expect(await spares()).toEqual([['spare.2', true]]);
    await pool.query(`DELETE FROM services WHERE name = 'spare'`);
  });

  test('joining minutes keeps the lowest and the highest', async () => {
    const series = shape.scoreSeries.parse(JSON.parse((await at.get('/api/series?hours=168&points=100')).text));
    const ensemble = series.curves.find((curve) => curve.name === 'ensemble');
    const { rows } = await at.dashboards.database.pool.query<{ low: number; high: number }>(
      'SELECT min(score) AS low, max(score) AS high FROM verdicts WHERE minute >= $1',
      [new Date(series.from)],
    );
    const known = (values: (number | null)[] = []) => values.filter((value) => value !== null);
    expect(series.times.length).toBeLessThanOrEqual(101);
    expect(Math.max(...known(ensemble?.high))).toBe(rows[0]?.high);
    expect(Math.min(...known(ensemble?.low))).toBe(rows[0]?.low);
  });

  test('the path graph marks the new origin and keeps the old one', async () => {
    const graph = shape.pathGraph.parse(JSON.parse((await at.get('/api/incidents/1/paths')).text));
    expect(graph.prefix).toBe(HIJACK.prefix);
    const edge = (from: string, to: string) => graph.edges.find((e) => e.from === from && e.to === to);
    expect(edge('64666', HIJACK.prefix)).toMatchObject({ isNew: true, before: false, since: HIJACK.from });
    expect(edge('64500', HIJACK.prefix)).toMatchObject({ isNew: false, before: true });
    expect(edge('1299', '64666')?.isNew).toBe(true);
    // Each peer's path, as it was and as it became.
    expect(edge('1299', '64500')).toMatchObject({ isNew: false, before: true });
    expect(graph.routes.filter(({ peer }) => peer === '198.51.100.2')).toEqual([
      { peer: '198.51.100.2', since: null, path: ['2914', '1299', '64500'] },
      { peer: '198.51.100.2', since: HIJACK.from + 4 * 60_000, path: ['2914', '174', '1299', '64666'] },
    ]);
  });

  test('what is over asks for nothing that would still have to be announced or withdrawn', async () => {
    const { pool } = at.dashboards.database;
    const { rows } = await pool.query('SELECT detail FROM incidents WHERE id = 1');
    const adviceWith = async (detail: object) => {
      await pool.query('UPDATE incidents SET detail = $1 WHERE id = 1', [
        JSON.stringify({ ...rows[0].detail, ...detail }),
      ]);
      const report = (await at.get('/api/incidents/1/report.html')).text;
      return [shape.incident.parse(JSON.parse((await at.get('/api/incidents/1')).text)).advice, report];
    };
    const own = { kind: 'new origin', watched: HIJACK.prefix, prefix: HIJACK.prefix, origin: 64666, words: 'taken' };
    expect((await adviceWith({ watched: [own] }))[0]).toMatch(/^if it was not planned, make sure that you announce /);
    expect((await adviceWith({ closedBy: 'ended' }))[0]).toBe(
      'nothing now, it is over; if it was planned, mark it as ordinary',
    );
    const [advice, report] = await adviceWith({ closedBy: 'ended', watched: [own] });
    expect(advice).toBe(
      'it is over; if it was not planned, ask AS64666 how it came about, and its upstreams why they took it',
    );
    expect(report).toContain(`Afterwards: ${advice}.`);
    expect((await adviceWith({ closedBy: 'new normal' }))[0]).toBe('nothing: the models have learnt it');
    await adviceWith({});
  });

  test('an incident as a report of one page, which needs nothing from elsewhere and escapes what came from outside', async () => {
    const { pool } = at.dashboards.database;
    await pool.query(`UPDATE incidents SET note = '<script>alert(1)</script>' WHERE id = 1`);
    const { status, text } = await at.get('/api/incidents/1/report.html');
    await pool.query('UPDATE incidents SET note = NULL WHERE id = 1');
    expect(status).toBe(200);
    expect(text).toContain('<h1>Incident 1: critical hijack by AS64666</h1>');
    for (const part of [HIJACK.prefix, '2914 174 1299 64666', 'What to do', 'Announced prefixes']) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/<script|src=|href=|url\(|@import/);
    expect((await at.get('/api/incidents/999/report.html')).status).toBe(404);
    expect((await at.get('/api/incidents/x/report.html')).status).toBe(400);
  });

  test('a drift check says how each input lay then and now, as data and as a report of one page', async () => {
    const { pool } = at.dashboards.database;
    const { rows } = await pool.query<{ id: string }>(`SELECT id FROM drift_reports WHERE outcome = 'drifted' LIMIT 1`);
    const detail = shape.driftDetail.parse(JSON.parse((await at.get(`/api/drift/${rows[0]?.id}`)).text));
    expect(detail.features.map(({ label, words }) => [label, words])).toEqual([
      ['Announcements', 'changed much'],
      ['Average AS path length', 'hardly changed'],
    ]);
    const { status, text } = await at.get(`/api/drift/${rows[0]?.id}/report.html`);
    expect(status).toBe(200);
    expect(text).toContain('Scores rose by 22 %');
    expect(text.match(/<svg/g)).toHaveLength(3);
    expect(text).not.toMatch(/<script|src=|href=|url\(|@import/);
    expect((await at.get('/api/drift/99999999')).status).toBe(404);
  });

  test('the feed is told what it raised: a day, by class and severity, beside the wish', async () => {
    const raised = shape.raised.parse(JSON.parse((await at.get('/api/raised')).text));
    expect(raised).toMatchObject({ budget: 6, alertsLastDay: 1 });
    expect(raised.rows).toEqual([
      { stream: STREAM, class: 'hijack', severity: 'critical', watched: false, lastDay: 1, perDay: 1 / 7 },
      { stream: STREAM, class: 'session reset', severity: 'minor', watched: false, lastDay: 1, perDay: 1 / 7 },
    ]);
    const { text } = await at.get('/metrics');
    const labels = `stream="${STREAM}",class="hijack",severity="critical",watched="false"`;
    expect(text).toContain(`routewarden_incidents_last_day{${labels}} 1\n`);
    expect(text).toContain('routewarden_incidents_day_budget{} 6\n');
    const [newest] = JSON.parse((await at.get('/api/incidents')).text);
    expect(newest).toMatchObject({ class: 'hijack', subject: 'AS64666' });
  });

  test('an incident that looks like a new normal says what speaks for and against it, and who learnt it', async () => {
    const newNormal = {
      likely: true,
      explained: true,
      factor: 3.08,
      hours: 14.2,
      came: 12,
      gone: 0,
      speaksFor: ['12 peers not heard before carry 70 % of the messages'],
      speaksAgainst: [],
    };
    const adaptations = [{ minute: 1, kind: 'lstm', model: 'lstm@rrc00', version: 3, since: 0, report: 9 }];
    const of = async () => shape.incident.parse(JSON.parse((await at.get('/api/incidents/1')).text)).newNormal;
    expect(await of()).toBeNull();
    await at.dashboards.database.pool.query('UPDATE incidents SET detail = detail || $1::jsonb WHERE id = 1', [
      JSON.stringify({ newNormal, adaptations }),
    ]);
    expect(await of()).toEqual({
      words: 'looks like a new normal: 14 h, level 3.1 times, from 12 new peers',
      speaksFor: newNormal.speaksFor,
      speaksAgainst: [],
      versions: [{ model: 'lstm@rrc00', version: 3, report: 9 }],
    });
    await at.dashboards.database.pool.query(
      `UPDATE incidents SET detail = detail - 'newNormal' - 'adaptations' WHERE id = 1`,
    );
  });

  test('metrics are in the exposition format', async () => {
    const { text } = await at.get('/metrics');
    expect(text).toContain(`routewarden_model_version{model="lstm@${STREAM}"} 2`);
    const line = /^(# (HELP|TYPE) \w+ .+|\w+\{(\w+="([^"\\]|\\.)*",?)*\} -?[\d.e+-]+)$/;
    expect(
      text
        .trim()
        .split('\n')
        .filter((candidate) => !line.test(candidate)),
    ).toEqual([]);
  });

  test('every metric that the example for Grafana asks for is there', async () => {
    const { text } = await at.get('/metrics');
    const board = readFileSync('docs/grafana-dashboard.json', 'utf8');
    const asked = new Set(JSON.stringify(JSON.parse(board)).match(/routewarden_\w+/g));
    expect(asked.size).toBeGreaterThan(5);
    const base = (name: string) => name.replace(/_bucket$/, '');
    expect([...asked].filter((name) => !text.includes(`\n# TYPE ${base(name)} `))).toEqual([]);
  });

  test('what the build compressed unpacks to what is sent plainly', async () => {
    const { server } = await at.dashboards.open();
    for (const path of ['/', '/page.js', '/page.css', '/favicon.svg']) {
      const sent = async (encoding: string) => {
        const answer = await server.inject({ url: path, headers: { 'accept-encoding': encoding } });
        expect(answer.statusCode).toBe(200);
        return { encoding: answer.headers['content-encoding'], bytes: answer.rawPayload };
      };
      const plain = await sent('identity');
      expect(plain.encoding).toBeUndefined();
      const [gzip, brotli] = [await sent('gzip'), await sent('gzip, deflate, br')];
      expect([gzip.encoding, brotli.encoding]).toEqual(['gzip', 'br']);
      expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true);
      expect(brotliDecompressSync(brotli.bytes).equals(plain.bytes)).toBe(true);
    }
  });

  test('the page weighs less than 300 KB as it travels', async () => {
    const index = await at.get('/');
    const files = [...index.text.matchAll(/(?:href|src)="(\/[\w.]+)"/g)].map(([, path]) => path!);
    expect(files).toEqual(expect.arrayContaining(['/page.js', '/page.css']));
    const sizes = await Promise.all(['/', ...files].map((path) => travelling(path)));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });

  test('thirty days come as few points, however many are asked for', async () => {
    const series = shape.scoreSeries.parse(JSON.parse((await at.get('/api/series?hours=720&points=2000')).text));
    expect(series.times.length).toBeLessThanOrEqual(2_001);
    for (const { high } of series.curves) expect(high).toHaveLength(series.times.length);
    expect((await at.get('/api/series?hours=720&points=43200')).status).toBe(400);
  });

  test('the OpenAPI document names every route', async () => {
    const document = JSON.parse((await at.get('/api/openapi.json')).text);
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/overview', '/api/models/{key}/rollback', '/api/incidents/{id}/note']),
    );
    expect(
      document.paths['/api/models/{key}/rollback'].post.requestBody.content['application/json'].schema.required,
    ).toEqual(['version']);
  });

  test('every route refuses a parameter that it does not know: it would be taken for a filter', async () => {
    const { paths } = JSON.parse((await at.get('/api/openapi.json')).text) as { paths: Record<string, object> };
    const places: Record<string, string> = { key: 'lstm@rrc00', version: '1', id: '1' };
    const asked = Object.entries(paths)
      .filter(([, methods]) => 'get' in methods)
      .map(([path]) => `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => places[name] ?? 'x')}?colour=red`);
    expect(asked.length).toBeGreaterThan(12);
    const answers = await Promise.all(asked.map(async (path) => [path, (await at.get(path)).status]));
    expect(answers.filter(([, status]) => status !== 400)).toEqual([]);
  });

  test('alerts come with how far each channel was told', async () => {
    await at.dashboards.database.pool.query(
      `INSERT INTO alerts (fingerprint, kind, severity, title, body, raised_at, delivered) VALUES
        ('feed stale/x', 'feed stale', 'major', 'feed of x is stale', '{"lines": ["what to do: look"], "revision": 1, "times": 1}',
         '2026-01-01T00:00Z', '{"done": true, "channels": {"noc": {"state": "sent", "revision": 1}}}')`,
    );
    const [alert] = shape.alertRow.array().parse(JSON.parse((await at.get('/api/alerts?open=yes&limit=1')).text));
    expect(alert).toMatchObject({ kind: 'feed stale', resolvedAt: null, channels: { noc: 'sent' } });
    expect(JSON.parse((await at.get('/api/alerts?open=no')).text)).toEqual([]);
    expect((await at.get('/api/alerts?open=perhaps')).status).toBe(400);
  });

  test('probes answer', async () => {
    expect((await at.get('/healthz')).status).toBe(200);
    expect((await at.get('/readyz')).status).toBe(200);
  });

  test('Bull Board lists the queue and asks nobody else for fonts', async () => {
    expect((await at.get('/queues/api/queues')).text).toContain('retrain');
    const page = await at.get('/queues/');
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('googleapis');
  });
});

describe('bad requests get words', () => {
  test.each([
    [
      'severity=major,bad',
      'severity: expected one or more of info, minor, major, critical, or such as major+, not "major,bad"',
    ],
    ['limit=0', 'limit: expected a whole number from 1 to 1000, not "0"'],
    ['class=hijack&class=leak', 'class: expected a text, not a list'],
    ['order=sideways', 'order: expected up or down, not "sideways"'],
  ])('/api/incidents?%s names the field, what is allowed and what was given', async (query, words) => {
    for (const path of ['/api/incidents', '/api/incidents.csv']) {
      expect(JSON.parse((await at.get(`${path}?${query}`)).text).error).toBe(words);
    }
  });

  test('a silence takes the time that its words give as an example, and names what is wrong of another', async () => {
    const ask = async (body: object) => {
      const response = await at.post('/api/silences', { class: 'outage', reason: 'x', ...body });
      return [response.status, JSON.parse(await response.text()).error];
    };
    expect(await ask({ endsAt: 'tomorrow' })).toEqual([
      400,
      'endsAt: expected a time such as 2026-11-30T06:00Z, not "tomorrow"',
    ]);
    for (const endsAt of ['2100-11-30T06:00Z', '2100-11-30T06:00:00+02:00'])
      expect((await ask({ endsAt }))[0]).toBe(200);
    await at.dashboards.database.pool.query('TRUNCATE silences');
  });

  test('an unknown parameter is answered with the known ones', async () => {
    const { error } = JSON.parse((await at.get('/api/series?colour=red')).text);
    expect(error).toBe('unknown name "colour"; known are stream, hours, points');
  });

  test.each([
    ['/api/incidents/999', 404, 'no incident 999'],
    ['/api/incidents/x', 400, 'id'],
    ['/api/models/magic%40rrc00', 400, 'expected a model such as lstm@rrc00'],
    ['/api/models/lstm%40elsewhere', 404, 'no stream elsewhere'],
    ['/api/series?hours=-3', 400, 'hours'],
    ["/api/overview?stream=';DROP", 400, 'expected the name of a stream'],
    ['/nowhere', 404, 'nothing at /nowhere'],
    ['/%ff', 404, 'nothing at /%ff.'],
    ['/api/models/%ff', 400, 'not "%ff"'],
  ])('%s: %i', async (path, status, words) => {
    const answer = await at.get(path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error).toContain(words);
  });

  test('a rollback to a version that is not there', async () => {
    const response = await at.post('/api/models/lstm%40rrc00/rollback', { version: 99 });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: 'lstm@rrc00 has no version 99: see "routewarden models lstm@rrc00"',
    });
  });
});

test('is not ready while a service lives but fails its work', async () => {
  expect((await at.get('/readyz')).status).toBe(200);
  const { pool } = at.dashboards.database;
  const failing = [{ what: 'watch drift', failures: 3, since: '2026-01-01T00:00:00Z', error: 'secret words' }];
  await pool.query(
    `INSERT INTO services (instance, name, host, pid, state, detail) VALUES ('blind', 'alerter', 'here', 1, 'running', $1)`,
    [JSON.stringify({ failing })],
  );
  const { status, text } = await at.get('/readyz');
  await pool.query("DELETE FROM services WHERE instance = 'blind'");
  expect([status, text]).toEqual([503, expect.stringContaining('alerter')]);
  expect(text).not.toContain('secret words');
});
