import { seededRandom } from '../../random/sfc32.js';

/** Encoder LSTM -> its last output repeated -> decoder LSTM -> one dense layer for every minute. */
export interface Architecture {
  /** Minutes of a window. */
  steps: number;
  /** Prepared columns. */
  features: number;
  /** Units of the encoder and of the decoder. */
  hidden: number;
}

/** A weight as the stock LayersModel names and shapes it. */
export interface Weight {
  name: string;
  shape: number[];
  /** First float32 in the flat list of all weights. */
  offset: number;
}

/** Weights in the order of the stock model's manifest; gates lie side by side as input, forget, cell, output. */
export function weightsOf(a: Architecture): Weight[] {
  const gates = 4 * a.hidden;
  const shapes: [string, number[]][] = [
    ['encoder/kernel', [a.features, gates]],
    ['encoder/recurrent_kernel', [a.hidden, gates]],
    ['encoder/bias', [gates]],
    ['decoder/kernel', [a.hidden, gates]],
    ['decoder/recurrent_kernel', [a.hidden, gates]],
    ['decoder/bias', [gates]],
    ['reconstruction/kernel', [a.hidden, a.features]],
    ['reconstruction/bias', [a.features]],
  ];
  let offset = 0;
  return shapes.map(([name, shape]) => {
    const weight = { name, shape, offset };
    offset += sizeOf(shape);
    return weight;
  });
}

export function sizeOf(shape: number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Number of float32 of all weights. */
export function parameterCount(a: Architecture): number {
  const last = weightsOf(a).at(-1)!;
  return last.offset + sizeOf(last.shape);
}

/**
 * First weights as Keras draws them: kernels uniform after Glorot and Bengio (2010), recurrent kernels with orthonormal
 * rows (Saxe, McClelland, Ganguli 2014), biases zero but one for the forget gate (Jozefowicz et al. 2015).
 */
export function initialWeights(a: Architecture, seed: number): Float32Array {
  const random = seededRandom(seed);
  const flat = new Float32Array(parameterCount(a));
  for (const { name, shape, offset } of weightsOf(a)) {
    const [rows, columns] = shape as [number, number | undefined];
    if (columns === undefined) {
      if (!name.startsWith('reconstruction')) flat.fill(1, offset + a.hidden, offset + 2 * a.hidden);
    } else if (name.endsWith('recurrent_kernel')) {
      flat.set(orthonormalRows(rows, columns, random), offset);
    } else {
      const limit = Math.sqrt(6 / (rows + columns));
      for (let i = 0; i < rows * columns; i++) flat[offset + i] = (2 * random() - 1) * limit;
    }
  }
  return flat;
}

/** Gram-Schmidt over normal draws; rows <= columns. */
function orthonormalRows(rows: number, columns: number, random: () => number): Float64Array {
  const out = Float64Array.from({ length: rows * columns }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random());
  });
  for (let r = 0; r < rows; r++) {
    const row = out.subarray(r * columns, (r + 1) * columns);
    for (let p = 0; p < r; p++) {
      const other = out.subarray(p * columns, (p + 1) * columns);
      let dot = 0;
      for (let c = 0; c < columns; c++) dot += row[c]! * other[c]!;
      for (let c = 0; c < columns; c++) row[c]! -= dot * other[c]!;
    }
    const norm = Math.hypot(...row);
    for (let c = 0; c < columns; c++) row[c]! /= norm;
  }
  return out;
}
