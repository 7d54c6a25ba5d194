import type { Architecture } from './architecture.js';

/** Adam (Kingma and Ba 2015) with clipping by global norm, the same in every engine. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

export interface SessionOptions {
  /** Rows that `setRows` may give at most. */
  rows: number;
  /** Windows of a training batch at most. */
  batch: number;
  /** Threads to share a batch among; the results do not depend on it. */
  threads: number;
  /** The gradient's Euclidean norm is held to this. */
  clip: number;
  /** Sets of weights that can be held at once, for scoring; 1 when absent. */
  networks?: number;
}

/**
 * What computes: holds rows and weights, trains on batches of windows and measures errors. A window is named by its
 * first row; its rows follow each other in the rows given.
 */
export interface Session {
  /** [n x features], row-major, put from row `first` on */
  setRows(rows: Float32Array, first?: number): void;
  /** Flat, in the order of `weightsOf`; for network 0, which is trained, also forgets the optimiser's moments. */
  setWeights(weights: Float32Array, network?: number): void;
  /** Those of network 0. */
  weights(): Float32Array;
  /** One step on the windows at `starts`. @returns their mean squared error before the step */
  train(starts: Int32Array, learningRate: number): Promise<number>;
  /**
   * Squared errors of the reconstruction, weighted by minute and summed over the window: [windows x features].
   * A window's errors do not depend on the other windows.
   * @param networks [windows] which network reconstructs each; 0 when absent. Fastest where equal ones stand together.
   */
  errors(starts: Int32Array, stepWeights: Float32Array, networks?: Int32Array): Promise<Float32Array>;
  close(): void;
}

export interface Engine {
  readonly name: string;
  open(architecture: Architecture, options: SessionOptions): Promise<Session>;
}

/** Forces an engine; auto takes the fused one where its kernel compiles, else tfjs. */
export type EngineChoice = 'auto' | 'fused' | 'tfjs';
