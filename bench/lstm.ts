import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FeatureBlock } from '../src/features/row.js';
import { type Architecture, initialWeights } from '../src/models/lstm/architecture.js';
import { networkRows } from '../src/models/lstm/detector.js';
import type { Engine } from '../src/models/lstm/engine.js';
import { FusedEngine } from '../src/models/lstm/engineFused.js';
import { TfjsEngine } from '../src/models/lstm/engineTfjs.js';
import { createLstm } from '../src/models/lstm/index.js';
import { compileKernel, startKernel } from '../src/models/lstm/kernel/kernel.js';
import { settingsSchema } from '../src/models/lstm/settings.js';
import { train } from '../src/models/lstm/training.js';
import { STEPS, windowStarts } from '../src/models/lstm/windows.js';
import { fitPreparation } from '../src/models/preparation/preparation.js';
import { seededRandom } from '../src/models/random.js';
import type { Bench, BenchResult } from './result.js';

const FEATURES = 24;
const SHAPE: Architecture = { steps: STEPS, features: FEATURES, hidden: 32 };
const DATA = '../shared/data/features';
const YARDSTICK = '../shared/yardsticks/lstm_autoencoder.py';
const MINUTES_PER_DAY = 1440;

/** Training, scoring and retraining times of the LSTM on our kernel, beside stock tfjs and PyTorch on the same windows. */
export const bench: Bench = {
  name: 'lstm',
  async run({ quick = false }) {
    const folder = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
    try {
      return [...(await retrain(quick)), ...(await speed(folder, quick)), ...(await timeToLoss(folder, quick))];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Torch {
  library: string;
  train_us: number;
  score_us: number;
  losses: number[];
}

/** PyTorch's reference run on the windows of a file, or null where it is not installed. */
async function torch(file: string, options: Record<string, number>): Promise<Torch | null> {
  if (!existsSync(YARDSTICK)) return null;
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    const run = promisify(execFile);
    const { stdout } = await run('/usr/bin/python3', [YARDSTICK, file, String(STEPS), String(FEATURES), ...flags]);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Torch;
  } catch (error) {
    console.error(`PyTorch is left out: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`);
    return null;
  }
}

function result(
  what: string,
  ours: number,
  yardstick: number | null,
  yardstickName: string,
  unit: string,
  goal: string,
): BenchResult {
  return {
    what,
    ours,
    yardstick,
    yardstick_name: yardstickName,
    unit,
    ratio: yardstick === null ? null : yardstick / ours,
    goal,
  };
}

/** Minimum over the repeats, as the yardstick takes it, in microseconds a window. */
async function trainingTime(
  engine: Engine,
  rows: Float32Array,
  batch: number,
  threads: number,
  windows: number,
): Promise<number> {
  const session = await engine.open(SHAPE, { rows: rows.length / FEATURES, batch, threads, clip: 1 });
  session.setRows(rows);
  session.setWeights(initialWeights(SHAPE, 1));
  const order = shuffled(rows.length / FEATURES - STEPS + 1, 1);
  let best = Number.POSITIVE_INFINITY;
  await session.train(order.subarray(0, batch), 1e-3);
  for (let repeat = 0; repeat < 3; repeat++) {
    const begin = performance.now();
    let done = 0;
    for (let first = 0; done < windows; first = (first + batch) % (order.length - batch)) {
      await session.train(order.subarray(first, first + batch), 1e-3);
      done += batch;
    }
    best = Math.min(best, ((performance.now() - begin) * 1000) / done);
  }
  session.close();
  return best;
}

async function scoringTime(engine: Engine, rows: Float32Array, windows: number): Promise<number> {
  const session = await engine.open(SHAPE, { rows: rows.length / FEATURES, batch: 64, threads: 1, clip: 1 });
  session.setRows(rows);
  session.setWeights(initialWeights(SHAPE, 1));
  const starts = Int32Array.from({ length: windows }, (_, i) => i);
  const weights = new Float32Array(STEPS).fill(1 / STEPS);
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 4; repeat++) {
    const begin = performance.now();
    await session.errors(starts, weights);
    best = Math.min(best, ((performance.now() - begin) * 1000) / windows);
  }
  session.close();
  return best;
}

async function speed(folder: string, quick: boolean): Promise<BenchResult[]> {
  const count = quick ? 1024 : 3072;
  const rows = syntheticRows(count + STEPS - 1);
  const file = join(folder, 'windows.f32');
  writeWindows(file, rows, count);
  const fused = new FusedEngine();
  const tfjs = new TfjsEngine((message) => console.error(message));
  const cores = availableParallelism();
  const results: BenchResult[] = [];
  let oursBest = Number.POSITIVE_INFINITY;
  let torchBest = Number.POSITIVE_INFINITY;
  let oneThread = Number.POSITIVE_INFINITY;
  let score: Torch | null = null;
  for (const batch of quick ? [64] : [64, 256]) {
    const stock = await trainingTime(tfjs, rows, batch, 1, batch);
    const ours = await trainingTime(fused, rows, batch, 1, count);
    const reference = await torch(file, { batch, threads: 1 });
    const again = Math.min(ours, await trainingTime(fused, rows, batch, 1, count));
    const all = await trainingTime(fused, rows, batch, cores, count);
    const torchAll = await torch(file, { batch, threads: cores });
    results.push(
      result(`training, one thread, batch ${batch}`, again, stock, 'stock tfjs', 'us/window', 'ratio >= 12'),
    );
    const name = reference?.library ?? 'PyTorch';
    results.push(
      result(
        `training, one thread, batch ${batch}`,
        again,
        reference?.train_us ?? null,
        name,
        'us/window',
        'ratio >= 1',
      ),
    );
    oursBest = Math.min(oursBest, all);
    oneThread = Math.min(oneThread, again);
    for (const t of [reference, torchAll]) if (t) torchBest = Math.min(torchBest, t.train_us);
    score ??= reference;
  }
  const best = Number.isFinite(torchBest) ? torchBest : null;
  results.push(
    result(`training, ${cores} threads, best batch`, oursBest, best, "PyTorch's best", 'us/window', 'ratio >= 1.5'),
  );
  const stockScore = await scoringTime(tfjs, rows, 256);
  const ourScore = await scoringTime(fused, rows, count);
  results.push(result('scoring, one thread', ourScore, stockScore, 'stock tfjs', 'us/window', 'ratio >= 4'));
  results.push(result('scoring, one thread', ourScore, score?.score_us ?? null, 'PyTorch', 'us/window', 'no goal'));
  const peak = await productSpeed();
  const reached = trainingFlops(SHAPE) / (oneThread * 1000);
  results.push({
    what: 'training, matrix products of one thread beside the bare product of the kernel',
    ours: reached,
    yardstick: peak,
    yardstick_name: 'own matrix product, operands in cache',
    unit: 'GFLOP/s',
    ratio: reached / peak,
    goal: 'ratio >= 0.6',
  });
  return results;
}

/** Multiplications and additions of the matrix products that the kernel does for one window, forward and backward. */
function trainingFlops({ steps, features, hidden }: Architecture): number {
  const gates = 4 * hidden;
  const encoder = steps * features * gates + (steps - 1) * hidden * gates;
  const decoder = hidden * gates + steps * hidden * gates;
  const output = steps * hidden * features;
  // Backward: a product for the weights and one for what came in, but none for the encoder's input and first minute.
  const backward =
    steps * features * gates + 2 * (steps - 1) * hidden * gates + 2 * (hidden * gates + (steps - 1) * hidden * gates);
  return 2 * (encoder + decoder + output + backward + 2 * output);
}

/** GFLOP/s of [32 x 32] times [32 x 128], all in the first-level cache. */
async function productSpeed(): Promise<number> {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const kernel = startKernel(await compileKernel(), memory);
  const [c, a, panels] = [0, 65_536, 131_072];
  new Float32Array(memory.buffer).fill(0.01);
  let best = 0;
  for (let repeat = 0; repeat < 12; repeat++) {
    const begin = performance.now();
    for (let i = 0; i < 4000; i++) kernel.product(c, 512, 196_608, 0, a, 128, panels, 32, 32, 128);
    best = Math.max(best, (4000 * 2 * 32 * 32 * 128) / (performance.now() - begin) / 1e6);
  }
  return best;
}

async function timeToLoss(folder: string, quick: boolean): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const [event, firstLabelled] of quick
    ? ([['Slammer', 3210]] as const)
    : ([
        ['Slammer', 3210],
        ['Nimda', 3672],
      ] as const)) {
    const path = `${DATA}/${event}.csv`;
    if (!existsSync(path)) {
      console.error(`${path} is not there: time to loss is left out`);
      continue;
    }
    const block = readBlock(path, firstLabelled);
    const rows = rowsOf(block, firstLabelled - MINUTES_PER_DAY);
    const starts = windowStarts(block);
    const heldBackFrom = firstLabelled - MINUTES_PER_DAY;
    const data = {
      rows,
      starts: starts.filter((s) => s + STEPS <= heldBackFrom),
      heldBack: starts.filter((s) => s >= heldBackFrom),
    };
    const engine = new FusedEngine();
    const loss = await referenceLoss(engine, data.rows, data.starts, data.heldBack);
    const file = join(folder, `${event}.f32`);
    writeWindows(file, rows, data.starts.length);
    const reference = await torch(file, { batch: 64, epochs: 10, threads: 1 });
    const reach: number[] = [];
    for (const seed of [1, 2, 3]) {
      const begin = performance.now();
      let reached = Number.POSITIVE_INFINITY;
      await train(engine, SHAPE, data, {
        seed,
        settings: settingsSchema.parse({ threads: availableParallelism(), epochs: 20, patience: 20 }),
        onProgress: (p) => {
          if (p.loss! <= loss.heldBack) reached = Math.min(reached, performance.now() - begin);
        },
      });
      reach.push(reached / 1000);
    }
    reach.sort((x, y) => x - y);
    const seconds = reference === null ? null : (reference.train_us * data.starts.length * 10) / 1e6;
    results.push(
      result(
        `${event}: time to the held-back loss of the reference run, ${loss.heldBack.toFixed(4)}`,
        reach[1]!,
        seconds,
        'PyTorch, batch 64, Adam 1e-3, 10 epochs',
        's',
        'ratio >= 4',
      ),
    );
    const torchLoss = reference?.losses.at(-1) ?? null;
    results.push(
      result(
        `${event}: training loss of the reference recipe in its last epoch`,
        loss.training,
        torchLoss,
        'PyTorch',
        'mean squared error',
        'ratio 1 within noise',
      ),
    );
  }
  return results;
}

