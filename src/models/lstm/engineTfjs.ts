import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type * as Tf from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { type Architecture, parameterCount, weightsOf } from './architecture.js';
import { ADAM, type Engine, type Session, type SessionOptions } from './engine.js';
import { topologyOf } from './topology.js';

/** What the union package `@tensorflow/tfjs` would export, without the parts that no LSTM needs (192 MB on disk). */
type Tfjs = Omit<typeof Tf, 'default'> & Omit<typeof Layers, 'default'>;

/** Windows that are reconstructed in one call when errors are measured. */
const SCORING_BATCH = 64;

/**
 * The engine of stock TensorFlow.js, loaded only when it is used: tfjs-node if it is installed, else the wasm backend
 * (which takes SIMD where the machine has it), else plain JavaScript.
 */
export class TfjsEngine implements Engine {
  readonly name = 'tfjs';
  readonly #log: (message: string) => void;
  #tf: Promise<Tfjs> | undefined;

  constructor(log: (message: string) => void = () => undefined) {
    this.#log = log;
  }

  /** The library with its backend ready; the choice is made and logged once. */
  library(): Promise<Tfjs> {
    this.#tf ??= loadTfjs(this.#log);
    return this.#tf;
  }

  async open(architecture: Architecture, options: SessionOptions): Promise<Session> {
    const tf = await this.library();
    const model = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: topologyOf(architecture),
        weightSpecs: weightsOf(architecture).map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
        weightData: new Float32Array(parameterCount(architecture)).buffer,
      }),
    );
    return new TfjsSession(tf, model, architecture, options);
  }
}

async function loadTfjs(log: (message: string) => void): Promise<Tfjs> {
  const native = '@tensorflow/tfjs-node';
  try {
    const tf = (await import(native)) as Tfjs;
    await tf.ready();
    log(`tfjs engine on ${native}`);
    return tf;
  } catch (error) {
    log(`${native} is not there (${(error as Error).message.split('\n')[0]}): trying the wasm backend`);
  }
  const tf = { ...namesOf(await import('@tensorflow/tfjs-core')), ...namesOf(await import('@tensorflow/tfjs-layers')) };
  try {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(dirname(main) + sep);
    if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');
  } catch (error) {
    log(`no wasm backend (${(error as Error).message}): plain JavaScript, which is far slower`);
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
  }
  await tf.ready();
  log(`tfjs engine on the ${tf.getBackend()} backend`);
  return tf;
}

/** The exports of a CommonJS module, which Node puts under `default` when it cannot list them. */
function namesOf<T extends object>(module: T & { default?: T }): T {
  return module.default ?? module;
}

class TfjsSession implements Session {
  readonly #rows: Float32Array;
  readonly #others = new Map<number, Float32Array>();
  #optimiser: Tf.AdamOptimizer;

  constructor(
    readonly tf: Tfjs,
    readonly model: Layers.LayersModel,
    readonly architecture: Architecture,
    readonly options: SessionOptions,
  ) {
    this.#rows = new Float32Array(options.rows * architecture.features);
    this.#optimiser = this.#newOptimiser();
  }

  setRows(rows: Float32Array, first = 0): void {
    this.#rows.set(rows, first * this.architecture.features);
  }

  setWeights(weights: Float32Array, network = 0): void {
    if (network > 0) {
      this.#others.set(network, weights);
      return;
    }
    this.#load(weights);
    this.#optimiser.dispose();
    this.#optimiser = this.#newOptimiser();
  }

