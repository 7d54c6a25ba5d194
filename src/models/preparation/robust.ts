/** Order statistics that a few wild minutes cannot move. */

/** Quantile of sorted values by linear interpolation (type 7 of Hyndman and Fan 1996); NaN without values. */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const at = q * (n - 1);
  const low = Math.floor(at);
  const high = Math.min(n - 1, low + 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

export interface Spread {
  median: number;
  /** Robust standard deviation: the greater of the scaled MAD and the scaled 10..90 % range; 0 for a constant. */
  scale: number;
}

/** Sorts `values` in place. The 10..90 % range backs the MAD, which is 0 when half the values are equal. */
export function spreadOf(values: Float64Array): Spread {
  values.sort();
  const median = quantileSorted(values, 0.5);
  const range = (quantileSorted(values, 0.9) - quantileSorted(values, 0.1)) / 2.5631;
  return { median, scale: Math.max(1.4826 * medianDeviation(values, median), range) };
}

/** Median of the distances to `median`, read off the sorted values from the middle outwards without sorting again. */
function medianDeviation(sorted: Float64Array, median: number): number {
  const n = sorted.length;
  let high = 0;
  let end = n;
  while (high < end) {
    const middle = (high + end) >> 1;
    if (sorted[middle]! < median) high = middle + 1;
    else end = middle;
  }
  let low = high - 1;
  let before = 0;
  let last = 0;
  for (let taken = 0; taken <= n >> 1; taken++) {
    const below = low >= 0 ? median - sorted[low]! : Number.POSITIVE_INFINITY;
    const above = high < n ? sorted[high]! - median : Number.POSITIVE_INFINITY;
    before = last;
    if (below < above) {
      last = below;
      low--;
    } else {
      last = above;
      high++;
    }
  }
  return n % 2 === 1 ? last : (before + last) / 2;
}

/** [rows] the value of each row, in a plain loop: several times faster than `Float64Array.from` with a function. */
export function valuesOf(rows: readonly number[], value: (row: number) => number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = value(rows[i]!);
  return out;
}

/** Order statistics of more rows than this gain nothing that a day of rows does not already say. */
const MOST_SAMPLED = 2500;

/** Evenly spaced members of `rows`, at most 2,500: enough for medians and spreads, in a quarter of the time. */
export function sampleOf(rows: readonly number[]): readonly number[] {
  if (rows.length <= MOST_SAMPLED) return rows;
  const step = rows.length / MOST_SAMPLED;
  return Array.from({ length: MOST_SAMPLED }, (_, i) => rows[Math.floor(i * step)]!);
}
