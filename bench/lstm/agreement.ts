import { initialWeights } from '../../src/models/lstm/architecture.js';
import type { Engine } from '../../src/models/lstm/engine.js';
import { FusedEngine, type FusedSession } from '../../src/models/lstm/engineFused.js';
import { TfjsEngine, type TfjsSession } from '../../src/models/lstm/engineTfjs.js';
import { STEPS } from '../../src/models/lstm/windows.js';
import { relativeDifference } from '../../test/models/lstm/difference.js';
import type { BenchResult } from '../result.js';
import { FEATURES, SHAPE, shuffled, syntheticRows } from './windows.js';

const BATCH = 32;
const RATE = 0.005;

/** How far the kernel and stock tfjs are apart in the full shape: gradients at the start, losses over training. */
export async function agreement(quick: boolean): Promise<BenchResult[]> {
  const seeds = quick ? 2 : 10;
  const steps = quick ? 10 : 40;
  const rows = syntheticRows(2048);
  const engines = [new FusedEngine(), new TfjsEngine()];
  let gradient = 0;
  let between = 0;
  const ends: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const [ours, theirs] = await Promise.all(engines.map((engine) => trained(engine, rows, seed, steps)));
    gradient = Math.max(gradient, relativeDifference(ours!.gradient, theirs!.gradient));
    ours!.losses.forEach((loss, step) => {
      between = Math.max(between, Math.abs(loss / theirs!.losses[step]! - 1));
    });
    ends.push(theirs!.losses.at(-1)!);
  }
  const noise = (Math.max(...ends) - Math.min(...ends)) / (ends.reduce((sum, loss) => sum + loss, 0) / ends.length);
  const difference = (what: string, ours: number, limit: number, name: string, goal: string): BenchResult => {
    return { what, ours, yardstick: limit, yardstick_name: name, unit: 'relative', ratio: limit / ours, goal };
  };
  return [
    difference(
      `greatest difference of a gradient from tfjs autograd, ${seeds} seeds`,
      gradient,
      1e-4,
      'limit',
      'ratio >= 1',
    ),
    difference(
      `greatest difference of a training loss from tfjs at the same step, ${seeds} seeds of ${steps} steps`,
      between,
      noise,
      'spread of the last loss between seeds',
      'ratio >= 1',
    ),
  ];
}

async function trained(
  engine: Engine,
  rows: Float32Array,
  seed: number,
  steps: number,
): Promise<{ gradient: Float32Array; losses: number[] }> {
  const options = { rows: rows.length / FEATURES, batch: BATCH, threads: 1, clip: 1 };
  const session = (await engine.open(SHAPE, options)) as FusedSession | TfjsSession;
  session.setRows(rows);
  session.setWeights(initialWeights(SHAPE, seed));
  const order = shuffled(rows.length / FEATURES - STEPS + 1, seed);
  const { gradient } = session.gradient(order.subarray(0, BATCH));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(await session.train(order.subarray(step * BATCH, (step + 1) * BATCH), RATE));
  }
  session.close();
  return { gradient, losses };
}
