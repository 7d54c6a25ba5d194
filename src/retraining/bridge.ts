import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';

/** Columns with fewer different values (flags) have no level that could be moved. */
const LEAST_VALUES = 5;
/** The spread of a few hours says little of that of a week: it is not taken to differ by more. */
const WIDEST = 3;
/** Fewer minutes of a day have no spread of their own. */
const LEAST_MINUTES = 60;
const LEAST_SPREAD = 1e-6;
/** Of fewer old days nobody knows how days differ. */
const LEAST_DAYS = 4;
/** Days between a day that is moved and the one whose level it is moved by. */
const APART = 3;

/**
 * Moves the minutes before a change to the level of those since. A few hours of new traffic know nothing of nights and
 * weekends, and a threshold from them alone finds a fifth of the next days anomalous (`bench -- regimes`). How far
 * ordinary minutes stray, relative to their level, changes less than the level itself: each column of the older minutes
 * is shifted, on a logarithmic scale, so that its median is that of the new ones, and stretched where those stray clearly
 * more or less. Like is compared with like: the new minutes with the same minutes of the days before, and their spread
 * with that of single days. The new night against the old week would move every day too low, and take its rhythm away. The
 * only new day may itself be a low one: each old day is moved by the level of another, as far from it as days are from one
 * another. Flags are taken from the new minutes in turn.
 *
 * @param block rows in order
 * @param onset first minute since the change
 * @param isLeftOut minutes in incidents, which say nothing of the ordinary
 * @returns a copy; minutes and `usable` as they were
 */
export function bridge(block: FeatureBlock, onset: Minute, isLeftOut: (minute: Minute) => boolean): FeatureBlock {
  const counted = rowsThat(block, (row) => block.usable[row] === 1 && !isLeftOut(block.minutes[row]!));
  const since = counted.filter((row) => block.minutes[row]! >= onset);
  const before = counted.filter((row) => block.minutes[row]! < onset);
  if (since.length === 0 || before.length === 0) return block;
  const ofDay = new Set(since.map((row) => block.minutes[row]! % MINUTES_PER_DAY));
  const [oldDays, newDays] = [daysOf(block, before, ofDay, onset), daysOf(block, since, ofDay, onset)];
  const isMoreThanOne = wholeDays(newDays) > 1;
  const moved = rowsThat(block, (row) => block.minutes[row]! < onset);
  const values = block.values.slice();
  for (let column = 0; column < block.columns; column++) {
    const at = (row: number): number => block.values[row * block.columns + column]!;
    if (new Set(since.map(at)).size < LEAST_VALUES) {
      for (const row of moved) values[row * block.columns + column] = at(since[row % since.length]!);
      continue;
    }
    const fresh = levelOf(newDays.flat(), at).median;
    const old = oldDays.map((rows) => levelOf(rows, at).median);
    const stretch = stretchOf(oldDays, newDays, at);
    const middle = levelOf(oldDays.flat(), at).median;
    const isPlain = isMoreThanOne || old.length < LEAST_DAYS;
    for (const row of moved) {
      const other = (dayOf(block.minutes[row]!, onset) + APART) % old.length;
      const from = isPlain ? middle : old[other < 0 ? other + old.length : other]!;
      const shifted = fresh + (logarithm(at(row)) - from) * stretch;
      values[row * block.columns + column] = Math.max(0, Math.expm1(shifted));
    }
  }
  return { ...block, values };
}

const dayOf = (minute: Minute, onset: Minute): number => Math.floor((minute - onset) / MINUTES_PER_DAY);

/** Those of the rows whose minute of the day is among `ofDay`, by days counted from the onset; all as one where no day has enough. */
function daysOf(block: FeatureBlock, rows: readonly number[], ofDay: ReadonlySet<number>, onset: Minute): number[][] {
  const days = new Map<number, number[]>();
  for (const row of rows) {
    const minute = block.minutes[row]!;
    if (!ofDay.has(minute % MINUTES_PER_DAY)) continue;
    const day = dayOf(minute, onset);
    const list = days.get(day);
    if (list === undefined) days.set(day, [row]);
    else list.push(row);
  }
  const whole = [...days.values()].filter((list) => list.length >= LEAST_MINUTES);
  return whole.length === 0 ? [[...rows]] : whole;
}

/** Of a day that has only begun nobody knows its level yet. */
function wholeDays(days: readonly number[][]): number {
  const longest = Math.max(...days.map(({ length }) => length));
  return days.filter(({ length }) => length >= longest / 2).length;
}

/**
 * How much farther minutes stray since the change. One day differs from the next in that as well: what lies within the old
 * days' own range is not a change. A column that is mostly the same value has its farther minutes compared.
 */
function stretchOf(oldDays: readonly number[][], newDays: readonly number[][], at: (row: number) => number): number {
  const spreads = (of: 'spread' | 'reach') => {
    const before = oldDays.map((rows) => levelOf(rows, at)[of]);
    return { before, old: middleOf(before), fresh: middleOf(newDays.map((rows) => levelOf(rows, at)[of])) };
  };
  const near = spreads('spread');
  const { before, old, fresh } = Math.min(near.old, near.fresh) < LEAST_SPREAD ? spreads('reach') : near;
  if (Math.min(old, fresh) < LEAST_SPREAD || (fresh >= Math.min(...before) && fresh <= Math.max(...before))) return 1;
  return Math.min(WIDEST, Math.max(1 / WIDEST, fresh / old));
}

function middleOf(values: readonly number[]): number {
  return Float64Array.from(values).sort()[values.length >> 1]!;
}

function rowsThat(block: FeatureBlock, holds: (row: number) => boolean): number[] {
  return Array.from(block.minutes, (_, row) => row).filter(holds);
}

const logarithm = (value: number): number => Math.log1p(Math.max(0, value));

/** Logarithms: `spread` is the median absolute deviation, `reach` how far the 97th percentile is from the median. */
function levelOf(
  rows: readonly number[],
  at: (row: number) => number,
): { median: number; spread: number; reach: number } {
  const sorted = Float64Array.from(rows, (row) => logarithm(at(row))).sort();
  const median = sorted[sorted.length >> 1]!;
  const away = sorted.map((value) => Math.abs(value - median)).sort();
  return {
    median,
    spread: away[away.length >> 1]!,
    reach: sorted[Math.floor(0.97 * (sorted.length - 1))]! - median,
  };
}
