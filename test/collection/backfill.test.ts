import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { type BackfillRequest, backfill } from '../../src/collection/backfill.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { listFiles, risLayout } from '../../src/sources/archive/layout.js';
import { StageLocks } from '../../src/storage/stageLocks.js';
import { lastEntry } from '../../src/storage/updateBatches.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const START = 29_500_000;
const UNTIL = START + 180;
const FROM = START + 60;
const logger = { info() {}, warn() {}, error() {} };
const script = { seed: 5, startMinute: START, resetsPerWeek: 0 };

let database: TestDatabase;
let archive: ArchiveServer;
let directory: string;
let baseUrl: string;

beforeAll(async () => {
  database = await openTestDatabase();
  directory = mkdtempSync(join(tmpdir(), 'routewarden-backfill-'));
  archive = new ArchiveServer({ world: new SimulatedWorld(script), horizon: () => UNTIL });
  baseUrl = await archive.listen();
}, 60_000);

afterAll(async () => {
  await archive.close();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  archive.fault = () => 'none';
  archive.requests.clear();
  await database.pool.query('TRUNCATE features, update_batches, cursors, late_minutes, feed_gaps');
});

function run(changes: Partial<BackfillRequest> = {}) {
  return backfill({
    pool: database.pool,
    stream: 'rrc00',
    collector: 'rrc00',
    baseUrl,
    from: FROM,
    until: UNTIL,
    directory,
    keep: false,
    threads: 2,
    // Long enough for a busy machine to answer within; what is slow on purpose costs as much.
    idleMs: 1_500,
    graceSeconds: 30,
    lateStages: ['ensemble'],
    logger,
    random: () => 0,
    signal: new AbortController().signal,
    ...changes,
  });
}

interface Row {
  minute: number;
  kind: string;
  values: number[];
  evidence: unknown;
  written: string;
}

async function rows(): Promise<Row[]> {
  const result = await database.pool.query<Row>(
    `SELECT (extract(epoch FROM minute) / 60)::integer AS minute, kind, values, evidence, created_at::text AS written
     FROM features WHERE stream = 'rrc00' ORDER BY minute`,
  );
  return result.rows;
}

/** The rows of the same minutes from the live texts, which go neither through MRT nor through files. */
function liveRows(): { minute: number; values: number[]; evidence: unknown }[] {
  const world = new SimulatedWorld(script);
  const aggregator = new MinuteAggregator({ stream: 'rrc00' });
  const builder = new UpdateBatchBuilder();
  for (let minute = START; minute < UNTIL; minute++) {
    for (const text of world.minute(minute)) decodeRisLiveMessage(text, builder);
    if (builder.messages > 0) aggregator.add(new UpdateBatch(builder.takeColumns()));
  }
  aggregator.finish();
  return aggregator
    .take()
    .filter(({ minute }) => minute >= FROM)
    .map(({ minute, values, evidence }) => ({
      minute,
      values: [...values],
      evidence: JSON.parse(JSON.stringify(evidence)),
    }));
}

test('writes every minute once, through faults, equal to what the live feed would have given', async () => {
  const seen = new Map<string, number>();
  archive.fault = (path, attempt) => {
    seen.set(path, attempt);
    if (attempt > 1) return 'none';
    const faults = ['truncated', 'reset', 'slow', 'busy'] as const;
    return faults[seen.size % 7] ?? 'none';
  };
  const summary = await run();
  expect(summary).toMatchObject({
    lacking: 120,
    written: 120,
    files: 36,
    downloaded: 36,
    missing: 0,
    failed: 0,
    damaged: 0,
  });
  expect([...archive.requests.values()].some((attempts) => attempts > 1)).toBe(true);
  const stored = await rows();
  expect(stored.map(({ minute }) => minute)).toEqual(Array.from({ length: 120 }, (_, i) => FROM + i));
  const live = liveRows();
  const width = live[0]!.values.length;
  expect(stored.map(({ values }) => values.slice(0, width).map(Math.fround))).toEqual(live.map(({ values }) => values));
  expect(stored.map(({ evidence }) => evidence)).toEqual(live.map(({ evidence }) => evidence));
  expect(readdirSync(directory)).toEqual([]);
  expect(await run()).toMatchObject({ lacking: 0, written: 0, files: 0 });
  expect(await rows()).toEqual(stored);
  // a live collector that starts now finds where the archive ended
  expect(await lastEntry(database.pool, 'rrc00')).toMatchObject({
    kind: 'clock',
    untilMs: UNTIL * 60_000,
  });
}, 60_000);

