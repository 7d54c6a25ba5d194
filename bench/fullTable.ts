import { spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { decodeMrt } from '../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { pageHash } from '../src/features/pageHash.js';
import { GeneratedTable } from './fullTable/generatedTable.js';
import type { Bench, BenchOptions, BenchResult } from './result.js';

const MILLION = 1_000_000;
const UPDATES = 400_000;
/** Batches after which code and tables have settled. */
const WARM_UP = 20;
/** As many as a collector's full tables are assumed to be, but for the million that the naive table is held against. */
const PEERS = 60;
const FEWER_PEERS = 10;
/** What a process without columns takes is measured at this size. */
const NAIVE_ROUTES = MILLION;
/** Bytes of a page of what an aggregator knows: see docs/decisions/aggregator-pages.md. */
const PAGE = 32_768;

const processorSeconds = (from: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
};

interface Loaded {
  aggregator: MinuteAggregator;
  /** Of processor time, without what `dump` takes: decompression and the collection of garbage have threads of their own. */
  seconds: number;
  /** Of processor time. */
  longestPauseMs: number;
}

const emptyAggregator = (routes: number) => new MinuteAggregator({ stream: 'bench', maximumRoutes: routes + MILLION });

/** A piece of the dump is made when it is asked for, so that no table need fit in memory. */
async function loadFromMemory(table: GeneratedTable, routes: number): Promise<Loaded> {
  let made = 0;
  async function* pieces() {
    const dump = table.dump();
    for (;;) {
      const from = process.cpuUsage();
      const { value, done } = dump.next();
      made += processorSeconds(from);
      if (done) return;
      yield value;
    }
  }
  const loaded = await load(pieces(), routes);
  return { ...loaded, seconds: loaded.seconds - made };
}

async function load(source: AsyncIterable<Uint8Array>, routes: number): Promise<Loaded> {
  const aggregator = emptyAggregator(routes);
  const start = process.cpuUsage();
  let longestPauseMs = 0;
  for await (const { batch } of decodeMrt(source)) {
    const began = process.cpuUsage();
    aggregator.learn(new UpdateBatch(batch.takeColumns()));
    longestPauseMs = Math.max(longestPauseMs, processorSeconds(began) * 1000);
  }
  return { aggregator, seconds: processorSeconds(start), longestPauseMs };
}

/** Hashes of the pages of all columns, as the aggregator's stage asks which have changed. */
function pageHashes(aggregator: MinuteAggregator): number[] {
  const hashes: number[] = [];
  for (const view of [...aggregator.stored()].flat()) {
    for (let at = 0; at < view.length; at += PAGE) hashes.push(pageHash(view.subarray(at, at + PAGE)));
  }
  return hashes;
}

/** Seconds of wall time to write what the aggregator knows to a file, and to know it again from there. */
function restart(aggregator: MinuteAggregator, routes: number, file: string): { seconds: number; bytes: number } {
  const written = openSync(file, 'w');
  for (const view of [...aggregator.stored()].flat()) writeSync(written, view);
  closeSync(written);
  const began = performance.now();
  const again = MinuteAggregator.restoring(aggregator.head(), { stream: 'bench', maximumRoutes: routes + MILLION });
  const opened = openSync(file, 'r');
  let bytes = 0;
  for (const views of again.stored) {
    for (const view of views) {
      for (let at = 0; at < view.length; ) {
        const read = readSync(opened, view, at, view.length - at, null);
        if (read === 0) throw new Error(`${file} ends after ${bytes} bytes`);
        at += read;
        bytes += read;
      }
    }
  }
  closeSync(opened);
  rmSync(file);
  for (const _ of again.derived);
  const { holdings } = again.aggregator;
  if (holdings.routes !== aggregator.holdings.routes) throw new Error(`${holdings.routes} routes came back`);
  return { seconds: (performance.now() - began) / 1000, bytes };
}

/** Messages a second of processor time, after a stretch in which code and tables settle. */
function updateRate(aggregator: MinuteAggregator, table: GeneratedTable): { rate: number; longestPauseMs: number } {
  let longestPauseMs = 0;
  const add = (batches: Iterable<UpdateBatch>) => {
    for (const batch of batches) {
      const began = process.cpuUsage();
      aggregator.add(batch);
      aggregator.take();
      longestPauseMs = Math.max(longestPauseMs, processorSeconds(began) * 1000);
    }
  };
  const batches = [...table.updates(UPDATES)];
  add(batches.slice(0, WARM_UP));
  longestPauseMs = 0;
  const from = process.cpuUsage();
  add(batches.slice(WARM_UP));
  const messages = batches.slice(WARM_UP).reduce((sum, batch) => sum + batch.messages, 0);
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
  const table = new GeneratedTable(routes, 1, routes > NAIVE_ROUTES ? PEERS : FEWER_PEERS);
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
  const { aggregator, seconds, longestPauseMs } = await loadFromMemory(table, routes);
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
  const small = routes === NAIVE_ROUTES ? await smallDump(table, routes, directory) : null;
  line(
    'load, from memory',
    routes / seconds,
    'routes/s of processor time',
    '1,500,000, and 2x bgpdump -m',
    small?.bgpdump ? routes / small.bgpdump : null,
    'bgpdump -m to /dev/null',
  );
  line('longest pause while loading', longestPauseMs, 'ms of processor time', '200', null, '');
  if (small !== null) line('load, gzip dump', routes / small.gzip, 'routes/s of processor time', '500,000', null, '');
  const looked = process.cpuUsage();
  const before = pageHashes(aggregator);
  const lookedMs = processorSeconds(looked) * 1000;
  line(`looking for changes in ${before.length} pages`, lookedMs, 'ms of processor time', 'in turns', null, '');
  const { seconds: restarted, bytes } = restart(aggregator, routes, join(directory, 'pages'));
  line(`restart from a file of ${Math.round(bytes / 1e6)} MB`, restarted, 's', '60 at 50 million', null, '');
  const empty = updateRate(emptyAggregator(routes), table);
  const full = updateRate(aggregator, table);
  line(
    'updates on top of it',
    full.rate,
    'messages/s of processor time',
    '0.8 of those on an empty table, 100,000',
    empty.rate,
    'the same on an empty table',
  );
  line('longest pause in 5,000 updates', full.longestPauseMs, 'ms of processor time', '200', null, '');
  const changed = pageHashes(aggregator).filter((hash, page) => hash !== before[page]).length;
  line(`snapshot after ${UPDATES} updates`, changed, `pages of ${before.length}`, 'what changed', null, '');
}

/** Processor seconds for the table as a file: by us from its gzip, and by bgpdump. */
async function smallDump(table: GeneratedTable, routes: number, directory: string) {
  const plain = join(directory, 'rib.mrt');
  const packed = `${plain}.gz`;
  const out = openSync(plain, 'w');
  for (const piece of table.dump()) writeSync(out, piece);
  closeSync(out);
  await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(packed));
  const { seconds } = await load(createReadStream(packed, { highWaterMark: 1 << 20 }), routes);
  return { gzip: seconds, bgpdump: bgpdumpSeconds(plain) };
}

/** @param files sizes in millions of routes; 1 and 10 without any, 1 with `quick` */
async function run({ quick, files }: BenchOptions): Promise<BenchResult[]> {
  const sizes = files.length > 0 ? files.map(Number) : quick ? [1] : [1, 10];
  if (!sizes.every((size) => size > 0)) throw new RangeError(`sizes are millions of routes, not ${files.join(' ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  const results: BenchResult[] = [];
  try {
    for (const size of sizes) await measure(size * MILLION, directory, results);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

export const bench: Bench = { name: 'full-table', run };
