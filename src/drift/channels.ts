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
const HIGH = [0.97, 0.995] as const;
const LOW = 0.03;
/** Columns with fewer different values (flags) have no tails; their level says everything. */
const LEAST_VALUES = 5;
const CHANNELS = 6;

export const isFlag = ({ bins }: Sketch): boolean => bins.length < LEAST_VALUES;

/**
 * Channels of a column, all from its minutes' ranks among the baseline's, which make every column comparable and bound
 * what one minute can do:
 * - level: mean mid-rank, 0..1;
 * - spread: mean of |2 rank - 1|, 0.5 when the values spread as the baseline's;
 * - sameness: share of the hour's most frequent value, 1 when the column is constant;
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
  const flag = isFlag(merged);
  const { rank: ranks, lowest } = midRanks(merged);
  const under = flag ? Number.NEGATIVE_INFINITY : lowerEdge(merged, LOW);
  const edge = (share: number) => (flag ? Number.POSITIVE_INFINITY : highestWithin(merged, share));
  const [over, farOver] = [edge(HIGH[0]), edge(HIGH[1])];
  // One pass over an hour's bins for all channels: a check goes over every hour and column.
  const along = (hours: readonly Hour[]): Float64Array[] => {
    const series = Array.from({ length: CHANNELS }, () => new Float64Array(hours.length).fill(Number.NaN));
    for (let i = 0; i < hours.length; i++) {
      const { bins, counts, total } = hours[i]!.summary.columns[column]!;
      if (total < MINIMUM_HOUR_MINUTES) continue;
      let [level, spread, same, high, farHigh, low] = [0, 0, 0, 0, 0, 0];
      for (let b = 0; b < bins.length; b++) {
        const bin = bins[b]!;
        const minutes = counts[b]!;
        const at = bin - lowest;
        const rank = at < 0 ? 0 : at >= ranks.length ? 1 : ranks[at]!;
        level += minutes * rank;
        spread += minutes * Math.abs(2 * rank - 1);
        if (minutes > same) same = minutes;
        if (bin > over) high += minutes;
        if (bin > farOver) farHigh += minutes;
        if (bin < under) low += minutes;
      }
      series[0]![i] = level / total;
      series[1]![i] = spread / total;
      series[2]![i] = same / total;
      series[3]![i] = high / total;
      series[4]![i] = farHigh / total;
      series[5]![i] = low / total;
    }
    return series;
  };
  const before = along(baseline);
  const since = along(recent);
  const channel = (i: number, what: string, floor: number, sides: Channel['sides']): Channel => ({
    name: `${what} ${name}`,
    baseline: before[i]!,
    recent: since[i]!,
    floor,
    sides,
  });
  return {
    body: [
      channel(0, 'level of', RANK_FLOOR, 'both'),
      channel(1, 'spread of', RANK_FLOOR, 'both'),
      channel(2, 'sameness of', RATE_FLOOR, 'up'),
    ],
    high: flag ? [] : HIGH.map((_, i) => channel(3 + i, 'high', RATE_FLOOR, 'up')),
    low: flag ? [] : [channel(5, 'low', RATE_FLOOR, 'up')],
  };
}

/** The lowest bin at or under which at least `share` of the values lie. */
function highestWithin({ bins, counts, total }: Sketch, share: number): number {
  let seen = 0;
  for (let i = 0; i < bins.length; i++) {
    seen += counts[i]!;
    if (seen >= share * total) return bins[i]!;
  }
  return bins[bins.length - 1]!;
}

/** The bin under which at most `share` of the values lie. */
function lowerEdge({ bins, counts, total }: Sketch, share: number): number {
  let edge = bins[0]!;
  for (let i = 0, seen = 0; i < bins.length && seen + counts[i]! <= share * total; i++) {
    seen += counts[i]!;
    edge = bins[i]! + 1;
  }
  return edge;
}

/** Shares of the baseline's and of the current minutes beyond the nearer of the high quantiles, and beyond the low one. */
export function tailShares(before: Sketch, now: Sketch): { high: [number, number]; low: [number, number] } {
  const over = highestWithin(before, HIGH[0]);
  const under = lowerEdge(before, LOW);
  const share = ({ bins, counts, total }: Sketch, counted: (bin: number) => boolean): number => {
    let sum = 0;
    for (let i = 0; i < bins.length; i++) if (counted(bins[i]!)) sum += counts[i]!;
    return total === 0 ? 0 : sum / total;
  };
  const both = (counted: (bin: number) => boolean): [number, number] => [share(before, counted), share(now, counted)];
  return { high: both((bin) => bin > over), low: both((bin) => bin < under) };
}

/** Mid-rank among the sketch's values of a value in bin `lowest` + i, 0..1. */
function midRanks({ bins, counts, total }: Sketch): { lowest: number; rank: Float64Array } {
  if (bins.length === 0) return { lowest: 0, rank: new Float64Array(0) };
  const lowest = bins[0]!;
  const rank = new Float64Array(bins[bins.length - 1]! - lowest + 1);
  let below = 0;
  for (let i = 0; i < bins.length; i++) {
    rank[bins[i]! - lowest] = (below + counts[i]! / 2) / total;
    below += counts[i]!;
    const next = i + 1 < bins.length ? bins[i + 1]! : bins[i]! + 1;
    rank.fill(below / total, bins[i]! - lowest + 1, next - lowest);
  }
  return { lowest, rank };
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
