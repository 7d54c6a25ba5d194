import type { FeatureBlock, Minute } from '../features/row.js';

/** Columns with fewer different values (flags) have no level that could be moved. */
const LEAST_VALUES = 5;
/** The spread of a few hours says little of that of a week: it is not taken to differ by more. */
const WIDEST = 3;

/**
 * Moves the minutes before a change to the level of those since. A few hours of new traffic know nothing of nights and
 * weekends, and a threshold from them alone finds a fifth of the next days anomalous (`bench -- regimes`). How far
 * ordinary minutes stray, relative to their level, changes less than the level itself: each column of the older minutes
 * is shifted and stretched, on a logarithmic scale, so that its median and median absolute deviation are those of the
 * new ones. Flags are taken from the new minutes in turn.
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
  const moved = rowsThat(block, (row) => block.minutes[row]! < onset);
  const values = block.values.slice();
  for (let column = 0; column < block.columns; column++) {
    const at = (row: number): number => block.values[row * block.columns + column]!;
    if (new Set(since.map(at)).size < LEAST_VALUES) {
      for (const row of moved) values[row * block.columns + column] = at(since[row % since.length]!);
      continue;
    }
    const old = levelOf(before, at);
    const fresh = levelOf(since, at);
    const stretch = old.spread < 1e-6 ? 1 : Math.min(WIDEST, Math.max(1 / WIDEST, fresh.spread / old.spread));
    for (const row of moved) {
      const shifted = fresh.median + (logarithm(at(row)) - old.median) * stretch;
      values[row * block.columns + column] = Math.max(0, Math.expm1(shifted));
    }
  }
  return { ...block, values };
}

function rowsThat(block: FeatureBlock, holds: (row: number) => boolean): number[] {
  return Array.from(block.minutes, (_, row) => row).filter(holds);
}

const logarithm = (value: number): number => Math.log1p(Math.max(0, value));

function levelOf(rows: readonly number[], at: (row: number) => number): { median: number; spread: number } {
  const sorted = Float64Array.from(rows, (row) => logarithm(at(row))).sort();
  const median = sorted[sorted.length >> 1]!;
  const away = sorted.map((value) => Math.abs(value - median)).sort();
  return { median, spread: away[away.length >> 1]! };
}