  #load(weights: Float32Array): void {
    const tensors = weightsOf(this.architecture).map(({ shape, offset }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return this.tf.tensor(weights.slice(offset, offset + size), shape);
    });
    this.model.setWeights(tensors);
    for (const tensor of tensors) tensor.dispose();
  }

  weights(): Float32Array {
    const flat = new Float32Array(parameterCount(this.architecture));
    const tensors = this.model.getWeights();
    weightsOf(this.architecture).forEach(({ offset }, i) => {
      flat.set(tensors[i]!.dataSync() as Float32Array, offset);
    });
    return flat;
  }

  async train(starts: Int32Array, learningRate: number): Promise<number> {
    const { tf } = this;
    const { value, grads } = this.#gradients(starts);
    // The schedule changes the rate of one optimiser, whose moments stay; tfjs declares the field protected.
    (this.#optimiser as unknown as { learningRate: number }).learningRate = learningRate;
    tf.tidy(() => {
      const squares = Object.values(grads).map((g) => tf.sum(tf.square(g)));
      const norm = Math.sqrt(tf.addN(squares).dataSync()[0]!);
      const factor = norm > this.options.clip ? this.options.clip / norm : 1;
      const clipped = Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, factor)]));
      this.#optimiser.applyGradients(clipped);
    });
    const loss = value.dataSync()[0]!;
    value.dispose();
    tf.dispose(grads);
    return loss;
  }

  /** Mean squared error and its gradient, unclipped, in the order of the weights: for tests. */
  gradient(starts: Int32Array): { loss: number; gradient: Float32Array } {
    const { value, grads } = this.#gradients(starts);
    const gradient = new Float32Array(parameterCount(this.architecture));
    const names = this.#variables().map((v) => v.name);
    weightsOf(this.architecture).forEach(({ offset }, i) => {
      gradient.set(grads[names[i]!]!.dataSync() as Float32Array, offset);
    });
    const loss = value.dataSync()[0]!;
    value.dispose();
    this.tf.dispose(grads);
    return { loss, gradient };
  }

  async errors(starts: Int32Array, stepWeights: Float32Array, networks?: Int32Array): Promise<Float32Array> {
    const { features } = this.architecture;
    if (networks === undefined) return this.#errors(starts, stepWeights);
    const out = new Float32Array(starts.length * features);
    const trained = this.weights();
    for (let first = 0, end = 0; first < starts.length; first = end) {
      while (end < starts.length && networks[end] === networks[first]) end++;
      this.#load(this.#others.get(networks[first]!) ?? trained);
      out.set(this.#errors(starts.subarray(first, end), stepWeights), first * features);
    }
    this.#load(trained);
    return out;
  }

  #errors(starts: Int32Array, stepWeights: Float32Array): Float32Array {
    const { steps, features } = this.architecture;
    const out = new Float32Array(starts.length * features);
    for (let first = 0; first < starts.length; first += SCORING_BATCH) {
      const part = starts.subarray(first, first + SCORING_BATCH);
      const [x, y] = this.tf.tidy(() => {
        const windows = this.#windows(part);
        const reconstruction = this.model.predictOnBatch(windows) as Tf.Tensor;
        return [windows.dataSync() as Float32Array, reconstruction.dataSync() as Float32Array];
      }) as unknown as [Float32Array, Float32Array];
      for (let w = 0; w < part.length; w++) {
        for (let t = 0; t < steps; t++) {
          for (let f = 0; f < features; f++) {
            const at = (w * steps + t) * features + f;
            out[(first + w) * features + f]! += stepWeights[t]! * (y[at]! - x[at]!) ** 2;
          }
        }
      }
    }
    return out;
  }

  close(): void {
    this.#optimiser.dispose();
    this.model.dispose();
  }

  #gradients(starts: Int32Array): { value: Tf.Scalar; grads: Record<string, Tf.Tensor> } {
    const { tf } = this;
    const x = this.#windows(starts);
    const loss = (): Tf.Scalar => {
      const y = this.model.apply(x, { training: true }) as Tf.Tensor;
      return tf.mean(tf.square(tf.sub(y, x)));
    };
    const result = tf.variableGrads(loss, this.#variables());
    x.dispose();
    return result;
  }

  #windows(starts: Int32Array): Tf.Tensor3D {
    const { steps, features } = this.architecture;
    const size = steps * features;
    const values = new Float32Array(starts.length * size);
    starts.forEach((row, w) => {
      values.set(this.#rows.subarray(row * features, row * features + size), w * size);
    });
    return this.tf.tensor3d(values, [starts.length, steps, features]);
  }

  /** The variables behind the layers' weights, which tfjs keeps for itself. */
  #variables(): Tf.Variable[] {
    return this.model.trainableWeights.map((w) => (w as unknown as { val: Tf.Variable }).val);
  }

  #newOptimiser(): Tf.AdamOptimizer {
    return this.tf.train.adam(1e-3, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  }
}

export type { TfjsSession };
