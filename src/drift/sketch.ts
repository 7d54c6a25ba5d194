/**
 * A mergeable quantile sketch after DDSketch (Masson, Rim and Lee, VLDB 2019, arXiv 1908.10693): a value falls into the
 * bin of its logarithm, so every quantile is known within `RELATIVE_ERROR` of its value, and merging two sketches is
 * adding their counts, exactly. Values from 1e-9 to 1e12 in size keep that bound; smaller ones count as zero.
 */
export const RELATIVE_ERROR = 0.005;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const SMALLEST = 1e-9;
const LARGEST = 1e12;
/** Shifts the bins of positive values over zero, so that bin numbers are ordered as their values are. */
const SHIFT = 1 - Math.ceil(Math.log(SMALLEST) / LOG_GAMMA);
/** Bins are numbered -LAST .. LAST. */
export const LAST_BIN = Math.ceil(Math.log(LARGEST) / LOG_GAMMA) + SHIFT;

/** The bin of a value; bins are ordered as their values are. */
export function binOf(value: number): number {
  const size = Math.abs(value);
  if (!(size >= SMALLEST)) return 0;
  const bin = Math.ceil(Math.log(Math.min(size, LARGEST)) / LOG_GAMMA) + SHIFT;
  return value > 0 ? bin : -bin;
}

const VALUES = Float64Array.from({ length: LAST_BIN + 1 }, (_, bin) =>
  bin === 0 ? 0 : (2 * GAMMA ** (bin - SHIFT)) / (GAMMA + 1),
);

/** The value that stands for a bin, within RELATIVE_ERROR of all values in it. */
export function binValue(bin: number): number {
  return bin < 0 ? -VALUES[-bin]! : VALUES[bin]!;
}

/** Counts of one quantity, with exact moments beside them. `bins` rise; `counts` belong to them. */
export interface Sketch {
  bins: Int16Array;
  counts: Int32Array;
  total: number;
  sum: number;
  squares: number;
}

/** @param sample NaN is not a value and is left out */
export function sketchOf(sample: ArrayLike<number>): Sketch {
  const values = Float64Array.from(sample).filter((value) => !Number.isNaN(value));
  const numbers = new Int16Array(values.length);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    numbers[i] = binOf(values[i]!);
    sum += values[i]!;
    squares += values[i]! * values[i]!;
  }
  numbers.sort();
  const bins = new Int16Array(values.length);
  const counts = new Int32Array(values.length);
  let used = -1;
  for (let i = 0; i < numbers.length; i++) {
    if (used < 0 || bins[used]! !== numbers[i]!) bins[++used] = numbers[i]!;
    counts[used]!++;
  }
  return { bins: bins.slice(0, used + 1), counts: counts.slice(0, used + 1), total: values.length, sum, squares };
}

/** Adds sketches up; the cost is that of their bins and of the range that they span. */
export function mergeSketches(sketches: readonly Sketch[]): Sketch {
  let lowest = LAST_BIN;
  let highest = -LAST_BIN;
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (const sketch of sketches) {
    const { bins } = sketch;
    if (bins.length > 0) {
      if (bins[0]! < lowest) lowest = bins[0]!;
      if (bins[bins.length - 1]! > highest) highest = bins[bins.length - 1]!;
    }
    total += sketch.total;
    sum += sketch.sum;
    squares += sketch.squares;
  }
  const all = new Int32Array(Math.max(0, highest - lowest + 1));
  for (const { bins, counts } of sketches) {
    for (let i = 0; i < bins.length; i++) all[bins[i]! - lowest]! += counts[i]!;
  }
  let used = 0;
  for (let i = 0; i < all.length; i++) if (all[i]! > 0) used++;
  const merged: Sketch = { bins: new Int16Array(used), counts: new Int32Array(used), total, sum, squares };
  for (let i = 0, next = 0; i < all.length; i++) {
    if (all[i] === 0) continue;
    merged.bins[next] = lowest + i;
    merged.counts[next++] = all[i]!;
  }
  return merged;
}

/** NaN for an empty sketch. */
export function quantile(sketch: Sketch, share: number): number {
  if (sketch.total === 0) return Number.NaN;
  const rank = share * (sketch.total - 1);
  let seen = 0;
  for (let i = 0; i < sketch.bins.length; i++) {
    seen += sketch.counts[i]!;
    if (seen > rank) return binValue(sketch.bins[i]!);
  }
  return binValue(sketch.bins[sketch.bins.length - 1]!);
}

export function mean(sketch: Sketch): number {
  return sketch.sum / sketch.total;
}

export function standardDeviation(sketch: Sketch): number {
  const average = mean(sketch);
  return Math.sqrt(Math.max(0, sketch.squares / sketch.total - average * average));
}
