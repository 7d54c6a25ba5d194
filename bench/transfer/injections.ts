import type { FeatureBlock } from '../../src/features/row.js';
import { columnAt, quantileSorted } from '../../src/models/preparation/robust.js';
import { seededRandom } from '../../src/random/sfc32.js';

export const SHAPES = [
  'step',
  'ramp',
  'burst train',
  'slow wave',
  'shape only',
  'loss of peers',
  'one feature',
] as const;
export type Shape = (typeof SHAPES)[number];

/** A stretch of ordinary minutes, changed from row `from` to its end. */
export interface Injection {
  shape: Shape;
  block: FeatureBlock;
  from: number;
  /** How many times the ordinary counts go at most; for a change of shape, how many spreads. */
  strength: number;
}

/** Counts that rise together: volume, duplicates, implicit withdrawals, arrival rate, origins. */
const VOLUME = [0, 1, 2, 3, 7, 8, 9, 11, 33, 34, 35];
const PATHS = [4, 5, 6, 10, 12];
const SHORTEST = 3;
const LONGEST = 720;

/**
 * Changes of many shapes in ordinary minutes: three minutes to twelve hours long, from one and a half times the ordinary
 * counts to twelve times (for shapes, one and a half to twelve spreads), all drawn evenly on the log scale by the seed.
 * @param from first row that may be changed; `context` rows before each change go along as they are
 */
export function injections(
  block: FeatureBlock,
  from: number,
  context: number,
  count: number,
  seed: number,
): Injection[] {
  const random = seededRandom(seed);
  const { columns } = block;
  const rows = [...Array(from).keys()];
  const spread = Array.from({ length: columns }, (_, c) => {
    const sorted = columnAt(block.values, columns, c, rows).sort();
    return Math.max(0.5, (quantileSorted(sorted, 0.9) - quantileSorted(sorted, 0.1)) / 2.5631);
  });
  const between = (low: number, high: number): number => low * (high / low) ** random();
  return Array.from({ length: count }, (_, i): Injection => {
    const shape = SHAPES[i % SHAPES.length]!;
    const length = Math.min(Math.round(between(SHORTEST, LONGEST)), block.minutes.length - from);
    const strength = between(1.5, 12);
    const one = VOLUME[Math.floor(random() * VOLUME.length)]!;
    const first = from + Math.floor(random() * (block.minutes.length - from - length + 1));
    const start = Math.max(0, first - context);
    const values = block.values.slice(start * columns, (first + length) * columns);
    for (let row = 0; row < length; row++) {
      const at = (first - start + row) * columns;
      const progress = (row + 1) / length;
      const times = (list: readonly number[], factor: number): void => {
        for (const c of list) values[at + c] = Math.max(0, values[at + c]! * factor);
      };
      if (shape === 'step') times(VOLUME, strength);
      else if (shape === 'ramp') times(VOLUME, 1 + (strength - 1) * progress);
      else if (shape === 'burst train') times(VOLUME, row % 10 < 3 ? strength : 1);
      else if (shape === 'slow wave') times(VOLUME, 1 + (strength - 1) * Math.sin(Math.PI * progress));
      else if (shape === 'loss of peers') times(VOLUME, 1 / strength);
      else if (shape === 'one feature') times([one], strength);
      else for (const c of PATHS) values[at + c]! += strength * spread[c]!;
    }
    const minutes = block.minutes.slice(start, first + length);
    const usable = block.usable.slice(start, first + length);
    return { shape, block: { minutes, values, columns, usable }, from: first - start, strength };
  });
}
