import type { Distribution } from './distribution.js';
import { jensenShannon } from './jensenShannon.js';
import { kolmogorovSmirnov } from './kolmogorovSmirnov.js';
import { psi } from './psi.js';
import type { Statistic } from './statistic.js';
import { wasserstein } from './wasserstein.js';

/** All statistics of a report. A new one is a file beside these and a word here. */
export const STATISTICS: readonly Statistic[] = [psi, kolmogorovSmirnov, wasserstein, jensenShannon];

export function measureAll(baseline: Distribution, current: Distribution): Record<string, number> {
  return Object.fromEntries(STATISTICS.map((statistic) => [statistic.name, statistic.compute(baseline, current)]));
}