/** The reference recipe (batch 64, Adam 1e-3, 10 epochs over all windows) on our kernel, for its held-back loss. */
async function referenceLoss(engine: Engine, rows: Float32Array, starts: Int32Array, heldBack: Int32Array) {
  const session = await engine.open(SHAPE, {
    rows: rows.length / FEATURES,
    batch: 64,
    threads: availableParallelism(),
    clip: 1e9,
  });
  session.setRows(rows);
  session.setWeights(initialWeights(SHAPE, 1));
  let training = 0;
  for (let epoch = 0; epoch < 10; epoch++) {
    const order = shuffled(starts.length, epoch).map((i) => starts[i]!);
    training = 0;
    for (let first = 0; first < order.length; first += 64) {
      const batch = order.subarray(first, first + 64);
      training += ((await session.train(batch, 1e-3)) * batch.length) / order.length;
    }
  }
  const errors = await session.errors(heldBack, new Float32Array(STEPS).fill(1 / STEPS));
  session.close();
  return { training, heldBack: errors.reduce((sum, e) => sum + e, 0) / errors.length };
}

/** From rows to artifact bytes; the database's part is not in it. Runs before anything else has taken memory. */
async function retrain(quick: boolean): Promise<BenchResult[]> {
  const rows = quick ? 5_000 : 50_000;
  const block = syntheticBlock(rows);
  const kind = createLstm(new FusedEngine());
  const options = { seed: 1, falseAlarmsPerDay: 1, settings: { threads: availableParallelism() } };
  let begin = performance.now();
  const model = await kind.fit(block, options);
  await kind.encode(model);
  const full = (performance.now() - begin) / 1000;
  begin = performance.now();
  await kind.encode(await kind.fit(block, { ...options, previous: model }));
  const warm = (performance.now() - begin) / 1000;
  const memory = process.resourceUsage().maxRSS / 1024;
  return [
    result(`full fit of ${rows} minutes, rows to artifact`, full, null, '', 's', '< 90'),
    result(`warm fit of ${rows} minutes, rows to artifact`, warm, null, '', 's', '< 30'),
    result('peak memory of the process after both', memory, null, '', 'MB', '< 500'),
  ];
}

