import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../src/storage/freePort.js';
import { upsertService } from '../../src/storage/services.js';
import { insertVerdicts } from '../../src/storage/verdicts.js';
import { until } from '../support/until.js';
import { Client, READ_TOKEN, TOKEN } from './client.js';
import { NOW, STREAM } from './seed.js';

const RULES = resolve('docs/prometheus-alerts.yml');
const there = ['prometheus', 'promtool'].every((program) => spawnSync(program, ['--version']).status === 0);
const suite = there ? describe : describe.skip;

interface Panel {
  title: string;
  description?: string;
  targets: { expr: string }[];
}
const board = JSON.parse(readFileSync('docs/grafana-dashboard.json', 'utf8')) as { panels: Panel[] };

/** For each rule: series that fire it after `at`, and the same that are well. */
const CASES: Record<string, { at: string; fires: Record<string, string>; well: Record<string, string> }> = {
  RoutewardenUnreachable: {
    at: '5m',
    fires: { 'up{job="routewarden"}': '0x30' },
    well: { 'up{job="routewarden"}': '1x30' },
  },
  RoutewardenServiceDown: {
    at: '5m',
    fires: { 'routewarden_service_up{service="lstm"}': '0x30' },
    well: { 'routewarden_service_up{service="lstm"}': '1x30' },
  },
  RoutewardenServiceRestarts: {
    at: '30m',
    fires: { 'routewarden_service_restarts_total{service="lstm"}': '0+1x60' },
    well: { 'routewarden_service_restarts_total{service="lstm"}': '7x60' },
  },
  RoutewardenFeedBehind: {
    at: '10m',
    fires: { 'routewarden_feed_lag_seconds{stream="s"}': '301x60' },
    well: { 'routewarden_feed_lag_seconds{stream="s"}': '30x60' },
  },
  RoutewardenNothingJudged: {
    at: '30m',
    fires: {
      'routewarden_feed_lag_seconds{stream="s"}': '30x60',
      'routewarden_verdicts_total{stream="s",verdict="calm"}': '9x60',
    },
    // the feed itself is away, which another rule says
    well: {
      'routewarden_feed_lag_seconds{stream="s"}': '900x60',
      'routewarden_verdicts_total{stream="s",verdict="calm"}': '9x60',
    },
  },
  RoutewardenVerdictsSlow: {
    at: '30m',
    fires: {
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="10"}': '0x60',
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="60"}': '0+1x60',
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="+Inf"}': '0+1x60',
    },
    well: {
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="10"}': '0+1x60',
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="60"}': '0+1x60',
      'routewarden_verdict_delay_seconds_bucket{stream="s",le="+Inf"}': '0+1x60',
    },
  },
  RoutewardenVoteMissing: {
    at: '40m',
    fires: { 'routewarden_verdict_missing_models{stream="s"}': '1x60' },
    well: { 'routewarden_verdict_missing_models{stream="s"}': '0x60' },
  },
  RoutewardenModelOld: {
    at: '70m',
    fires: { 'routewarden_model_age_seconds{model="lstm@s"}': '1300000x90' },
    well: { 'routewarden_model_age_seconds{model="lstm@s"}': '600000x90' },
  },
  RoutewardenDriftStands: {
    at: '25h',
    fires: {
      'routewarden_model_drifted{model="lstm@s"}': '1x1600',
      'routewarden_retrain_active{model="lstm@s"}': '0x1600',
    },
    well: {
      'routewarden_model_drifted{model="lstm@s"}': '1x1600',
      'routewarden_retrain_active{model="lstm@s"}': '1x1600',
    },
  },
  RoutewardenQueueAway: {
    at: '5m',
    fires: { 'routewarden_queue_up{queue="retrain"}': '0x30' },
    well: { 'routewarden_queue_up{queue="retrain"}': '1x30' },
  },
  RoutewardenNoticesFail: {
    at: '30m',
    fires: {
      'routewarden_notices_total{channel="slack",outcome="failed"}': '0+1x60',
      'routewarden_notices_total{channel="slack",outcome="sent"}': '5x60',
    },
    // a try failed, the next went
    well: {
      'routewarden_notices_total{channel="slack",outcome="failed"}': '0+1x60',
      'routewarden_notices_total{channel="slack",outcome="sent"}': '0+1x60',
    },
  },
  RoutewardenRoutesLeftOut: {
    at: '30m',
    fires: { 'routewarden_routes_evicted{stream="s"}': '0+9x60' },
    well: { 'routewarden_routes_evicted{stream="s"}': '9x60' },
  },
};

