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

/** Rows, models and shards' worth of windows that go to the engine in one call at most. */
const ROWS = 4096;
const NETWORKS = 128;
const WINDOWS = 2048;
/** A network that was not measured in so many calls makes room for another, that retrainings take no memory for good. */
const IDLE_CALLS = 64;
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

/** Windows of one model that wait to be measured. */
interface Asked {
  network: Network;
  /** [n x features] */
  rows: Float32Array;
  /** Rising first rows of the windows, in `rows`. */
  starts: Int32Array;
  /** [windows x features] what came out. */
  errors: Float32Array;
  done: () => void;
  failed: (error: unknown) => void;
}

/** Windows first .. end of what was asked, with the rows from the first window's to the last one's. */
interface Piece {
  asked: Asked;
  first: number;
  end: number;
}

/**
 * Measures windows of any number of models. What is asked for in the same turn of the event loop goes to the engine
 * together: the new minutes of a hundred streams are one call.
 */
export class Detector {
  readonly #engine: Engine;
  readonly #threads: number;
  readonly #sessions = new Map<string, LoadedSession>();
  #waiting: Asked[] = [];
  #working: Promise<void> | undefined;
  #calls = 0;

  /** @param threads share a call's windows; the results do not depend on it */
  constructor(engine: Engine, threads = 1) {
    this.#engine = engine;
    this.#threads = threads;
  }

  /** Calls of the engine so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Networks that lie in the engine's memory now. */
  get held(): number {
    return [...this.#sessions.values()].reduce((sum, { held }) => sum + held, 0);
  }

  /** Frees the sessions' memory and threads. */
  async close(): Promise<void> {
    await this.#working;
    for (const { session } of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  /**
   * Errors of every window that ends at row `from` or later, weighted by minute: [windows x features], with each
   * window's last row.
   */
  async errors(
    network: Network,
    block: FeatureBlock,
    from: number,
    measure: Measure = {},
  ): Promise<{ ends: Int32Array; errors: Float32Array }> {
    const { features } = network.architecture;
    const starts = thinned(windowStarts(block, from), measure.atMost ?? Number.POSITIVE_INFINITY);
    const ends = starts.map((s) => s + STEPS - 1);
    const errors = new Float32Array(starts.length * features);
    if (starts.length === 0) return { ends, errors };
    const base = Math.max(0, from - STEPS + 1);
    const rows = measure.rows?.subarray(base * features) ?? networkRows(network.preparation, block, base);
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ network, rows, starts: starts.map((s) => s - base), errors, done, failed });
      this.#working ??= this.#work();
    });
    return { ends, errors };
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const asked = this.#waiting;
      this.#waiting = [];
      try {
        for (const shape of new Set(asked.map(({ network }) => shapeOf(network)))) {
          await this.#measure(asked.filter(({ network }) => shapeOf(network) === shape));
        }
        for (const { done } of asked) done();
      } catch (error) {
        for (const { failed } of asked) failed(error);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#working = undefined;
  }

  async #measure(asked: Asked[]): Promise<void> {
    const loaded = await this.#session(asked[0]!.network);
    for (const call of callsOf(asked)) {
      await loaded.measure(call);
      this.#calls++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #session(network: Network): Promise<LoadedSession> {
    const shape = shapeOf(network);
    let loaded = this.#sessions.get(shape);
    if (loaded === undefined) {
      const options = { rows: ROWS, batch: WINDOWS, threads: this.#threads, clip: 1, networks: NETWORKS };
      loaded = new LoadedSession(await this.#engine.open(network.architecture, options));
      this.#sessions.set(shape, loaded);
    }
    return loaded;
  }
}

/** A session with the models that it holds, the longest unused given up first. */
class LoadedSession {
  /** Networks by their weights, in order of use: where each lies, and the call that measured it last. */
  readonly #places = new Map<Float32Array, { place: number; call: number }>();
  #call = 0;

  constructor(readonly session: Session) {}

  async measure(call: Piece[]): Promise<void> {
    this.#call++;
    const windows = call.reduce((sum, { first, end }) => sum + end - first, 0);
    const starts = new Int32Array(windows);
    const networks = new Int32Array(windows);
    let row = 0;
    let window = 0;
    for (const { asked, first, end } of call) {
      const { features } = asked.network.architecture;
      const [from, to] = rowsOf(asked.starts, first, end);
      this.session.setRows(asked.rows.subarray(from * features, to * features), row);
      networks.fill(this.#placeOf(asked.network.weights), window, window + end - first);
      for (let w = first; w < end; w++) starts[window++] = row + asked.starts[w]! - from;
      row += to - from;
    }
    const errors = await this.session.errors(starts, STEP_WEIGHTS, networks);
    window = 0;
    for (const { asked, first, end } of call) {
      const { features } = asked.network.architecture;
      asked.errors.set(errors.subarray(window * features, (window + end - first) * features), first * features);
      window += end - first;
    }
  }

  /** Networks that the session holds. */
  get held(): number {
    return this.#places.size;
  }

  #placeOf(weights: Float32Array): number {
    const known = this.#places.get(weights);
    const place = known?.place ?? this.#freePlace();
    if (known === undefined) this.session.setWeights(weights, place);
    this.#places.delete(weights);
    this.#places.set(weights, { place, call: this.#call });
    return place;
  }

  /** That of the longest unused network, where it is idle or no other is left. */
  #freePlace(): number {
    const [longest] = this.#places;
    if (longest === undefined) return 0;
    const [weights, { place, call }] = longest;
    if (call >= this.#call - IDLE_CALLS && this.#places.size < NETWORKS) return this.#places.size;
    this.#places.delete(weights);
    return place;
  }
}

/** Cuts what is asked into calls that the engine has room for. */
function* callsOf(asked: Asked[]): Generator<Piece[]> {
  let call: Piece[] = [];
  let rows = 0;
  let windows = 0;
  for (const one of asked) {
    for (let first = 0; first < one.starts.length; ) {
      const room = Math.min(WINDOWS - windows, one.starts.length - first);
      let end = first;
      while (end < first + room && rows + one.starts[end]! + STEPS - one.starts[first]! <= ROWS) end++;
      if (end === first || call.length === NETWORKS) {
        yield call;
        call = [];
        rows = 0;
        windows = 0;
        continue;
      }
      call.push({ asked: one, first, end });
      const [from, to] = rowsOf(one.starts, first, end);
      rows += to - from;
      windows += end - first;
      first = end;
    }
  }
  if (call.length > 0) yield call;
}

/** The rows that windows first .. end take, as [from, to). */
function rowsOf(starts: Int32Array, first: number, end: number): [number, number] {
  return [starts[first]!, starts[end - 1]! + STEPS];
}

function shapeOf({ architecture: { steps, features, hidden } }: Network): string {
  return `${steps}x${features}x${hidden}`;
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
