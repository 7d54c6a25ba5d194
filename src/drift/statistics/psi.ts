import { shares } from './distribution.js';
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
      sum += (share.baseline[i] - share.current[i]) * Math.log(share.baseline[i] / share.current[i]);
    }
    return sum;
  },
};
