import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import { checkHoldings } from '../../src/cli/doctorChecks.js';
import { AggregatorStep } from '../../src/collection/aggregatorStep.js';
import { type BackfillRequest, backfill } from '../../src/collection/backfill.js';
import { beginStream } from '../../src/collection/beginStream.js';
import { BoundWatch } from '../../src/collection/boundWatch.js';
import { type ReplayRequest, replayInto } from '../../src/collection/replaySession.js';
import { settingsSchema } from '../../src/config/settings.js';
import { Judging } from '../../src/dashboard/judging.js';
import { metricsText } from '../../src/dashboard/metrics.js';
import { feedState } from '../../src/dashboard/queries/feed.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';
import type { ServiceContext } from '../../src/services/service.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { readCursor } from '../../src/storage/cursors.js';
import { upsertService } from '../../src/storage/services.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

/** A minute of a table dump of RIPE RIS. */
const START = 480 * 61_459;
const script = {
  seed: 6,
  startMinute: START,
  resetsPerWeek: 0,
  incidents: [{ class: 'hijack' as const, startMinute: START + 12, durationMinutes: 10, magnitude: 0.5 }],
};
const world = new SimulatedWorld(script);
const silent = pino({ level: 'silent' });

let database: TestDatabase;
let archive: ArchiveServer;
let baseUrl: string;
let folder: string;
let table: string;
let updates: string[];

beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'routewarden-table-'));
  archive = new ArchiveServer({ world, horizon: () => START + 150 });
  baseUrl = await archive.listen();
  table = write('bview.gz', archive.table(START));
  updates = [0, 5, 10, 15].map((from) => write(`updates.${from}.gz`, archive.file(START + from)));
}, 60_000);

afterAll(async () => {
  await archive.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  archive.fault = () => 'none';
  archive.requests.clear();
  await database.pool.query('TRUNCATE features, update_batches, cursors, late_minutes, feed_gaps');
});

