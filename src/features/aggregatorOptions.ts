import type { Minute } from './row.js';

export interface MinuteAggregatorOptions {
  stream: string;
  /** A minute closes when the feed's clock is this far past its end; default 30. */
  graceSeconds?: number;
  /** Bound of the route table; default 4,000,000 routes, six bytes each besides prefixes and paths, grown on demand. */
  maximumRoutes?: number;
  maximumPeers?: number;
  maximumLinks?: number;
  /** First minute to give a row for; default the minute of the first message or clock. */
  startMinute?: Minute;
  /**
   * Wall clock in ms. With it messages over `futureSeconds` (default 300) ahead of it are refused too. Leave it out where
   * a killed aggregator must give equal rows again: then the collector, which knows when a message came, refuses them.
   */
  now?: () => number;
  futureSeconds?: number;
  /** Minutes at the start in which origins and links are learnt without evidence; default 60. */
  warmUpMinutes?: number;
}

export interface AggregatorCounts {
  messages: number;
  /** Routes learnt from table dumps. */
  tableEntries: number;
  /** Messages of minutes already closed: they change routes but no row. */
  late: number;
  /** Messages more than a day ahead of the feed's clock, or too far ahead of the wall clock: refused. */
  future: number;
  /** Gaps that lie in closed minutes, wholly or in part. */
  lateGaps: number;
  /** Gaps that end before they begin, or span more than ten years. */
  badGaps: number;
  /** Routes given up because the table was full. */
  evictedRoutes: number;
  /** Elements of peers or prefixes that found no room: counted in the row, not followed. */
  untracked: number;
}

export function noCounts(): AggregatorCounts {
  return {
    messages: 0,
    tableEntries: 0,
    late: 0,
    future: 0,
    lateGaps: 0,
    badGaps: 0,
    evictedRoutes: 0,
    untracked: 0,
  };
}

/** Bounds of the tables. @throws RangeError */
export function boundsOf({ maximumRoutes: routes = 4_000_000, maximumPeers, maximumLinks }: MinuteAggregatorOptions) {
  if (!(routes >= 1)) throw new RangeError(`maximumRoutes must be at least 1, not ${routes}`);
  return { routes, peers: maximumPeers ?? 16_384, links: maximumLinks ?? 1_000_000 };
}

/** Latest time of a message that the wall clock allows, ms. */
export function latestOf({ now, futureSeconds = 300 }: MinuteAggregatorOptions): () => number {
  return now === undefined ? () => Number.POSITIVE_INFINITY : () => now() + futureSeconds * 1000;
}
