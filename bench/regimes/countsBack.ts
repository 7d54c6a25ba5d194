import { median, VOLUME } from '../../src/drift/regimeStep.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';

const PART = 15;
/** Quarters of an hour in a row that must be ordinary. */
const CALM_PARTS = 4;
/** How far the same time of other days is taken: mornings do not begin at the same minute. */
const NEAR = 30;
/** So long after an event its own day says nothing of the ordinary. */
const LONGEST = 720;

export interface Span {
  from: number;
  until: number;
}

/**
 * How long after a labelled event its traffic is out of the ordinary: until an hour in which no quarter has half of the
 * volume columns, by their medians, above every quarter near the same time of the regime's other days but one: a burst of one day is not
 * the ordinary.
 * @param labels [rows] 1 in a labelled event
 * @param regime rows that are of one level
 * @returns minutes; null where that takes over half a day, or there are no other days
 */
export function countsBackAfter(block: FeatureBlock, labels: Uint8Array, event: Span, regime: Span): number | null {
  const levels = VOLUME.map((column) => {
    const known = new Map<number, number>();
    return (row: number): number => {
      const there = known.get(row);
      if (there !== undefined) return there;
      const values = Array.from({ length: PART }, (_, i) => block.values[(row + i) * block.columns + column]!);
      const level = median(values);
      known.set(row, level);
      return level;
    };
  });
  let calm = 0;
  for (let after = 0; after < LONGEST && event.until + after + PART <= regime.until; after += PART) {
    const others = othersOf(event.until + after, labels, event, regime);
    if (others.length === 0) return null;
    const over = levels.filter((at) => at(event.until + after) > ordinaryMost(others, at)).length;
    calm = over >= VOLUME.length / 2 ? 0 : calm + 1;
    if (calm === CALM_PARTS) return after - (CALM_PARTS - 1) * PART;
  }
  return null;
}

/** The greatest level of the days but one, or of the only one. */
function ordinaryMost(days: readonly number[][], at: (row: number) => number): number {
  const greatest = days.map((rows) => Math.max(...rows.map(at))).sort((a, b) => b - a);
  return greatest[1] ?? greatest[0]!;
}

/** For each other day the rows at which its quarters near the same time begin. */
function othersOf(row: number, labels: Uint8Array, event: Span, regime: Span): number[][] {
  const others: number[][] = [];
  const days = Math.ceil((regime.until - regime.from) / MINUTES_PER_DAY);
  for (let day = -days; day <= days; day++) {
    const near: number[] = [];
    for (let shift = -NEAR; day !== 0 && shift <= NEAR; shift += PART) {
      const from = row + day * MINUTES_PER_DAY + shift;
      if (from < regime.from || from + PART > regime.until) continue;
      if (from >= event.from && from < event.until + LONGEST) continue;
      if (!labels.subarray(from, from + PART).includes(1)) near.push(from);
    }
    if (near.length > 0) others.push(near);
  }
  return others;
}
