import { binValue, type Sketch } from '../sketch.js';

/** A sample as sorted distinct values with their counts. */
export interface Distribution {
  /** Strictly rising */
  values: Float64Array;
  counts: Float64Array;
  total: number;
}

/** @param sample NaN is not a value and is left out: it has no place in an order, and walks along the values would not end */
export function ofSample(sample: ArrayLike<number>): Distribution {
  const sorted = Float64Array.from(sample)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (values.length > 0 && values[values.length - 1]! === value) counts[counts.length - 1]!++;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values: Float64Array.from(values), counts: Float64Array.from(counts), total: sorted.length };
}

/** Values within the sketch's relative error. */
export function ofSketch(sketch: Sketch): Distribution {
  return {
    values: Float64Array.from(sketch.bins, binValue),
    counts: Float64Array.from(sketch.counts),
    total: sketch.total,
  };
}

/** Quantile with linear interpolation between order statistics, as NumPy's default. */
export function quantileOf(distribution: Distribution, share: number): number {
  const rank = share * (distribution.total - 1);
  const lower = Math.floor(rank);
  let seen = 0;
  for (let i = 0; i < distribution.values.length; i++) {
    seen += distribution.counts[i]!;
    if (seen > lower) {
      const next =
        seen > lower + 1 || i + 1 === distribution.values.length
          ? distribution.values[i]!
          : distribution.values[i + 1]!;
      return distribution.values[i]! + (rank - lower) * (next - distribution.values[i]!);
    }
  }
  return Number.NaN;
}

/** Counts of both samples in bins of equal width, to draw them; the outer bins hold what lies beyond. */
export interface Histogram {
  /** One more than bins, rising. */
  edges: number[];
  baseline: number[];
  current: number[];
}

const DRAWN_BINS = 24;
/** The bins reach from this quantile of the lower sample to its opposite of the higher one: a tail would flatten them. */
const DRAWN_FROM = 0.005;

export function histogram(baseline: Distribution, current: Distribution): Histogram {
  const first = Math.min(quantileOf(baseline, DRAWN_FROM), quantileOf(current, DRAWN_FROM));
  const last = Math.max(quantileOf(baseline, 1 - DRAWN_FROM), quantileOf(current, 1 - DRAWN_FROM));
  const width = last > first ? (last - first) / DRAWN_BINS : 1;
  const count = (distribution: Distribution): number[] => {
    const bins = new Array<number>(DRAWN_BINS).fill(0);
    distribution.values.forEach((value, i) => {
      const bin = Math.floor((value - first) / width);
      bins[Math.max(0, Math.min(DRAWN_BINS - 1, bin))]! += distribution.counts[i]!;
    });
    return bins;
  };
  return {
    edges: Array.from({ length: DRAWN_BINS + 1 }, (_, i) => first + i * width),
    baseline: count(baseline),
    current: count(current),
  };
}

/** Smallest share of a bin, so that an empty one has a finite logarithm. */
export const SHARE_FLOOR = 1e-6;

/** Shares of both samples in at most 20 bins between quantiles of the baseline, the outer ones open. */
export function shares(
  baseline: Distribution,
  current: Distribution,
): { baseline: Float64Array; current: Float64Array } {
  const edges: number[] = [];
  for (let i = 0; i <= 20; i++) {
    const edge = quantileOf(baseline, i / 20);
    if (edges.length === 0 || edge > edges[edges.length - 1]!) edges.push(edge);
  }
  const count = Math.max(1, edges.length - 1);
  const fill = (distribution: Distribution): Float64Array => {
    const result = new Float64Array(count);
    let bin = 0;
    for (let i = 0; i < distribution.values.length; i++) {
      while (bin < count - 1 && distribution.values[i]! >= edges[bin + 1]!) bin++;
      result[bin]! += distribution.counts[i]!;
    }
    return result.map((value) => Math.max(value / distribution.total, SHARE_FLOOR));
  };
  return { baseline: fill(baseline), current: fill(current) };
}