function syntheticBlock(rows: number): FeatureBlock {
  const random = seededRandom(1);
  const values = new Float32Array(rows * 37);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / 37);
    values[i] = Math.floor(80 * (1.2 + Math.sin(row / 230 + (i % 37))) * (0.5 + random()));
  }
  return {
    minutes: Int32Array.from({ length: rows }, (_, r) => r),
    values,
    columns: 37,
    usable: new Uint8Array(rows).fill(1),
  };
}

function syntheticRows(count: number): Float32Array {
  const random = seededRandom(2);
  return Float32Array.from(
    { length: count * FEATURES },
    (_, i) => Math.sin(i / FEATURES / (3 + (i % FEATURES))) + random() - 0.5,
  );
}

/** Minutes 0 .. rows of a labelled file; columns 5 to 41 are the features. */
function readBlock(path: string, rows: number): FeatureBlock {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(0, rows);
  const values = Float32Array.from(lines.flatMap((line) => line.split(',').slice(4, 41).map(Number)));
  return { minutes: Int32Array.from(lines.keys()), values, columns: 37, usable: new Uint8Array(lines.length).fill(1) };
}

/** Prepared rows of the first 24 columns, with a preparation fitted on the rows before `end`. */
function rowsOf(block: FeatureBlock, end: number): Float32Array {
  const before = { ...block, usable: Uint8Array.from(block.usable).fill(0, end) };
  const preparation = fitPreparation(before, { scales: [5] });
  const wide = networkRows(preparation, block, 0);
  return Float32Array.from({ length: block.minutes.length * FEATURES }, (_, i) => {
    return wide[Math.floor(i / FEATURES) * preparation.columns + (i % FEATURES)]!;
  });
}

function writeWindows(file: string, rows: Float32Array, count: number): void {
  const size = STEPS * FEATURES;
  const windows = new Float32Array(count * size);
  for (let w = 0; w < count; w++) windows.set(rows.subarray(w * FEATURES, w * FEATURES + size), w * size);
  writeFileSync(file, Buffer.from(windows.buffer));
}

function shuffled(count: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
