import type { FeatureBlock } from '../../features/row.js';
import { applyPreparation, type Preparation } from '../preparation/preparation.js';
import type { Calibration } from '../threshold.js';
import type { Architecture } from './architecture.js';
import type { Engine, Session } from './engine.js';
import { STEPS, thinned, windowStarts } from './windows.js';

export interface LstmModel {
  architecture: Architecture;
  /** Flat, in the order of `weightsOf`. */
  weights: Float32Array;
  preparation: Preparation;
  /** [features] what the reconstruction of ordinary windows misses on average, squared; divides the errors. */
  typical: number[];
  calibration: Calibration;
  threshold: number;
  training: { epochs: number; heldBackLoss: number; windows: number };
}

/** The part of a model that gives scores; the rest says what a score means. */
export type Network = Pick<LstmModel, 'architecture' | 'weights' | 'preparation' | 'typical'>;

/**
 * Weights of the window's minutes in its error: they fall by half every so many minutes into the past. The whole window
 * alike would answer half an hour late, the last minute alone would answer every spike.
 */
const HALF_LIFE = 10;
export const STEP_WEIGHTS = stepWeights();

function stepWeights(): Float32Array {
  const weights = Float32Array.from({ length: STEPS }, (_, t) => 0.5 ** ((STEPS - 1 - t) / HALF_LIFE));
  const sum = weights.reduce((total, w) => total + w, 0);
  return weights.map((w) => w / sum);
}

/** Windows that go to the engine in one call. */
const CHUNK = 1024;
/** Beyond this, in robust deviations, values grow by their logarithm: a storm stays a storm, but not all of the error. */
const LINEAR = 4;

/** Prepared rows as the network sees them: [rows - from, features]. */
export function networkRows(preparation: Preparation, block: FeatureBlock, from: number): Float32Array {
  const rows = applyPreparation(preparation, block, from);
  for (let i = 0; i < rows.length; i++) {
    const size = Math.abs(rows[i]!);
    if (size > LINEAR) rows[i] = Math.sign(rows[i]!) * (LINEAR + Math.log1p(size - LINEAR));
  }
  return rows;
}

export interface Measure {
  /** With more windows, as many spread evenly. */
  atMost?: number;
  /** The whole block as `networkRows` gives it, where the caller has it. */
  rows?: Float32Array;
}

/** Measures windows with one engine session, whose weights follow the model asked for. */
export class Detector {
  readonly #engine: Engine;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #loaded = new WeakMap<Session, Float32Array>();
  #last: Promise<unknown> = Promise.resolve();

  readonly #threads: number;

  /** @param threads share a call's windows; the results do not depend on it */
  constructor(engine: Engine, threads = 1) {
    this.#engine = engine;
    this.#threads = threads;
  }

  /** Frees the sessions' memory and threads. */
  async close(): Promise<void> {
    await this.#last;
    for (const session of this.#sessions.values()) (await session).close();
    this.#sessions.clear();
  }

  /**
   * Errors of every window that ends at row `from` or later, weighted by minute: [windows x features], with each
   * window's last row.
   */
  errors(
    network: Network,
    block: FeatureBlock,
    from: number,
    measure: Measure = {},
  ): Promise<{ ends: Int32Array; errors: Float32Array }> {
    // One session serves all models in turn, so calls queue up behind each other.
    const turn = this.#last.then(() => this.#errors(network, block, from, measure));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #errors(
    network: Network,
    block: FeatureBlock,
    from: number,
    measure: Measure,
  ): Promise<{ ends: Int32Array; errors: Float32Array }> {
    const { features } = network.architecture;
    const starts = thinned(windowStarts(block, from), measure.atMost ?? Number.POSITIVE_INFINITY);
    const ends = starts.map((s) => s + STEPS - 1);
    const errors = new Float32Array(starts.length * features);
    if (starts.length === 0) return { ends, errors };
    const session = await this.#session(network);
    const base = Math.max(0, from - STEPS + 1);
    const rows = measure.rows?.subarray(base * features) ?? networkRows(network.preparation, block, base);
    for (let first = 0; first < starts.length; ) {
      const start = starts[first]!;
      let end = first;
      while (end < starts.length && starts[end]! < start + CHUNK) end++;
      const stop = starts[end - 1]! + STEPS;
      session.setRows(rows.subarray((start - base) * features, (stop - base) * features));
      const part = starts.subarray(first, end).map((s) => s - start);
      errors.set(await session.errors(part, STEP_WEIGHTS), first * features);
      first = end;
    }
    return { ends, errors };
  }

  async #session({ architecture, weights }: Network): Promise<Session> {
    const shape = `${architecture.steps}x${architecture.features}x${architecture.hidden}`;
    let opening = this.#sessions.get(shape);
    if (opening === undefined) {
      opening = this.#engine.open(architecture, { rows: CHUNK + STEPS, batch: 64, threads: this.#threads, clip: 1 });
      this.#sessions.set(shape, opening);
    }
    const session = await opening;
    if (this.#loaded.get(session) !== weights) {
      session.setWeights(weights);
      this.#loaded.set(session, weights);
    }
    return session;
  }
}

/** [windows] log of one plus the mean over the features of error over typical error: 0.69 is an ordinary window. */
export function windowScores(network: Network, errors: Float32Array): Float64Array {
  const { features } = network.architecture;
  return Float64Array.from({ length: errors.length / features }, (_, w) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += errors[w * features + f]! / network.typical[f]!;
    return Math.log1p(sum / features);
  });
}