function write(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function batchesOf(path: string): Promise<UpdateBatch[]> {
  const batches: UpdateBatch[] = [];
  for await (const { batch } of decodeMrt(createReadStream(path))) {
    if (batch.messages > 0) batches.push(UpdateBatch.decode(batch.finish()));
  }
  return batches;
}

type Row = Pick<FeatureRow, 'minute' | 'kind'> & { values: number[]; evidence: unknown };

async function rows(): Promise<Row[]> {
  const result = await database.pool.query<Row>(
    `SELECT (extract(epoch FROM minute) / 60)::integer AS minute, kind, values, evidence FROM features
      WHERE stream = 's' ORDER BY minute`,
  );
  return result.rows.map((row) => ({ ...row, values: row.values.map(Math.fround) }));
}

/** What an aggregator gives that is fed by hand. */
async function expected(paths: readonly string[], sized = true): Promise<Row[]> {
  const aggregator = new MinuteAggregator({ stream: 's' });
  for (const path of paths) {
    for (const batch of await batchesOf(path)) {
      if (!sized && path !== table) batch.columns.size.fill(0);
      aggregator.add(batch);
    }
  }
  aggregator.finish();
  return aggregator.take().map(({ minute, kind, values, evidence }) => ({
    minute,
    kind,
    values: [...values],
    evidence: JSON.parse(JSON.stringify(evidence)),
  }));
}

function play(paths: string[], changes: Partial<ReplayRequest> = {}) {
  return replayInto({
    pool: database.pool,
    stream: 's',
    paths,
    graceSeconds: 30,
    firstDay: START,
    readFeatures: () => {
      throw new Error('no features here');
    },
    logger: silent,
    signal: new AbortController().signal,
    ...changes,
  });
}

test('a replay begins with a dump: its routes count in no minute, and the first minutes have evidence', async () => {
  const read: number[] = [];
  const summary = await play([table, ...updates], { onTable: ({ bytes, size }) => read.push(bytes / size) });
  expect(summary.tableEntries).toBeGreaterThan(2_000);
  expect(summary).toMatchObject({ gaps: 0, skipped: 0, cut: [], watermark: START + 19 });
  expect(summary.holdings!.routes).toBeGreaterThan(2_000);
  expect(read.at(-1)).toBe(1);
  const stored = await rows();
  expect(stored.map(({ minute }) => minute - START)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(stored.map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => 'observed'));
  expect(stored).toEqual(await expected([table, ...updates]));
  const origins = stored.flatMap(({ evidence }) => (evidence as FeatureRow['evidence']).newOrigins);
  expect(origins.length).toBeGreaterThan(0);
  expect(origins.every(({ previousOrigins }) => previousOrigins.length > 0)).toBe(true);
  const cold = await expected(updates);
  expect(cold.flatMap(({ evidence }) => (evidence as FeatureRow['evidence']).newOrigins)).toEqual([]);
}, 60_000);

test('a replay that was stopped within the dump goes on when it is run again', async () => {
  const stop = new AbortController();
  // a pace makes batches small
  const pace = { speed: 1e12, signal: stop.signal };
  const stopped = play([table, ...updates], { ...pace, onTable: () => stop.abort(new Error('stopped')) });
  await expect(stopped).rejects.toThrow('stopped');
  expect(await rows()).toEqual([]);
  await play([table, ...updates]);
  expect(await rows()).toEqual(await expected([table, ...updates]));
}, 60_000);

test('a cut dump is used as far as it goes, a dump of another time or too late is refused', async () => {
  const bytes = archive.table(START);
  const cut = write('cut.gz', bytes.subarray(0, bytes.length - 100));
  const summary = await play([cut, ...updates]);
  expect(summary.cut).toMatchObject([{ path: cut, reason: expect.stringContaining('cut short') }]);
  expect(summary.tableEntries).toBeGreaterThan(1000);
  const origins = (await rows()).flatMap(({ evidence }) => (evidence as FeatureRow['evidence']).newOrigins);
  expect(origins).toEqual([]);
  await expect(play([table])).rejects.toThrow(/is a table dump, and the stream goes on until .* choose another/);
  await database.pool.query('TRUNCATE features, update_batches, cursors');
  const later = write('later.gz', archive.table(START + 120));
  await expect(play([later, updates[0]!])).rejects.toThrow(/begins 2 hours before the table dump/);
}, 60_000);

function fill(changes: Partial<BackfillRequest> = {}) {
  return backfill({
    pool: database.pool,
    stream: 's',
    collector: 'rrc00',
    baseUrl,
    from: START + 7,
    until: START + 130,
    directory: join(folder, 'archive'),
    keep: false,
    threads: 2,
    graceSeconds: 30,
    lateStages: [],
    logger: silent,
    random: () => 0,
    signal: new AbortController().signal,
    table: true,
    ...changes,
  });
}

test('a backfill begins with the newest dump before it, and the updates since', async () => {
  const summary = await fill();
  expect(summary.tables).toMatchObject([{ minute: START, reason: null }]);
  expect(summary).toMatchObject({ lacking: 123, written: 123, files: 26, missing: 0 });
  expect(readdirSync(join(folder, 'archive'))).toEqual([]);
  const files = Array.from({ length: 26 }, (_, i) => write(`f.${i}.gz`, archive.file(START + i * 5)));
  const all = await expected([table, ...files], false);
  const stored = await rows();
  const wanted = all.filter(({ minute }) => minute >= START + 7);
  expect(stored.map(({ minute }) => minute)).toEqual(wanted.map(({ minute }) => minute));
  expect(stored.map(({ values }) => values)).toEqual(wanted.map(({ values }) => values));
  const origins = (list: Row[]) => list.map(({ evidence }) => (evidence as FeatureRow['evidence']).newOrigins);
  expect(origins(stored)).toEqual(origins(wanted));
  expect(origins(stored).flat().length).toBeGreaterThan(0);
}, 60_000);

test('without a dump in the archive, or with a damaged one, the hour before is read', async () => {
  archive.fault = (path) => (path.includes('bview') ? 'missing' : 'none');
  expect(await fill({ from: START + 10, until: START + 140 })).toMatchObject({ tables: [], written: 130, missing: 10 });
  expect([...archive.requests.keys()].filter((path) => path.includes('bview'))).toHaveLength(3);
}, 60_000);

function context(): ServiceContext {
  const settings = settingsSchema.parse({ archive: { url: baseUrl }, dataDirectory: folder });
  return { settings, pool: database.pool, logger: silent, signal: new AbortController().signal } as ServiceContext;
}

test('a new live stream begins with a table and the updates since, once, also after a kill', async () => {
  let asked = 0;
  const step = () =>
    new AggregatorStep({
      pool: database.pool,
      stream: 's',
      graceSeconds: 30,
      now: Date.now,
      begin: () => {
        asked++;
        return beginStream(context(), 's', 'rrc00', (START + 10) * 60_000);
      },
    });
  const first = step();
  await first.step();
  expect(first.holdings).toMatchObject({ knowsTable: true });
  const cursor = await readCursor(database.pool, 'aggregator', 's');
  expect(Number(cursor?.position)).toBe(0);
  const { routes } = first.holdings!;
  const second = step();
  await second.step();
  expect(second.holdings!.routes).toBe(routes);
  expect(asked).toBe(1);
  expect([...archive.requests.keys()].filter((path) => path.includes('bview'))).toHaveLength(1);
  // the live feed begins after that: no minute before it, none that warms up
  await play(updates.slice(2));
  const stored = await rows();
  expect(stored[0]!.minute).toBe(START + 10);
  const all = await expected([table, ...updates]);
  expect(stored.map(({ values }) => values)).toEqual(all.slice(10).map(({ values }) => values));
}, 60_000);

test('doctor, metrics and the page say what a stream holds, and doctor what to set at a bound', async () => {
  for (const [maximumRoutes, ok] of [
    [100_000, true],
    [1_000, false],
  ] as const) {
    const settings = settingsSchema.parse({ features: { routes: maximumRoutes } });
    const begin = async () => {
      const aggregator = new MinuteAggregator({ stream: 's', maximumRoutes });
      for (const batch of await batchesOf(table)) aggregator.learn(batch);
      return aggregator;
    };
    await database.pool.query('TRUNCATE cursors');
    const step = new AggregatorStep({ pool: database.pool, stream: 's', graceSeconds: 30, now: Date.now, begin });
    await step.step();
    const holdings = step.holdings!;
    await upsertService(database.pool, {
      instance: 'aggregator-test',
      name: 'aggregator',
      host: 'here',
      pid: process.pid,
      state: 'running',
      detail: { s: { watermark: null, takenUntilMs: null, ...holdings } },
      restarts: 0,
    });
    const [finding] = await checkHoldings(database.pool, settings);
    expect(finding).toMatchObject({ check: 'routes of s', ok });
    expect(finding!.finding).toContain(`${holdings.routes.toLocaleString('en')} routes`);
    if (!ok) expect(finding!.finding).toContain('set features.routes higher');
    const metrics = await metricsText(
      database.pool,
      [],
      settings.dashboard,
      Date.now(),
      6,
      await Judging.since(database.pool),
    );
    expect(metrics).toContain(`routewarden_routes{stream="s"} ${holdings.routes}\n`);
    expect(metrics).toContain(`routewarden_routes_evicted{stream="s"} ${holdings.evictedRoutes}\n`);
    const { known } = await feedState(database.pool, 's', null, undefined, settings.dashboard.staleAfter);
    const { routes, prefixes, paths, peers, bytes, evictedRoutes } = holdings;
    expect(known).toEqual({ routes, prefixes, paths, peers, bytes, evictedRoutes });
  }
}, 60_000);

test('a stream at its bound says so once, with what to set', () => {
  const said: string[] = [];
  const logger = { warn: (_: object, text: string) => said.push(text), info() {}, error() {} };
  const watch = new BoundWatch('s', { routes: 1000, peers: 20 }, logger as never);
  watch.look({ routes: 999, peers: 5, bytes: 100_000, evictedRoutes: 0 });
  expect(said).toEqual([]);
  for (const evictedRoutes of [7, 8]) watch.look({ routes: 1000, peers: 5, bytes: 100_000, evictedRoutes });
  expect(said).toEqual(['1,000 routes known and 7 forgotten: set features.routes higher (some 100 bytes a route)']);
});
