import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeMrt } from '../src/bgp/mrt/decodeMrt.js';
import { decompressed } from '../src/bgp/mrt/decompression.js';
import { UpdateBatch } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { GeneratedTable } from './fullTable/generatedTable.js';
import type { Bench, BenchResult } from './result.js';

const DIRECTORY = join(process.cwd(), '../shared/data/mrt');
const FILES = [
  'rrc15.updates.20100227.1600.gz',
  'rrc00.updates.19991214.1621.gz',
  'route-views.jinx.updates.1427846400.bz2',
];
const HEADER = 12;
/** Each file is repeated up to so many: in a shorter run the compiler works for longer than the decoder. */
const ELEMENTS = 1_000_000;
const GOAL = '2x bgpdump -m to /dev/null, processor time, best of the runs';

/** Processor time of this process, decompression on its other threads included: what others on the machine take does not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The least of several runs: others on the machine only ever make one slower. */
const best = (values: number[]) => Math.min(...values);

async function plain(file: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of decompressed(createReadStream(file))) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** The file again and again, each copy's clock set on from the one before, as archives follow one another. */
function repeated(file: Buffer, copies: number): Buffer {
  const offsets: number[] = [];
  for (let at = 0; at + HEADER <= file.length; at += HEADER + file.readUInt32BE(at + 8)) offsets.push(at);
  const first = file.readUInt32BE(offsets[0]!);
  const span = file.readUInt32BE(offsets.at(-1)!) - first + 1;
  const result = Buffer.concat(Array.from({ length: copies }, () => file));
  for (let copy = 0; copy < copies; copy++) {
    for (const offset of offsets) {
      result.writeUInt32BE(file.readUInt32BE(offset) + copy * span, copy * file.length + offset);
    }
  }
  return result;
}

async function features(file: string): Promise<{ elements: number; minutes: number }> {
  const aggregator = new MinuteAggregator({ stream: 'bench' });
  let elements = 0;
  let minutes = 0;
  for await (const { batch } of decodeMrt(createReadStream(file, { highWaterMark: 1 << 18 }))) {
    const decoded = new UpdateBatch(batch.lendColumns());
    elements += decoded.elements;
    aggregator.add(decoded);
    minutes += aggregator.take().length;
  }
  aggregator.finish();
  return { elements, minutes: minutes + aggregator.take().length };
}

/** Processor time of bgpdump, as the shell measures it. */
function bgpdumpSeconds(file: string): number | null {
  const command = 'TIMEFORMAT="%U %S"; time bgpdump -m "$0" >/dev/null 2>&1';
  const { stderr, status } = spawnSync('bash', ['-c', command, file], { encoding: 'utf8' });
  if (status !== 0) return null;
  const [user, system] = stderr.trim().split(/\s+/).map(Number);
  return user! + system!;
}

/** Elements of a file, or entries of a table dump, decoded into batches. */
async function elementsOf(file: string): Promise<number> {
  let entries = 0;
  for await (const { batch } of decodeMrt(createReadStream(file, { highWaterMark: 1 << 18 }))) {
    if (batch.messages > 0) entries += new UpdateBatch(batch.lendColumns()).elements;
  }
  return entries;
}

async function gunzipSeconds(file: string): Promise<number> {
  const start = processorSeconds();
  for await (const _ of decompressed(createReadStream(file, { highWaterMark: 1 << 18 })));
  return processorSeconds() - start;
}

async function run({ quick = false }: { quick?: boolean } = {}): Promise<BenchResult[]> {
  if (!existsSync(DIRECTORY)) {
    process.stderr.write(`mrt: skipped, ${DIRECTORY} is not here\n`);
    return [];
  }
  const repeats = quick ? 1 : 5;
  const directory = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  const results: BenchResult[] = [];
  try {
    for (const name of quick ? FILES.slice(0, 1) : FILES) {
      const once = await plain(join(DIRECTORY, name));
      const copies = quick ? 4 : Math.ceil(ELEMENTS / (await elementsOf(join(DIRECTORY, name))));
      const file = join(directory, `${name.replace(/\.(gz|bz2)$/, '')}.gz`);
      writeFileSync(file, gzipSync(repeated(once, copies)));
      const ours: number[] = [];
      const theirs: number[] = [];
      let elements = 0;
      for (let i = 0; i < repeats; i++) {
        const start = processorSeconds();
        ({ elements } = await features(file));
        ours.push(processorSeconds() - start);
        const yardstick = bgpdumpSeconds(file);
        if (yardstick !== null) theirs.push(yardstick);
      }
      const gunzip = await gunzipSeconds(file);
      const rate = elements / best(ours);
      const yardstick = theirs.length > 0 ? elements / best(theirs) : null;
      results.push({
        what: `${copies}x ${name} (${elements} elements) to minute features; decompression alone ${gunzip.toFixed(2)} s of ${best(ours).toFixed(2)} s`,
        ours: Math.round(rate),
        yardstick: yardstick === null ? null : Math.round(yardstick),
        yardstick_name: 'bgpdump -m to /dev/null',
        unit: 'elements/s',
        ratio: yardstick === null ? null : rate / yardstick,
        goal: GOAL,
      });
    }
    const table = join(directory, 'rib.gz');
    const dump = [...new GeneratedTable(quick ? 200_000 : 2_000_000, 1).dump()];
    writeFileSync(table, gzipSync(Buffer.concat(dump), { level: 6 }));
    const ours: number[] = [];
    const theirs: number[] = [];
    let entries = 0;
    for (let i = 0; i < repeats; i++) {
      const start = processorSeconds();
      entries = await elementsOf(table);
      ours.push(processorSeconds() - start);
      const yardstick = bgpdumpSeconds(table);
      if (yardstick !== null) theirs.push(yardstick);
    }
    const rate = entries / best(ours);
    const yardstick = theirs.length > 0 ? entries / best(theirs) : null;
    results.push({
      what: `generated TABLE_DUMP_V2 (${entries} entries) to batches`,
      ours: Math.round(rate),
      yardstick: yardstick === null ? null : Math.round(yardstick),
      yardstick_name: 'bgpdump -m to /dev/null',
      unit: 'entries/s',
      ratio: yardstick === null ? null : rate / yardstick,
      goal: GOAL,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

export const bench: Bench = { name: 'mrt', run };
