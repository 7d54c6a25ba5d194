import type { FeatureBlock } from '../../src/features/row.js';
import { seededRandom } from '../../src/random/sfc32.js';

const COLUMNS = 37;

/** Ordinary minutes of a small feed: counts around 30, levels around 6, two wandering flags. */
export function ordinaryBlock(rows: number, seed: number, options: { storm?: [number, number]; gaps?: number[] } = {}) {
  const random = seededRandom(seed);
  const values = new Float32Array(rows * COLUMNS);
  for (let row = 0; row < rows; row++) {
    const storm = options.storm !== undefined && row >= options.storm[0] && row < options.storm[1];
    for (let c = 0; c < COLUMNS; c++) {
      const noise = random() + random() + random() - 1.5;
      const count = c < 4 || (c > 6 && c < 10) || c === 11 || c > 32;
      if (count) values[row * COLUMNS + c] = Math.max(0, Math.round(30 * Math.exp(0.6 * noise)) * (storm ? 8 : 1));
      else if (c < 13) values[row * COLUMNS + c] = 6 + noise;
      else values[row * COLUMNS + c] = random() < 0.1 ? 1 : 0;
    }
  }
  const usable = new Uint8Array(rows).fill(1);
  for (const gap of options.gaps ?? []) usable[gap] = 0;
  const block: FeatureBlock = {
    minutes: Int32Array.from({ length: rows }, (_, row) => 500_000 + row),
    values,
    columns: COLUMNS,
    usable,
  };
  return block;
}

export function cut(block: FeatureBlock, from: number, to: number): FeatureBlock {
  return {
    minutes: block.minutes.slice(from, to),
    values: block.values.slice(from * block.columns, to * block.columns),
    columns: block.columns,
    usable: block.usable.slice(from, to),
  };
}
