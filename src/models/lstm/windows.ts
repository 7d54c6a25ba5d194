import type { FeatureBlock } from '../../features/row.js';

/** Minutes of a window. */
export const STEPS = 30;

/**
 * First rows of all windows that end at row `from` or later and that cross neither a gap nor a missing minute.
 * @returns rising row numbers
 */
export function windowStarts(block: FeatureBlock, from = 0): Int32Array {
  const starts: number[] = [];
  let run = 0;
  for (let row = Math.max(0, from - STEPS + 1); row < block.minutes.length; row++) {
    const follows = run > 0 && block.minutes[row] === block.minutes[row - 1]! + 1;
    run = block.usable[row] === 1 ? (follows ? run + 1 : 1) : 0;
    if (run >= STEPS && row >= from) starts.push(row - STEPS + 1);
  }
  return Int32Array.from(starts);
}

/** At most `most` of the windows, spread evenly. */
export function thinned(starts: Int32Array, most: number): Int32Array {
  if (starts.length <= most) return starts;
  return Int32Array.from({ length: most }, (_, i) => starts[Math.floor(((i + 0.5) * starts.length) / most)]!);
}
