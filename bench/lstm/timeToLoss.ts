import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { initialWeights } from '../../src/models/lstm/architecture.js';
import { networkRows } from '../../src/models/lstm/detector.js';
import type { Engine } from '../../src/models/lstm/engine.js';
import { FusedEngine } from '../../src/models/lstm/engineFused.js';
import { settingsSchema } from '../../src/models/lstm/settings.js';
import { train } from '../../src/models/lstm/training.js';
import { STEPS, windowStarts } from '../../src/models/lstm/windows.js';
import { fitPreparation } from '../../src/models/preparation/preparation.js';
import { median } from '../feedBlock.js';
import type { BenchResult } from '../result.js';
import { lessIsBetter } from './result.js';
import { FEATURES, SHAPE, shuffled, writeWindows } from './windows.js';
import { torch } from './yardstick.js';

const DATA = '../shared/data/features';
const SEEDS = 5;
/** Events and the minute of their first label: the day before it is held back, the rest before is trained on. */
const EVENTS = [
  ['Slammer', 3210],
  ['Nimda', 3672],
] as const;

/**
 * Time until the held-back day's loss is that of the reference recipe after its ten epochs, beside the time that PyTorch
 * takes for the recipe. Ours is the median over seeds and the yardstick the faster of a run before and one after.
 */
export async function timeToLoss(folder: string, quick: boolean): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  const engine = new FusedEngine();
  for (const [event, firstLabelled] of quick ? EVENTS.slice(0, 1) : EVENTS) {
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
    const loss = await referenceLoss(engine, data.rows, data.starts, data.heldBack);
    const file = join(folder, `${event}.f32`);
    writeWindows(file, rows, data.starts.length);
    const reference = await torch(file, { batch: 64, epochs: 10, threads: 1 });
    const reach: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const begin = performance.now();
      let reached = Number.POSITIVE_INFINITY;
      await train(engine, SHAPE, data, {
        seed,
        settings: settingsSchema.parse({ threads: availableParallelism() }),
        onProgress: (p) => {
          if (p.loss! <= loss.heldBack) reached = Math.min(reached, performance.now() - begin);
        },
      });
      reach.push(reached / 1000);
    }
    const again = await torch(file, { batch: 64, epochs: 10, threads: 1 });
    const perWindow = reference && again && Math.min(reference.train_us, again.train_us);
    results.push(
      lessIsBetter(
        `${event}: time to the held-back loss of the reference run, ${loss.heldBack.toFixed(4)}; median of ${SEEDS} seeds`,
        median(reach),
        perWindow && (perWindow * data.starts.length * 10) / 1e6,
        'PyTorch, batch 64, Adam 1e-3, 10 epochs',
        's',
        'ratio >= 4',
      ),
      lessIsBetter(
        `${event}: training loss of the reference recipe in its last epoch`,
        loss.training,
        reference?.losses.at(-1) ?? null,
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