test('what the archive lacks is a gap until it has it; observed rows stay, gaps are healed', async () => {
  const hidden = new URL(listFiles(risLayout(baseUrl), 'rrc00', START + 90, START + 91)[0]!.url).pathname;
  archive.fault = (path) => (path === hidden ? 'missing' : 'none');
  expect(await run({ until: START + 120 })).toMatchObject({ lacking: 60, written: 55, missing: 1 });
  const before = await rows();
  expect(before.filter(({ kind }) => kind === 'gap').map(({ minute }) => minute - START)).toEqual([90, 91, 92, 93, 94]);
  archive.fault = () => 'none';
  expect(await run({ until: START + 120 })).toMatchObject({ lacking: 5, written: 5, missing: 0 });
  const after = await rows();
  expect(after.filter(({ kind }) => kind === 'healed').map(({ minute }) => minute - START)).toEqual([
    90, 91, 92, 93, 94,
  ]);
  const others = (list: Row[]) => list.filter(({ minute }) => minute < START + 90 || minute >= START + 95);
  expect(others(after)).toEqual(others(before));
}, 60_000);

test('minutes behind a model that serves are put before the stages, others are not', async () => {
  const { rows: versions } = await database.pool.query<{ id: number }>(
    `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
       format, code_version, fencing_token)
     VALUES ('lstm@rrc00', 'lstm', 'rrc00', 1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1) RETURNING id`,
  );
  await database.pool.query(
    `INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', $1, to_timestamp($2), 'test')`,
    [versions[0]!.id, (START + 70) * 60],
  );
  await run({ until: START + 80 });
  const late = await database.pool.query<{ count: number; first: number }>(
    `SELECT count(*)::integer AS count, (extract(epoch FROM min(minute)) / 60)::integer AS first FROM late_minutes`,
  );
  expect(late.rows).toEqual([{ count: 10, first: START + 70 }]);
}, 60_000);

test('an abort ends it with its reason, and the next run goes on', async () => {
  const ending = new AbortController();
  const cut = run({
    signal: ending.signal,
    onProgress: ({ filesDone }) => {
      if (filesDone === 20) ending.abort(new Error('enough'));
    },
  });
  await expect(cut).rejects.toThrow('enough');
  const had = (await rows()).length;
  expect(had).toBeGreaterThan(0);
  expect(had).toBeLessThan(120);
  expect(await run()).toMatchObject({ lacking: 120 - had, written: 120 - had });
  expect(await rows()).toHaveLength(120);
}, 60_000);

test('an archive out of reach is given up after some files, and writes nothing', async () => {
  let done = 0;
  const nowhere = run({
    baseUrl: 'http://127.0.0.1:1',
    attempts: 1,
    onProgress: ({ filesDone }) => (done = filesDone),
  });
  await expect(nowhere).rejects.toThrow(
    /the archive at 127.0.0.1:1 cannot be reached: the first 8 files failed .* run it again/,
  );
  expect(done).toBe(7);
  expect(await rows()).toHaveLength(0);
}, 60_000);

test('who reads the archive of a stream is told to whoever waits for it', async () => {
  const first = new StageLocks(database.url, 'backfill');
  const second = new StageLocks(database.url, 'other');
  try {
    expect(await second.holder('archive', 'rrc00')).toBeNull();
    const lock = await first.take('archive', 'rrc00', () => {});
    expect(await second.holder('archive', 'rrc00')).toMatch(/^routewarden locks backfill, connected since 20/);
    expect(await second.holder('archive', 'rrc01')).toBeNull();
    await lock.release();
    expect(await second.holder('archive', 'rrc00')).toBeNull();
  } finally {
    await first.close();
    await second.close();
  }
});