suite(`Prometheus${there ? '' : ' (for want of prometheus and promtool on the PATH)'}`, () => {
  const at = new Client();
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-prometheus-'));
  let url = '';
  let server: ChildProcess | undefined;
  let pulse: NodeJS.Timeout | undefined;
  const asked = async <T>(path: string): Promise<T> => ((await (await fetch(url + path)).json()) as { data: T }).data;
  const found = async (expr: string) =>
    (await asked<{ result: { value: [number, string] }[] }>(`/api/v1/query?query=${encodeURIComponent(expr)}`)).result;

  beforeAll(async () => {
    await at.start();
    const page = await at.dashboards.open({ token: TOKEN, readToken: READ_TOKEN, live: true, staleAfter: 3600 });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const read = { type: 'Bearer', credentials: READ_TOKEN };
    const targets = [{ targets: [new URL(page.url).host] }];
    // JSON is YAML.
    const settings = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: [{ job_name: 'routewarden', authorization: read, static_configs: targets }],
    };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(settings));
    server = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    await until(async () => (await found('up == 1').catch(() => [])).length === 1);
    const { pool } = at.dashboards.database;
    const alerter = {
      instance: 'alerter-1',
      name: 'alerter',
      host: 'noc-1',
      pid: 4242,
      state: 'running' as const,
      detail: { notices: { slack: { sent: 3, failed: 1 } } },
      restarts: 0,
    };
    await upsertService(pool, alerter);
    // What an aggregator holds is asked of one that beats.
    const detail = {
      [STREAM]: {
        ...{ routes: 9, prefixes: 3, paths: 4, peers: 3, links: 5, evictedRoutes: 0, untracked: 0, bytes: 800 },
        knowsTable: true,
      },
    };
    const beat = () =>
      upsertService(pool, { ...alerter, instance: 'aggregator-1', name: 'aggregator', detail, restarts: 0 });
    await beat();
    pulse = setInterval(() => void beat().catch(() => {}), 1_000);
    // Minutes that go on being judged while it looks.
    for (let minute = NOW / 60_000; minute < NOW / 60_000 + 4; minute++) {
      await pool.query(
        `INSERT INTO features (stream, minute, kind, values) VALUES ($1, to_timestamp($2 * 60), 'observed', '{}')`,
        [STREAM, minute],
      );
      const verdict = { minute, score: 0.4, threshold: 1, anomalous: false, votes: {}, missing: [], state: {} };
      await insertVerdicts(pool, STREAM, [verdict]);
      const judged = `routewarden_verdicts_total{verdict="calm"} >= ${minute - NOW / 60_000 + 1}`;
      await until(async () => (await found(judged)).length === 1);
    }
  }, 90_000);

  afterAll(async () => {
    clearInterval(pulse);
    const ended = new Promise((done) => server?.once('exit', done) ?? done(0));
    server?.kill();
    await ended;
    await at.stop();
    rmSync(folder, { recursive: true });
  });

  const expressions = board.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));
  test.each(expressions)('the panel "%s" gets data for %s', async (_title, expr) => {
    const asking = expr.replaceAll('$__rate_interval', '1m').replaceAll('$stream', '.*');
    expect(asking).not.toContain('$');
    await until(async () => (await found(asking)).length > 0);
    const values = (await found(asking)).map(({ value }) => Number(value[1]));
    expect(values.every((value) => !Number.isNaN(value))).toBe(true);
  });

  test('every rule is loaded and evaluated, and those of the seeded system that should fire do', async () => {
    type Rule = { name: string; health: string; lastError?: string; alerts: { labels: Record<string, string> }[] };
    const rules = async () =>
      (await asked<{ groups: { rules: Rule[] }[] }>('/api/v1/rules')).groups.flatMap((g) => g.rules);
    await until(async () => (await rules()).every(({ health }) => health !== 'unknown'));
    const known = await rules();
    expect(known.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(known.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort());
    // The recording of 2026 is far behind the wall clock.
    const behind = known.find(({ name }) => name === 'RoutewardenFeedBehind');
    expect(behind?.alerts.map(({ labels }) => labels.stream)).toEqual([STREAM]);
  });

  test('the metrics pass the linter of Prometheus', async () => {
    const { text } = await at.get('/metrics');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([status, stdout + stderr]).toEqual([0, '']);
  });

  test('each rule fires on what it is for, and not on what is well', () => {
    const judged = (of: 'fires' | 'well') => {
      const tests = Object.entries(CASES).map(([alertname, { at: eval_time, ...series }]) => ({
        interval: '1m',
        input_series: Object.entries(series[of]).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [{ eval_time, alertname, exp_alerts: [] }],
      }));
      const file = join(folder, 'rules.test.yml');
      writeFileSync(file, JSON.stringify({ rule_files: [RULES], tests }));
      const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
      return stdout + stderr;
    };
    // No alert is expected in either: the tool names those that fire all the same.
    const names = [...judged('fires').matchAll(/alertname: (\w+), time/g)].map(([, name]) => name);
    expect(names.sort()).toEqual(Object.keys(CASES).sort());
    expect(judged('well')).toContain('SUCCESS');
  });
});
