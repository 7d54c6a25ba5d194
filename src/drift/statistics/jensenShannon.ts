import { shares } from './distribution.js';
import type { Statistic } from './statistic.js';

/**
 * Jensen-Shannon distance in base 2 over 20 quantile bins of the baseline: the root of the divergence (Lin, 1991), from
 * 0 (alike) to 1 (disjoint).
 */
export const jensenShannon: Statistic = {
  name: 'jensen_shannon',
  title: 'Jensen-Shannon distance',
  compute(baseline, current) {
    const share = shares(baseline, current);
    const p = normalised(share.baseline);
    const q = normalised(share.current);
    let divergence = 0;
    for (let i = 0; i < p.length; i++) {
      const middle = (p[i]! + q[i]!) / 2;
      divergence += (p[i]! * Math.log2(p[i]! / middle) + q[i]! * Math.log2(q[i]! / middle)) / 2;
    }
    return Math.sqrt(Math.max(0, divergence));
  },
};

function normalised(shares: Float64Array): Float64Array {
  let sum = 0;
  for (const share of shares) sum += share;
  return shares.map((share) => share / sum);
}
