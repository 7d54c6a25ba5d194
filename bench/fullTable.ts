import { execFile, spawnSync } from 'node:child_process';
import { closeSync, createReadStream, createWriteStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { decodeMrt } from '../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { GeneratedTable } from './fullTable/generatedTable.js';
import { openStand } from './fullTable/stand.js';
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

/**
 * Bytes a route of daemons that hold 5 million routes of 5 peers, a million prefixes each: the process's greatest memory
 * (3.6 and 4.4 GB), as bgperf measured it on 2021-06-10. They keep attributes that an anomaly detector does not need.
 */
const PUBLISHED: [daemon: string, bytes: number][] = [
  ['FRR 7.7-dev', 720],
  ['BIRD 2.0.8', 880],
];
const PUBLISHED_IN = 'gist.github.com/jopietsch/e6781c0c61bfa37d91b5a3d08c6939b0';

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
  for (const [daemon, bytes] of routes === NAIVE_ROUTES ? PUBLISHED : []) {
    line(
      `columns, and what ${daemon} takes`,
      holdings.bytes / holdings.routes,
      'bytes a route',
      '',
      bytes,
      PUBLISHED_IN,
    );
  }
  // a million routes are learnt before the code is compiled, so the rate is that of a second load there
  const settled = small === null ? seconds : (await loadFromMemory(table, routes)).seconds;
  if (small !== null) {
    line('load, from memory, the first of the process', routes / seconds, 'routes/s of processor time', '', null, '');
  }
  line(
    'load, from memory',
    routes / settled,
    'routes/s of processor time',
    '1,500,000, and 2x bgpdump -m',
    small?.bgpdump ? routes / small.bgpdump : null,
    'bgpdump -m to /dev/null',
  );
  line('longest pause while loading', longestPauseMs, 'ms of processor time', '200', null, '');
  if (small !== null) line('load, gzip dump', routes / small.gzip, 'routes/s of processor time', '500,000', null, '');
  const stand = await openStand(aggregator, routes + MILLION);
  const first = await stand.write();
  line(`first snapshot, ${Math.round(first.bytes / 1e6)} MB to PostgreSQL`, first.seconds, 's', 'in turns', null, '');
  const { seconds: restarted, processor, longestTurnMs: restartTurn } = await stand.restart();
  const of = `${processor.toFixed(1)} s of processor time beside the database's`;
  line(`restart through PostgreSQL, ${of}`, restarted, 's', '60 at 50 million', null, '');
  line('restart, of which waiting for a turn at most', restartTurn, 'ms', '200', null, '');
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
  const next = await stand.write();
  await stand.close();
  const share = `${Math.round(next.bytes / 1e6)} MB that ${UPDATES} updates changed`;
  line(`snapshot of the ${share}, of which waiting for a turn at most`, next.longestTurnMs, 'ms', '200', null, '');
  line(`snapshot of the ${share}`, next.seconds, 's', 'what changed', null, '');
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
  const results: BenchResult[] = [];
  if (sizes.length > 1) {
    for (const size of sizes) results.push(...(await inItsOwnProcess(size)));
    return results;
  }
  const directory = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  try {
    await measure(sizes[0]! * MILLION, directory, results);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

/** A table after another one in the same process has its memory in the gaps of the first, and code compiled for that. */
async function inItsOwnProcess(millions: number): Promise<BenchResult[]> {
  const bench = [process.argv[1]!, 'full-table', String(millions), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...bench]);
  return (JSON.parse(stdout) as { results: BenchResult[] }).results;
}

export const bench: Bench = { name: 'full-table', onTestServer: true, run };
