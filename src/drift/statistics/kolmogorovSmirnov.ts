import type { Statistic } from './statistic.js';

/** Two-sample Kolmogorov-Smirnov statistic: the largest distance between the empirical distribution functions. */
export const kolmogorovSmirnov: Statistic = {
  name: 'ks',
  title: 'Kolmogorov-Smirnov distance',
  compute(baseline, current) {
    let largest = 0;
    let below = 0;
    let belowCurrent = 0;
    for (let i = 0, j = 0; i < baseline.values.length || j < current.values.length; ) {
      const value = Math.min(
        baseline.values[i] ?? Number.POSITIVE_INFINITY,
        current.values[j] ?? Number.POSITIVE_INFINITY,
      );
      if (baseline.values[i]! === value) below += baseline.counts[i++]!;
      if (current.values[j]! === value) belowCurrent += current.counts[j++]!;
      largest = Math.max(largest, Math.abs(below / baseline.total - belowCurrent / current.total));
    }
    return largest;
  },
};
