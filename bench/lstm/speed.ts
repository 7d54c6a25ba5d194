import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Architecture, initialWeights } from '../../src/models/lstm/architecture.js';
import type { Engine, Session } from '../../src/models/lstm/engine.js';
import { FusedEngine } from '../../src/models/lstm/engineFused.js';
import { TfjsEngine } from '../../src/models/lstm/engineTfjs.js';
import { compileKernel, startKernel } from '../../src/models/lstm/kernel/kernel.js';
import { STEPS } from '../../src/models/lstm/windows.js';
import type { BenchResult } from '../result.js';
import { lessIsBetter } from './result.js';
import { FEATURES, SHAPE, shuffled, syntheticRows, writeWindows } from './windows.js';
import { type Torch, torch } from './yardstick.js';

/** Smallest of the values that were taken under a name, over rounds in which all sides had their turn. */
class Minima {
  readonly #values = new Map<string, number>();

  take(name: string, value: number): void {
    this.#values.set(name, Math.min(value, this.of(name)));
  }

  of(name: string): number {
    return this.#values.get(name) ?? Number.POSITIVE_INFINITY;
  }

  /** null when nothing was taken */
  known(name: string): number | null {
    return this.#values.get(name) ?? null;
  }
}

/**
 * Times a window, each the smallest over rounds in which ours, tfjs and PyTorch take turns: what else the machine does
 * makes a round slower and never faster.
 */
export async function speed(folder: string, quick: boolean): Promise<BenchResult[]> {
  const count = quick ? 1024 : 3072;
  const rounds = quick ? 1 : 4;
  const batches = quick ? [64] : [64, 256];
  const cores = availableParallelism();
  const rows = syntheticRows(count + STEPS - 1);
  const file = join(folder, 'windows.f32');
  writeWindows(file, rows, count);
  const fused = new FusedEngine();
  const tfjs = new TfjsEngine((message) => console.error(message));
  const best = new Minima();
  let peak = 0;
  let library = 'PyTorch';
  for (let round = 0; round < rounds; round++) {
    for (const batch of batches) {
      best.take(`ours ${batch} 1`, await trainingTime(fused, rows, batch, 1, count));
      peak = Math.max(peak, await productSpeed());
      best.take(`tfjs ${batch}`, await trainingTime(tfjs, rows, batch, 1, batch));
      for (const threads of new Set([1, cores])) {
        const theirs: Torch | null = await torch(file, { batch, threads });
        best.take(`ours ${batch} ${threads}`, await trainingTime(fused, rows, batch, threads, count));
        if (theirs === null) continue;
        library = theirs.library;
        best.take(`torch ${batch} ${threads}`, theirs.train_us);
        if (threads === 1) best.take('torch scoring', theirs.score_us);
      }
    }
    best.take('ours scoring', await scoringTime(fused, rows, count));
    best.take('tfjs scoring', await scoringTime(tfjs, rows, 256));
  }
  const results: BenchResult[] = [];
  for (const batch of batches) {
    const what = `training, one thread, batch ${batch}`;
    const ours = best.of(`ours ${batch} 1`);
    results.push(lessIsBetter(what, ours, best.of(`tfjs ${batch}`), 'stock tfjs', 'us/window', 'ratio >= 12'));
    results.push(lessIsBetter(what, ours, best.known(`torch ${batch} 1`), library, 'us/window', 'ratio >= 1'));
  }
  const all = (side: string): number[] =>
    batches.flatMap((batch) => [1, cores].map((threads) => best.of(`${side} ${batch} ${threads}`)));
  const torchBest = Math.min(...all('torch'));
  results.push(
    lessIsBetter(
      `training, best of 1 and ${cores} threads and of batch ${batches.join(' and ')}`,
      Math.min(...all('ours')),
      Number.isFinite(torchBest) ? torchBest : null,
      `${library}, its best of the same`,
      'us/window',
      'ratio >= 1.5',
    ),
  );
  const scoring = best.of('ours scoring');
  results.push(
    lessIsBetter('scoring, one thread', scoring, best.of('tfjs scoring'), 'stock tfjs', 'us/window', 'ratio >= 4'),
    lessIsBetter('scoring, one thread', scoring, best.known('torch scoring'), library, 'us/window', 'no goal'),
  );
  const reached = trainingFlops(SHAPE) / (Math.min(...batches.map((b) => best.of(`ours ${b} 1`))) * 1000);
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

/** The fastest of three goes over `windows` windows, in microseconds a window, as the yardstick takes it. */
async function trainingTime(
  engine: Engine,
  rows: Float32Array,
  batch: number,
  threads: number,
  windows: number,
): Promise<number> {
  const order = shuffled(rows.length / FEATURES - STEPS + 1, 1);
  return fastest(engine, rows, batch, threads, windows, async (session) => {
    for (let done = 0; done < windows; done += batch) {
      await session.train(order.subarray(done, done + batch), 1e-3);
    }
  });
}

async function scoringTime(engine: Engine, rows: Float32Array, windows: number): Promise<number> {
  const starts = Int32Array.from({ length: windows }, (_, i) => i);
  const weights = new Float32Array(STEPS).fill(1 / STEPS);
  return fastest(engine, rows, 64, 1, windows, (session) => session.errors(starts, weights));
}

async function fastest(
  engine: Engine,
  rows: Float32Array,
  batch: number,
  threads: number,
  windows: number,
  go: (session: Session) => Promise<unknown>,
): Promise<number> {
  const session = await engine.open(SHAPE, { rows: rows.length / FEATURES, batch, threads, clip: 1 });
  session.setRows(rows);
  session.setWeights(initialWeights(SHAPE, 1));
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 3; repeat++) {
    const begin = performance.now();
    await go(session);
    best = Math.min(best, ((performance.now() - begin) * 1000) / windows);
  }
  session.close();
  return best;
}

/** Multiplications and additions of the matrix products that the kernel does for one window, forward and backward. */
function trainingFlops({ steps, features, hidden }: Architecture): number {
  const gates = 4 * hidden;
  const encoder = steps * features * gates + (steps - 1) * hidden * gates;
  const decoder = hidden * gates + (steps - 1) * hidden * gates;
  const output = steps * hidden * features;
  // Backward: a product for the weights and one for what came in, but none for the encoder's input.
  const backward = steps * features * gates + 2 * (steps - 1) * hidden * gates + 2 * decoder + 2 * output;
  return 2 * (encoder + decoder + output + backward);
}

/** GFLOP/s of [32 x 32] times [32 x 128], all in the first-level cache; the best of many short goes. */
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
