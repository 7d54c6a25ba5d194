import { type Distribution, SHARE_FLOOR, shares } from './distribution.js';
import type { Statistic } from './statistic.js';

/**
 * Population stability index: sum of (p - q) ln(p / q) over 20 quantile bins of the baseline (Siddiqi, Credit Risk
 * Scorecards, 2006). Under 0.1 is usually read as none, over 0.25 as a large change.
 */
export const psi: Statistic = {
  name: 'psi',
  title: 'population stability index',
  compute(baseline, current) {
    const share = shares(baseline, current);
    let sum = 0;
    for (let i = 0; i < share.baseline.length; i++) {
      sum += (share.baseline[i]! - share.current[i]!) * Math.log(share.baseline[i]! / share.current[i]!);
    }
    return sum;
  },
};

/**
 * The same index with a bin for each value: for flags and other columns of few values, of which quantile bins make one.
 * A flag that is never set again shows only here.
 */
export function psiOfValues(baseline: Distribution, current: Distribution): number {
  let sum = 0;
  for (let i = 0, j = 0; i < baseline.values.length || j < current.values.length; ) {
    const value = Math.min(
      baseline.values[i] ?? Number.POSITIVE_INFINITY,
      current.values[j] ?? Number.POSITIVE_INFINITY,
    );
    const before = Math.max(SHARE_FLOOR, baseline.values[i]! === value ? baseline.counts[i++]! / baseline.total : 0);
    const now = Math.max(SHARE_FLOOR, current.values[j]! === value ? current.counts[j++]! / current.total : 0);
    sum += (before - now) * Math.log(before / now);
  }
  return sum;
}
