import { featureIndexes } from '../features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';

/** All that grows with traffic. */
export const VOLUME = featureIndexes([
  'announcements',
  'withdrawals',
  'announced_prefixes',
  'withdrawn_prefixes',
  'duplicate_announcements',
  'implicit_withdrawals',
]);
/** Ordinary days differ by less. Two per cent a day reaches it in three weeks, and is not a step by then. */
export const LEAST_FACTOR = 1.5;
/** A level of so little cannot be compared. */
const LEAST_LEVEL = 1;
/** Minutes on either side that a comparison needs. */
export const LEAST_MINUTES = 180;

/** A level that changed within a day. */
export interface RegimeStep {
  /** Feature column that changed most. */
  column: number;
  /** Its median since the change over that of the whole day before. */
  factor: number;
}

/**
 * Tells a change of level at once from one that somebody moves slowly. Compared are the minutes since the onset, of at
 * most a day, with the whole day before it. The same minutes of that day alone were tried: on bootstrapped ordinary days
 * they made as many false steps (docs/retraining.md), and found no true one that this misses and that lasted.
 * @returns null where no level moved by half or more
 */
export function stepAt(block: FeatureBlock, onset: Minute): RegimeStep | null {
  let greatest: RegimeStep | null = null;
  for (const column of VOLUME) {
    const since: number[] = [];
    const before: number[] = [];
    for (let row = 0; row < block.minutes.length; row++) {
      const minute = block.minutes[row]!;
      if (block.usable[row] === 0) continue;
      const value = block.values[row * block.columns + column]!;
      if (minute >= onset && minute < onset + MINUTES_PER_DAY) since.push(value);
      else if (minute >= onset - MINUTES_PER_DAY && minute < onset) before.push(value);
    }
    if (since.length < LEAST_MINUTES || before.length < LEAST_MINUTES) return null;
    const [now, then] = [median(since), median(before)];
    if (Math.max(now, then) < LEAST_LEVEL) continue;
    const factor = (now + LEAST_LEVEL) / (then + LEAST_LEVEL);
    const size = Math.abs(Math.log(factor));
    if (size >= Math.log(LEAST_FACTOR) && size > Math.abs(Math.log(greatest?.factor ?? 1)))
      greatest = { column, factor };
  }
  return greatest;
}

/** Where a step is looked for, before and after the estimate, and how much must lie on each side of it; minutes. */
const SEARCH = { before: MINUTES_PER_DAY, after: 2 * MINUTES_PER_DAY };
const LEAST_SIDE = 60;
/** Single minutes stray so far that they hide a level of twice the old one; the median of so many does not. */
const PART = 15;
/** Share of the columns that must show a step: not all of them carry what changed. */
const SHOWING = 0.5;
/** Share of the variance of the parts that a step must explain. */
const LEAST_EXPLAINED = 0.3;
const LEAST_VARIANCE = 1e-9;
/** Minutes of each hour of the day that its rhythm is learnt from: two days and a half. */
const LEAST_OF_HOUR = 150;
const HOURS = 24;
/** Share clipped at either end, so that an incident of a few hours does not pass for a change of level. */
const TAIL = 0.1;

/**
 * The minute at which the level changed. A guard's onset is an hour's estimate from evidence that grew slowly: a few
 * hours of the old traffic among the new widen the idea of ordinary. Taken is the cut that leaves the least squares of
 * the logarithms on both sides, each column in units of its own variance, over the half of the volume columns that show
 * it best: first between medians of a quarter of an hour, then by minutes near that. Mornings are steps too, and a storm of
 * hours is one up and one down: where the block begins days before, the rhythm of those is taken off, and the tenth at
 * either end is clipped (Winsor's mean).
 * @returns `onset` where no cut explains three tenths of the variance
 */
export function refinedOnset(block: FeatureBlock, onset: Minute): Minute {
  const rows = [...block.minutes.keys()].filter(
    (row) =>
      block.usable[row] === 1 &&
      block.minutes[row]! >= onset - SEARCH.before &&
      block.minutes[row]! < onset + SEARCH.after,
  );
  if (rows.length < 2 * LEAST_SIDE) return onset;
  const minutes = VOLUME.map((column) =>
    Float64Array.from(rows, (row) => Math.log1p(Math.max(0, block.values[row * block.columns + column]!))),
  );
  const rhythms = VOLUME.map((column) => rhythmBefore(block, column, onset - SEARCH.before));
  const parts = minutes.map((values, i) =>
    Float64Array.from({ length: Math.floor(rows.length / PART) }, (_, part) => {
      const middle = block.minutes[rows[part * PART + (PART >> 1)]!]!;
      return median(values.subarray(part * PART, (part + 1) * PART)) - (rhythms[i]?.[hourOfDay(middle)] ?? 0);
    }),
  );
  const side = LEAST_SIDE / PART;
  const coarse = bestCut(parts.map(clipped), side, parts[0]!.length - side);
  if (coarse === null || coarse.explained < LEAST_EXPLAINED) return onset;
  const near = coarse.cut * PART;
  const fine = bestCut(minutes.map(clipped), Math.max(1, near - PART), Math.min(rows.length - 1, near + PART));
  return block.minutes[rows[fine?.cut ?? near]!]!;
}

