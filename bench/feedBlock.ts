import type { FeatureBlock } from '../src/features/row.js';
import { seededRandom } from '../src/random/sfc32.js';

const COLUMNS = 37;

/** Minutes with lognormal values in all 37 features, for timing only. */
export function feedBlock(rows: number, seed: number): FeatureBlock {
  const random = seededRandom(seed);
  const value = (): number => Math.exp(3 + 2 * (random() + random() + random() - 1.5));
  return {
    minutes: Int32Array.from({ length: rows }, (_, row) => 1_000_000 + row),
    values: Float32Array.from({ length: rows * COLUMNS }, value),
    columns: COLUMNS,
    usable: new Uint8Array(rows).fill(1),
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
