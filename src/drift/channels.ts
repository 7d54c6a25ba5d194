import type { Minute } from '../features/row.js';
import type { Sketch } from './sketch.js';
import type { HourSummary } from './summary.js';

/** An hour with what was summarised of it. */
export interface Hour {
  hour: Minute;
  summary: HourSummary;
}

/** The hourly values of one quantity, over the baseline and since. */
export interface Channel {
  name: string;
  baseline: Float64Array;
  recent: Float64Array;
  /** Smallest standard deviation of an hour that means anything. */
  floor: number;
  /** Which way a change is looked for. */
  sides: 'both' | 'up';
}

/** Hours with fewer judged minutes say too little. */
export const MINIMUM_HOUR_MINUTES = 15;

const RANK_FLOOR = 0.02;
const RATE_FLOOR = 1 / 60;

/** Beyond these quantiles of the baseline a minute is unusual: far out, where bursts show, and not so far. */
const HIGH = [0.97, 0.995];
const LOW = 0.03;
/** Columns with fewer different values (flags) have no tails; their level says everything. */
const LEAST_VALUES = 5;

export const isFlag = ({ bins }: Sketch): boolean => bins.length < LEAST_VALUES;

/**
 * Channels of a column, all from its minutes' ranks among the baseline's, which make every column comparable and bound
 * what one minute can do:
 * - level: mean mid-rank, 0..1;
 * - spread: mean of |2 rank - 1|, 0.5 when the values spread as the baseline's; a constant column shows in one of the two;
 * - high and low: share of minutes beyond quantiles of the baseline. Where minutes wander from hour to hour, more
 *   bursts, or a column that grew a little but is steady, show here days before they show in level or spread.
 *
 * @param merged the column's sketches of all baseline hours, merged
 */
export function rankChannels(
  name: string,
  baseline: readonly Hour[],
  recent: readonly Hour[],
  column: number,
  merged: Sketch,
): { body: Channel[]; high: Channel[]; low: Channel[] } {
  const rankOf = midRanks(merged);
  const channel = (what: string, floor: number, sides: Channel['sides'], value: (bin: number) => number): Channel => {
    const along = (hours: readonly Hour[]): Float64Array =>
      Float64Array.from(hours, ({ summary }) => {
        const sketch = summary.columns[column];
        if (sketch.total < MINIMUM_HOUR_MINUTES) return Number.NaN;
        let sum = 0;
        for (let b = 0; b < sketch.bins.length; b++) sum += sketch.counts[b] * value(sketch.bins[b]);
        return sum / sketch.total;
      });
    return { name: `${what} ${name}`, baseline: along(baseline), recent: along(recent), floor, sides };
  };
  const body = [
    channel('level of', RANK_FLOOR, 'both', rankOf),
    channel('spread of', RANK_FLOOR, 'both', (bin) => Math.abs(2 * rankOf(bin) - 1)),
  ];
  if (isFlag(merged)) return { body, high: [], low: [] };
  return {
    body,
    high: HIGH.map((share) => {
      const edge = highestWithin(merged, share);
      return channel('high', RATE_FLOOR, 'up', (bin) => (bin > edge ? 1 : 0));
    }),
    low: [channel('low', RATE_FLOOR, 'up', lowerThan(merged, LOW))],
  };
}

/** The lowest bin at or under which at least `share` of the values lie. */
function highestWithin({ bins, counts, total }: Sketch, share: number): number {
  let seen = 0;
  for (let i = 0; i < bins.length; i++) {
    seen += counts[i];
    if (seen >= share * total) return bins[i];
  }
  return bins[bins.length - 1];
}

function lowerThan({ bins, counts, total }: Sketch, share: number): (bin: number) => number {
  let edge = bins[0];
  for (let i = 0, seen = 0; i < bins.length && seen + counts[i] <= share * total; i++) {
    seen += counts[i];
    edge = bins[i] + 1;
  }
  return (bin) => (bin < edge ? 1 : 0);
}

/** Shares of the baseline's and of the current minutes beyond the nearer of the high quantiles, and beyond the low one. */
export function tailShares(before: Sketch, now: Sketch): { high: [number, number]; low: [number, number] } {
  const edge = highestWithin(before, HIGH[0]);
  const low = lowerThan(before, LOW);
  const share = (sketch: Sketch, count: (bin: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < sketch.bins.length; i++) sum += sketch.counts[i] * count(sketch.bins[i]);
    return sketch.total === 0 ? 0 : sum / sketch.total;
  };
  const high = (bin: number): number => (bin > edge ? 1 : 0);
  return { high: [share(before, high), share(now, high)], low: [share(before, low), share(now, low)] };
}

/** Mid-rank among the sketch's values of a value in a bin, 0..1. */
function midRanks(sketch: Sketch): (bin: number) => number {
  const { bins, counts, total } = sketch;
  if (bins.length === 0) return () => 0.5;
  const lowest = bins[0];
  const highest = bins[bins.length - 1];
  const ranks = new Float64Array(highest - lowest + 1);
  let below = 0;
  for (let i = 0; i < bins.length; i++) {
    ranks[bins[i] - lowest] = (below + counts[i] / 2) / total;
    below += counts[i];
    const next = i + 1 < bins.length ? bins[i + 1] : bins[i] + 1;
    ranks.fill(below / total, bins[i] - lowest + 1, next - lowest);
  }
  return (bin) => (bin < lowest ? 0 : bin > highest ? 1 : ranks[bin - lowest]);
}

/** The share of the hour's minutes that `count` counts. */
export function rateChannel(
  name: string,
  baseline: readonly Hour[],
  recent: readonly Hour[],
  count: (summary: HourSummary) => number,
): Channel {
  const along = (hours: readonly Hour[]): Float64Array =>
    Float64Array.from(hours, ({ summary }) =>
      summary.minutes < MINIMUM_HOUR_MINUTES ? Number.NaN : count(summary) / summary.minutes,
    );
  return { name, baseline: along(baseline), recent: along(recent), floor: RATE_FLOOR, sides: 'both' };
}