/** How far before the end a further step is looked for, with what `refinedOnset` searches around that; minutes. */
const FURTHER: Minute = 720;

/**
 * A step of the last day and a half, after the change that a version is trained for: the regime may be over already.
 * @param change first minute of the regime
 * @param least minutes that there must be since the step, to train on
 * @returns null where there is no step of half the level or more
 */
export function furtherStep(block: FeatureBlock, change: Minute, least: Minute): Minute | null {
  const until = (block.minutes.at(-1) ?? 0) + 1;
  const guess = until - FURTHER;
  const at = refinedOnset(block, guess);
  if (at === guess || at < change + LEAST_SIDE || until - at < least) return null;
  return stepAt(block, at) === null ? null : at;
}

/** Minutes before the end in which a further step shows, with those that teach the rhythm of the days before. */
export const STEP_LOOK_BACK: Minute = FURTHER + SEARCH.before + 5 * MINUTES_PER_DAY;

/**
 * A further step that is too young to train on. A version made now would be of the traffic before it, and its cool-down
 * would hold up the one that fits; in a few hours the step is what is trained on.
 * @param block rows up to now, of `STEP_LOOK_BACK`
 * @param change first minute of the change that is to be trained on
 * @param least minutes since a step that are needed to train on it
 */
export function youngStep(block: FeatureBlock, change: Minute, least: Minute): Minute | null {
  const at = furtherStep(block, change, 0);
  return at !== null && (block.minutes.at(-1) ?? 0) + 1 - at < least ? at : null;
}

/**
 * The cut, from `from` to `until`, that explains most of the variance: the mean over the columns that show it best.
 * @param columns of the same length; constant ones are left out
 * @returns null where all are constant
 */
function bestCut(
  columns: readonly Float64Array[],
  from: number,
  until: number,
): { cut: number; explained: number } | null {
  const each = columns.map(explainedByCut).filter((explained) => explained !== null);
  if (each.length === 0) return null;
  const counted = Math.ceil(SHOWING * each.length);
  let best = { cut: from, explained: 0 };
  for (let cut = from; cut <= until; cut++) {
    const shares = Float64Array.from(each, (explained) => explained[cut]!)
      .sort()
      .subarray(-counted);
    const explained = shares.reduce((sum, share) => sum + share, 0) / counted;
    if (explained > best.explained) best = { cut, explained };
  }
  return best;
}

/** [cuts] Share of the variance that lies between the means of both sides of each cut; null for a constant column. */
function explainedByCut(values: Float64Array): Float64Array | null {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (variance < LEAST_VARIANCE) return null;
  const explained = new Float64Array(values.length);
  let left = 0;
  for (let cut = 1; cut < values.length; cut++) {
    left += values[cut - 1]! - mean;
    // The right side's sum is the left's with the other sign.
    explained[cut] = (left ** 2 / cut + left ** 2 / (values.length - cut)) / variance;
  }
  return explained;
}

/** [24] Median logarithm of a column in each hour of the day, before `until`; null without two days and a half of each. */
function rhythmBefore(block: FeatureBlock, column: number, until: Minute): Float64Array | null {
  const hours: number[][] = Array.from({ length: HOURS }, () => []);
  for (let row = 0; row < block.minutes.length && block.minutes[row]! < until; row++)
    if (block.usable[row] === 1)
      hours[hourOfDay(block.minutes[row]!)]!.push(Math.log1p(Math.max(0, block.values[row * block.columns + column]!)));
  return hours.every((values) => values.length >= LEAST_OF_HOUR)
    ? Float64Array.from(hours, (values) => median(values))
    : null;
}

const hourOfDay = (minute: Minute): number => Math.floor(minute / 60) % HOURS;

function clipped(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  const least = sorted[Math.floor(TAIL * (sorted.length - 1))]!;
  const most = sorted[Math.ceil((1 - TAIL) * (sorted.length - 1))]!;
  return values.map((value) => Math.min(Math.max(value, least), most));
}

export function median(values: readonly number[] | Float64Array): number {
  return Float64Array.from(values).sort()[values.length >> 1]!;
}
