import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';

/** Columns that grow with traffic, in the order of the feature catalogue. */
const VOLUME = [0, 1, 2, 3, 7, 8, 9, 11, 33, 34, 35];
/** Columns that count messages in time, not what they hold. */
const MESSAGES = [0, 1, 11, 33, 34, 35];

/** Changes the rows from `from` on. */
export type Shift = (block: FeatureBlock, from: number, random: () => number) => void;

export function scale(block: FeatureBlock, row: number, factor: number): void {
  for (const column of VOLUME) block.values[row * block.columns + column]! *= factor;
}

/** Lasting changes that a monitor must find within a day, or within a day of their full height. */
export const SHIFTS: Record<string, Shift> = {
  'mean +30 %': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) scale(block, row, 1.3);
  },
  'variance x2': (block, from) => {
    for (const column of VOLUME) {
      let mean = 0;
      for (let row = 0; row < from; row++) mean += block.values[row * block.columns + column]! / from;
      for (let row = from; row < block.minutes.length; row++) {
        const at = row * block.columns + column;
        block.values[at] = Math.max(0, mean + Math.SQRT2 * (block.values[at]! - mean));
      }
    }
  },
  'message rate +50 %': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) {
      for (const column of MESSAGES) block.values[row * block.columns + column]! *= 1.5;
    }
  },
  'rate of bursts 5 %': (block, from, random) => {
    for (let row = from; row < block.minutes.length; row++) if (random() < 0.05) scale(block, row, 3);
  },
  'feature gone constant': (block, from, random) => {
    const varying = [...Array(block.columns).keys()].filter((column) => {
      const seen = new Map<number, number>();
      for (let row = 0; row < from; row++) {
        const value = block.values[row * block.columns + column]!;
        seen.set(value, (seen.get(value) ?? 0) + 1);
      }
      // A column that nearly always has one value has nothing to lose.
      return Math.max(...seen.values()) < 0.9 * from;
    });
    const column = varying[Math.floor(random() * varying.length)]!;
    const values = Float32Array.from({ length: from }, (_, row) => block.values[row * block.columns + column]!).sort();
    for (let row = from; row < block.minutes.length; row++)
      block.values[row * block.columns + column] = values[from >> 1]!;
  },
  'slow ramp to +30 % over two days': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) {
      scale(block, row, 1 + 0.3 * Math.min(1, (row - from) / (2 * MINUTES_PER_DAY)));
    }
  },
};
export const RAMP = 'slow ramp to +30 % over two days';
