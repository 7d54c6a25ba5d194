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

/**
 * Moves `values` about. The 10..90 % range backs the MAD, which is 0 when half the values are equal. Five selections
 * take a fraction of the time of a sort, and give the same numbers.
 */
export function spreadOf(values: Float64Array): Spread {
  const n = values.length;
  if (n === 0) return { median: Number.NaN, scale: Number.NaN };
  const median = medianIn(values);
  const range = (selectQuantile(values, 0.9, n >> 1, n - 1) - selectQuantile(values, 0.1, 0, n >> 1)) / 2.5631;
  for (let i = 0; i < n; i++) values[i] = Math.abs(values[i]! - median);
  return { median, scale: Math.max(1.4826 * middleIn(values), range) };
}

/** The median; moves `values` about so that none before the middle is greater than any after it. */
export function medianIn(values: Float64Array): number {
  return selectQuantile(values, 0.5, 0, values.length - 1);
}

/** The middle one, or half the sum of the middle two; moves `values` about. */
function middleIn(values: Float64Array): number {
  const n = values.length;
  const lower = select(values, (n - 1) >> 1, 0, n - 1);
  return n % 2 === 1 ? lower : (lower + leastOf(values, n >> 1, n - 1)) / 2;
}

/** `quantileSorted` of the whole, where it is known to lie between the places `low` and `high` of the sorted values. */
function selectQuantile(values: Float64Array, q: number, low: number, high: number): number {
  const at = q * (values.length - 1);
  const below = Math.floor(at);
  const lower = select(values, below, Math.min(low, below), high);
  return at === below ? lower : lower + (at - below) * (leastOf(values, below + 1, high) - lower);
}

function leastOf(values: Float64Array, from: number, to: number): number {
  let least = values[from]!;
  for (let i = from + 1; i <= to; i++) if (values[i]! < least) least = values[i]!;
  return least;
}

/**
 * Puts the value of the sorted place `k` there, none greater before it and none smaller after it, within the places
 * `low` .. `high` (Hoare 1961, with the middle of three as pivot).
 */
function select(values: Float64Array, k: number, low: number, high: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const a = values[from]!;
    const b = values[(from + to) >> 1]!;
    const c = values[to]!;
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = from;
    let j = to;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const kept = values[i]!;
      values[i++] = values[j]!;
      values[j--] = kept;
    }
    if (k <= j) to = j;
    else if (k >= i) from = i;
    else break;
  }
  return values[k]!;
}

/** [rows] one column of `values` [.. x width] at the rows asked for. */
export function columnAt(
  values: Float64Array | Float32Array,
  width: number,
  column: number,
  rows: readonly number[],
): Float64Array {
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]! * width + column]!;
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
