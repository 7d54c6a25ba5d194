import type { Statistic } from './statistic.js';

/** First Wasserstein distance, in the unit of the values: the area between the empirical distribution functions. */
export const wasserstein: Statistic = {
  name: 'wasserstein',
  title: 'Wasserstein distance',
  compute(baseline, current) {
    let area = 0;
    let below = 0;
    let belowCurrent = 0;
    let last = Number.NaN;
    for (let i = 0, j = 0; i < baseline.values.length || j < current.values.length; ) {
      const value = Math.min(
        baseline.values[i] ?? Number.POSITIVE_INFINITY,
        current.values[j] ?? Number.POSITIVE_INFINITY,
      );
      if (!Number.isNaN(last)) area += (value - last) * Math.abs(below / baseline.total - belowCurrent / current.total);
      if (baseline.values[i]! === value) below += baseline.counts[i++]!;
      if (current.values[j]! === value) belowCurrent += current.counts[j++]!;
      last = value;
    }
    return area;
  },
};
