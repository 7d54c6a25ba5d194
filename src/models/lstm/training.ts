import { seededRandom } from '../../random/sfc32.js';
import { shuffle } from '../../random/shuffle.js';
import type { FitProgress } from '../model.js';
import { type Architecture, initialWeights } from './architecture.js';
import type { Engine } from './engine.js';
import type { TrainingSettings } from './settings.js';
import { thinned } from './windows.js';

export interface TrainingData {
  /** [n x features], prepared */
  rows: Float32Array;
  /** First rows of the windows to train on, in order of time. */
  starts: Int32Array;
  /** First rows of the windows that decide when to stop. */
  heldBack: Int32Array;
}

export interface TrainingOptions {
  seed: number;
  settings: TrainingSettings;
  /** Weights to go on from, for a warm start. */
  previous?: Float32Array | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: FitProgress) => void) | undefined;
}

export interface Trained {
  weights: Float32Array;
  epochs: number;
  /** Mean squared error on the held-back windows with these weights. */
  heldBackLoss: number;
  /** Held-back loss after each epoch. */
  losses: number[];
}

/** Most held-back windows that are measured after an epoch; more are thinned evenly. */
const HELD_BACK_AT_MOST = 256;
/** The event loop gets a turn at least this often, in milliseconds, for heartbeats and aborts. */
const TURN = 25;
/** Rates rise over the first steps, while Adam's second moment knows little, and fall along half a cosine. */
const WARM_UP_STEPS = 20;
const LEAST_RATE_SHARE = 0.02;

/**
 * Trains on a seeded sample of windows each epoch. Neighbouring windows share all minutes but one, so an epoch takes
 * every n-th window from a random start: each minute still comes n-fold, and the next epoch takes others.
 */
export async function train(
  engine: Engine,
  architecture: Architecture,
  data: TrainingData,
  options: TrainingOptions,
): Promise<Trained> {
  const { settings, seed, signal } = options;
  const { batch } = settings;
  const random = seededRandom(seed);
  const session = await engine.open(architecture, {
    rows: data.rows.length / architecture.features,
    batch,
    threads: settings.threads,
    clip: settings.clip,
  });
  try {
    session.setRows(data.rows);
    let best = options.previous ?? initialWeights(architecture, seed);
    session.setWeights(best);
    const held = thinned(data.heldBack, HELD_BACK_AT_MOST);
    const weights = new Float32Array(architecture.steps).fill(1 / architecture.steps);
    const heldBackLoss = async (): Promise<number> => mean(await session.errors(held, weights));
    let bestLoss = await heldBackLoss();
    let bestEpoch = 0;
    const losses: number[] = [];
    const perEpoch = Math.min(settings.windowsPerEpoch, data.starts.length);
    const stepsPerEpoch = Math.ceil(perEpoch / batch);
    const peak = options.previous ? settings.learningRate * settings.warmRateShare : settings.learningRate;
    const epochs = options.previous ? Math.ceil(settings.epochs * settings.warmEpochShare) : settings.epochs;
    let step = 0;
    let turn = performance.now();
    for (let epoch = 1; epoch <= epochs && epoch - bestEpoch <= settings.patience; epoch++) {
      const order = sample(data.starts, perEpoch, random);
      for (let first = 0; first < order.length; first += batch) {
        signal?.throwIfAborted();
        await session.train(order.subarray(first, first + batch), rateAt(step++, epochs * stepsPerEpoch, peak));
        if (performance.now() - turn > TURN) {
          await new Promise((resolve) => setImmediate(resolve));
          turn = performance.now();
        }
      }
      const loss = await heldBackLoss();
      losses.push(loss);
      if (loss < bestLoss) {
        bestLoss = loss;
        bestEpoch = epoch;
        best = session.weights();
      }
      const message = `epoch ${epoch} of ${epochs}, held-back loss ${loss.toFixed(4)}`;
      options.onProgress?.({ fraction: epoch / epochs, message, epoch, loss });
    }
    return { weights: best, epochs: losses.length, heldBackLoss: bestLoss, losses };
  } finally {
    session.close();
  }
}

/** Learning rate of a step: linear rise, then half a cosine (Loshchilov and Hutter 2017). */
export function rateAt(step: number, steps: number, peak: number): number {
  if (step < WARM_UP_STEPS) return (peak * (step + 1)) / WARM_UP_STEPS;
  const share = Math.min(1, (step - WARM_UP_STEPS) / Math.max(1, steps - WARM_UP_STEPS));
  return peak * (LEAST_RATE_SHARE + ((1 - LEAST_RATE_SHARE) * (1 + Math.cos(Math.PI * share))) / 2);
}

/** `count` windows spread evenly over time from a random start, in random order. */
function sample(starts: Int32Array, count: number, random: () => number): Int32Array {
  const shift = random();
  const order = Int32Array.from(
    { length: count },
    (_, i) => starts[Math.floor(((i + shift) * starts.length) / count)]!,
  );
  return shuffle(order, random);
}

/** Mean over windows and features of errors that are already means over the minutes. */
function mean(errors: Float32Array): number {
  let sum = 0;
  for (const e of errors) sum += e;
  return sum / errors.length;
}
