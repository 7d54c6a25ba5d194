import type { Distribution } from './distribution.js';

/** A distance between two samples; 0 when they are alike. NaN or 0 for an empty one. */
export interface Statistic {
  /** Key in reports. */
  readonly name: string;
  readonly title: string;
  compute(baseline: Distribution, current: Distribution): number;
}
