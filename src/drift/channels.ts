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
}

/** Hours with fewer judged minutes say too little. */
export const MINIMUM_HOUR_MINUTES = 15;

const RANK_FLOOR = 0.02;
const RATE_FLOOR = 1 / 60;

/**
 * Two channels of a column: where its values lie among the baseline's (mean mid-rank, 0..1), and how far they spread
 * (mean of |2 rank - 1|, 0.5 when they spread as the baseline's). Ranks make every column comparable, and a constant
 * column shows in one of the two.
 *
 * @param merged the column's sketches of all baseline hours, merged
 */
export function rankChannels(
  name: string,
  baseline: readonly Hour[],
  recent: readonly Hour[],
  column: number,
  merged: Sketch,
): Channel[] {
  const rankOf = midRanks(merged);
  const along = (hours: readonly Hour[]): { location: Float64Array; spread: Float64Array } => {
    const location = new Float64Array(hours.length).fill(Number.NaN);
    const spread = new Float64Array(hours.length).fill(Number.NaN);
    for (const [i, { summary }] of hours.entries()) {
      const sketch = summary.columns[column];
      if (sketch.total < MINIMUM_HOUR_MINUTES) continue;
      let ranked = 0;
      let spreads = 0;
      for (let b = 0; b < sketch.bins.length; b++) {
        const rank = rankOf(sketch.bins[b]);
        ranked += sketch.counts[b] * rank;
        spreads += sketch.counts[b] * Math.abs(2 * rank - 1);
      }
      location[i] = ranked / sketch.total;
      spread[i] = spreads / sketch.total;
    }
    return { location, spread };
  };
  const before = along(baseline);
  const since = along(recent);
  return [
    { name: `level of ${name}`, baseline: before.location, recent: since.location, floor: RANK_FLOOR },
    { name: `spread of ${name}`, baseline: before.spread, recent: since.spread, floor: RANK_FLOOR },
  ];
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
  return { name, baseline: along(baseline), recent: along(recent), floor: RATE_FLOOR };
}
