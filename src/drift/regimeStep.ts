import { featureIndexes } from '../features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';

/** All that grows with traffic. */
const VOLUME = featureIndexes([
  'announcements',
  'withdrawals',
  'announced_prefixes',
  'withdrawn_prefixes',
  'duplicate_announcements',
  'implicit_withdrawals',
]);
/** Ordinary days differ by less. Two per cent a day reaches it in three weeks, and is not a step by then. */
const LEAST_FACTOR = 1.5;
/** A level of so little cannot be compared. */
const LEAST_LEVEL = 1;
/** Minutes on either side that a comparison needs. */
const LEAST_MINUTES = 180;

/** A level that changed within a day. */
export interface RegimeStep {
  /** Feature column that changed most. */
  column: number;
  /** Its median since the change over that of the whole day before. */
  factor: number;
}

/**
 * Tells a change of level at once from one that somebody moves slowly. Compared are the minutes since the onset, of at
 * most a day, with the whole day before it. The same minutes of that day alone were tried: on bootstrapped ordinary days
 * they made as many false steps (docs/retraining.md), and found no true one that this misses and that lasted.
 * @returns null where no level moved by half or more
 */
export function stepAt(block: FeatureBlock, onset: Minute): RegimeStep | null {
  let greatest: RegimeStep | null = null;
  for (const column of VOLUME) {
    const since: number[] = [];
    const before: number[] = [];
    for (let row = 0; row < block.minutes.length; row++) {
      const minute = block.minutes[row]!;
      if (block.usable[row] === 0) continue;
      const value = block.values[row * block.columns + column]!;
      if (minute >= onset && minute < onset + MINUTES_PER_DAY) since.push(value);
      else if (minute >= onset - MINUTES_PER_DAY && minute < onset) before.push(value);
    }
    if (since.length < LEAST_MINUTES || before.length < LEAST_MINUTES) return null;
    const [now, then] = [median(since), median(before)];
    if (Math.max(now, then) < LEAST_LEVEL) continue;
    const factor = (now + LEAST_LEVEL) / (then + LEAST_LEVEL);
    const size = Math.abs(Math.log(factor));
    if (size >= Math.log(LEAST_FACTOR) && size > Math.abs(Math.log(greatest?.factor ?? 1)))
      greatest = { column, factor };
  }
  return greatest;
}

/** Where a step is looked for, before and after the estimate, and how much must lie on each side of it. */
const SEARCH = { before: MINUTES_PER_DAY, after: 2 * MINUTES_PER_DAY };
const LEAST_SIDE = 60;

/**
 * The minute at which the level changed. A guard's onset is an hour's estimate from evidence that grew slowly: a few
 * hours of the old traffic among the new widen the idea of ordinary. Taken is the cut that leaves the least squares of
 * the logarithms on both sides, over all volume columns, each in units of its own variance.
 * @returns `onset` where no cut explains a fifth of the variance
 */
export function refinedOnset(block: FeatureBlock, onset: Minute): Minute {
  const rows = [...block.minutes.keys()].filter(
    (row) =>
      block.usable[row] === 1 &&
      block.minutes[row]! >= onset - SEARCH.before &&
      block.minutes[row]! < onset + SEARCH.after,
  );
  if (rows.length < 2 * LEAST_SIDE) return onset;
  const explained = new Float64Array(rows.length);
  let columns = 0;
  for (const column of VOLUME) {
    const values = Float64Array.from(rows, (row) =>
      Math.log1p(Math.max(0, block.values[row * block.columns + column]!)),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    if (variance < 1e-9) continue;
    columns++;
    let left = 0;
    for (let cut = 1; cut < values.length; cut++) {
      left += values[cut - 1]! - mean;
      // Between-group sum of squares of the two sides; the right side's sum is the left's with the other sign.
      explained[cut]! += (left ** 2 / cut + left ** 2 / (values.length - cut)) / variance;
    }
  }
  let best = LEAST_SIDE;
  for (let cut = LEAST_SIDE; cut <= rows.length - LEAST_SIDE; cut++) if (explained[cut]! > explained[best]!) best = cut;
  return columns > 0 && explained[best]! / columns >= 0.2 ? block.minutes[rows[best]!]! : onset;
}

function median(values: readonly number[]): number {
  return Float64Array.from(values).sort()[values.length >> 1]!;
}
