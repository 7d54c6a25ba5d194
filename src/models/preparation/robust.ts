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
  const deviations = values.map((v) => Math.abs(v - median)).sort();
  return { median, scale: Math.max(1.4826 * quantileSorted(deviations, 0.5), range) };
}
