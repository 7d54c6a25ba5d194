import type { FeatureBlock } from '../../../src/features/row.js';
import { seededRandom } from '../../../src/random/sfc32.js';

/** Prepared-like rows [rows x features]: slow waves with noise. */
export function waves(rows: number, features: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * features }, (_, i) => {
    const row = Math.floor(i / features);
    const feature = i % features;
    return Math.sin(row / (5 + feature)) + (random() - 0.5);
  });
}

/** A block of 37 features of a calm network; `storm` multiplies announcements from that row on. */
export function block(rows: number, seed: number, storm = Number.POSITIVE_INFINITY): FeatureBlock {
  const random = seededRandom(seed);
  const values = new Float32Array(rows * 37);
  for (let row = 0; row < rows; row++) {
    const busy = 1 + 0.3 * Math.sin(row / 40);
    const factor = row >= storm ? 30 : 1;
    for (let c = 0; c < 37; c++) values[row * 37 + c] = Math.floor(50 * busy * (0.5 + random()) * (c < 9 ? factor : 1));
    values.fill(0, row * 37 + 13, row * 37 + 33);
  }
  const minutes = Int32Array.from({ length: rows }, (_, row) => 17_568_000 + row);
  return { minutes, values, columns: 37, usable: new Uint8Array(rows).fill(1) };
}

/** Rows `first` .. `end` of a block, sharing its memory. */
export function cut(whole: FeatureBlock, first: number, end: number): FeatureBlock {
  return {
    minutes: whole.minutes.subarray(first, end),
    values: whole.values.subarray(first * whole.columns, end * whole.columns),
    columns: whole.columns,
    usable: whole.usable.subarray(first, end),
  };
}

export function startsOf(count: number, rows: number, steps: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  return Int32Array.from({ length: count }, () => Math.floor(random() * (rows - steps + 1)));
}
