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
}

/**
 * What computes: holds rows and weights, trains on batches of windows and measures errors. A window is named by its
 * first row; its rows follow each other in the rows given.
 */
export interface Session {
  /** [n x features], row-major */
  setRows(rows: Float32Array): void;
  /** Flat, in the order of `weightsOf`; also forgets the optimiser's moments. */
  setWeights(weights: Float32Array): void;
  weights(): Float32Array;
  /** One step on the windows at `starts`. @returns their mean squared error before the step */
  train(starts: Int32Array, learningRate: number): Promise<number>;
  /**
   * Squared errors of the reconstruction, weighted by minute and summed over the window: [windows x features].
   * A window's errors do not depend on the other windows.
   */
  errors(starts: Int32Array, stepWeights: Float32Array): Promise<Float32Array>;
  close(): void;
}

export interface Engine {
  readonly name: string;
  open(architecture: Architecture, options: SessionOptions): Promise<Session>;
}

/** Forces an engine; auto takes the fused one where its kernel compiles, else tfjs. */
export type EngineChoice = 'auto' | 'fused' | 'tfjs';
