import { spawnSync } from 'node:child_process';
import { closeSync, createReadStream, createWriteStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { decodeMrt } from '../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { GeneratedTable } from './fullTable/generatedTable.js';
import type { Bench, BenchOptions, BenchResult } from './result.js';

const MILLION = 1_000_000;
const UPDATES = 400_000;
/** What a process without columns takes is measured at this size. */
const NAIVE_ROUTES = MILLION;

const processorSeconds = (from: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
};

interface Loaded {
  aggregator: MinuteAggregator;
  /** Of processor time: decompression and the collection of garbage have threads of their own. */
  seconds: number;
  longestPauseMs: number;
}

async function load(file: string, routes: number): Promise<Loaded> {
  const aggregator = new MinuteAggregator({ stream: 'bench', maximumRoutes: routes + MILLION });
  const start = process.cpuUsage();
  let longestPauseMs = 0;
  for await (const { batch } of decodeMrt(createReadStream(file, { highWaterMark: 1 << 20 }))) {
    const began = performance.now();
    aggregator.learn(new UpdateBatch(batch.takeColumns()));
    longestPauseMs = Math.max(longestPauseMs, performance.now() - began);
  }
  return { aggregator, seconds: processorSeconds(start), longestPauseMs };
}

/** Messages a second of processor time, after a stretch in which code and tables settle. */
function updateRate(aggregator: MinuteAggregator, table: GeneratedTable): { rate: number; longestPauseMs: number } {
  let longestPauseMs = 0;
  const add = (batches: Iterable<UpdateBatch>) => {
    for (const batch of batches) {
      const began = performance.now();
      aggregator.add(batch);
      aggregator.take();
      longestPauseMs = Math.max(longestPauseMs, performance.now() - began);
    }
  };
  const batches = [...table.updates(UPDATES)];
  add(batches.slice(0, 20));
  longestPauseMs = 0;
  const from = process.cpuUsage();
  add(batches.slice(20));
  const messages = batches.slice(20).reduce((sum, batch) => sum + batch.messages, 0);
  return { rate: messages / processorSeconds(from), longestPauseMs };
}

/** A `Map` of text keys to objects, as one writes it first; bytes a route of heap. */
function naiveBytes(table: GeneratedTable): number {
  const before = process.memoryUsage();
  const routes = new Map<string, { path: string; since: number }>();
  let left = NAIVE_ROUTES;
  for (const { peer, prefix, path } of table.texts()) {
    if (left-- === 0) break;
    routes.set(`${peer} ${prefix}`, { path, since: left });
  }
  const after = process.memoryUsage();
  return (after.heapUsed - before.heapUsed) / routes.size;
}

/** Processor time of bgpdump; null where it is not installed. */
function bgpdumpSeconds(file: string): number | null {
  const script = 'TIMEFORMAT="%U %S"; time bgpdump -m "$0" > /dev/null 2> /dev/null';
  const { status, stderr } = spawnSync('bash', ['-c', script, file], { encoding: 'utf8' });
  const times = /^([\d.]+) ([\d.]+)\s*$/.exec(stderr ?? '');
  return status === 0 && times !== null ? Number(times[1]) + Number(times[2]) : null;
}

async function measure(routes: number, directory: string, results: BenchResult[]): Promise<void> {
  const table = new GeneratedTable(routes, 1);
  const plain = join(directory, `rib.${routes}.mrt`);
  const packed = `${plain}.gz`;
  const out = openSync(plain, 'w');
  for (const piece of table.dump()) writeSync(out, piece);
  closeSync(out);
  await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(packed));
  const name = `${routes / MILLION} million routes of ${table.peers} peers`;
  const line = (what: string, ours: number, unit: string, goal: string, yardstick: number | null, by: string) =>
    results.push({
      what: `${name}: ${what}`,
      ours: Math.round(ours * 10) / 10,
      yardstick: yardstick === null ? null : Math.round(yardstick * 10) / 10,
      yardstick_name: by,
      unit,
      ratio: yardstick === null ? null : unit.includes('/s') ? ours / yardstick : yardstick / ours,
      goal,
    });
  const rss = process.memoryUsage.rss();
  const { aggregator, seconds, longestPauseMs } = await load(plain, routes);
  const grown = process.memoryUsage.rss() - rss;
  const { holdings } = aggregator;
  const distinct = `${holdings.prefixes} prefixes, ${holdings.paths} paths`;
  const naive = routes === NAIVE_ROUTES ? naiveBytes(table) : null;
  line(
    `columns (${distinct}; the process grew by ${Math.round(grown / routes)} bytes a route)`,
    holdings.bytes / holdings.routes,
    'bytes a route',
    '50 at 50 million',
    naive,
    'a Map of text keys to objects',
  );
  const dumped = routes === MILLION ? bgpdumpSeconds(plain) : null;
  line(
    'load, plain dump',
    routes / seconds,
    'routes/s of processor time',
    '1,500,000, and 2x bgpdump -m',
    dumped === null ? null : routes / dumped,
    'bgpdump -m to /dev/null',
  );
  line('longest pause while loading', longestPauseMs, 'ms', '200', null, '');
  const unpacked = await load(packed, routes);
  line('load, gzip dump', routes / unpacked.seconds, 'routes/s of processor time', '500,000', null, '');
  const began = performance.now();
  const snapshot = aggregator.snapshot();
  const snapshotMs = performance.now() - began;
  const again = performance.now();
  MinuteAggregator.restore(snapshot, { stream: 'bench', maximumRoutes: routes + MILLION });
  const restoreMs = performance.now() - again;
  line(
    `snapshot in one piece of ${Math.round(snapshot.length / 1e6)} MB`,
    snapshotMs,
    'ms',
    'in pieces, none over 200',
    null,
    '',
  );
  line('restart from it', restoreMs / 1000, 's', '60 at 50 million', null, '');
  const empty = updateRate(new MinuteAggregator({ stream: 'bench', maximumRoutes: routes + MILLION }), table);
  const full = updateRate(aggregator, table);
  line(
    'updates on top of it',
    full.rate,
    'messages/s of processor time',
    '0.8 of those on an empty table, 100,000',
    empty.rate,
    'the same on an empty table',
  );
  line('longest pause in 5,000 updates', full.longestPauseMs, 'ms', '200', null, '');
}

async function run({ quick }: BenchOptions): Promise<BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  const results: BenchResult[] = [];
  try {
    for (const routes of quick ? [MILLION] : [MILLION, 10 * MILLION]) await measure(routes, directory, results);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

export const bench: Bench = { name: 'full-table', run };
