import type { Track } from '../../src/evaluation/walk.js';
import type { FeatureBlock } from '../../src/features/row.js';
import { columnAt, quantileSorted, spreadOf } from '../../src/models/preparation/robust.js';

/** Announcements, withdrawals, both in prefixes, duplicates, implicit withdrawals, duplicate withdrawals. */
export const COUNTS = [0, 1, 2, 3, 7, 8, 9];
const CLIP = 8;
const MINUTES = 10;
const QUANTILE = 0.999;

/**
 * What models must beat: robust z of log(1 + count) of seven count columns, clipped, averaged, exponential mean of ten
 * minutes; the threshold is the 99.9 % quantile of the minutes trained on.
 * @param trained rows of the block to learn from
 * @returns [rows after those], and the scores of the rows learnt from
 */
export function baseline(block: FeatureBlock, trained: number): Track & { known: Float64Array } {
  const rows = block.minutes.length;
  const logs = COUNTS.map((c) => columnAt(block.values, block.columns, c, [...Array(rows).keys()]).map(Math.log1p));
  const usable = [...Array(trained).keys()].filter((row) => block.usable[row] === 1);
  const spreads = logs.map((list) => spreadOf(Float64Array.from(usable, (row) => list[row]!)));
  const all = new Float64Array(rows);
  let mean = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    logs.forEach((list, i) => {
      const { median, scale } = spreads[i]!;
      sum += Math.max(-CLIP, Math.min(CLIP, (list[row]! - median) / Math.max(scale, 1e-3)));
    });
    if (block.usable[row] === 1) mean += (sum / COUNTS.length - mean) / MINUTES;
    all[row] = block.usable[row] === 1 ? mean : Number.NaN;
  }
  const known = all.slice(0, trained);
  const threshold = quantileSorted(known.filter((s) => Number.isFinite(s)).sort(), QUANTILE);
  const score = all.slice(trained);
  return { score, anomalous: Uint8Array.from(score, (s) => (s >= threshold ? 1 : 0)), threshold, known };
}
