import { MINUTES_PER_DAY } from '../../features/row.js';
import { columnAt, medianIn, sampleOf } from './robust.js';

const HOURS = 24;
const MINUTES_PER_HOUR = 60;

/**
 * The hour-of-day rhythm: how far the median of each hour lies from the median of the day, smoothed over neighbouring
 * hours (weights 1, 2, 1), so that one odd hour of one day does not become the rule.
 * @param values [rows x columns] on the transformed scale
 * @returns [columns x 24]
 */
export function fitRhythm(values: Float64Array, columns: number, minutes: Int32Array, used: number[]): number[] {
  const rhythm = new Array<number>(columns * HOURS).fill(0);
  const byHour: number[][] = Array.from({ length: HOURS }, () => []);
  for (const row of used) byHour[hourOf(minutes[row]!)]!.push(row);
  const sample = sampleOf(used);
  for (let c = 0; c < columns; c++) {
    const whole = medianIn(columnAt(values, columns, c, sample));
    const shift = byHour.map((rows) =>
      rows.length < MINUTES_PER_HOUR ? 0 : medianIn(columnAt(values, columns, c, rows)) - whole,
    );
    for (let h = 0; h < HOURS; h++) {
      const before = shift[(h + HOURS - 1) % HOURS]!;
      const after = shift[(h + 1) % HOURS]!;
      rhythm[c * HOURS + h] = (before + 2 * shift[h]! + after) / 4;
    }
  }
  return rhythm;
}

/** Shift at a minute, interpolated between the middles of the hours. */
export function rhythmAt(rhythm: ArrayLike<number>, column: number, minute: number): number {
  const { left, right, share } = betweenHours(minute);
  return rhythm[column * HOURS + left]! + share * (rhythm[column * HOURS + right]! - rhythm[column * HOURS + left]!);
}

/** Takes the rhythm out of values [rows of the block from `start` x columns], in place. */
export function takeRhythmOut(
  rhythm: readonly number[],
  values: Float64Array,
  columns: number,
  minutes: Int32Array,
  start: number,
): void {
  const shift = Float64Array.from(rhythm);
  for (let at = 0, row = start; at < values.length; at += columns, row++) {
    const { left, right, share } = betweenHours(minutes[row]!);
    for (let c = 0; c < columns; c++) {
      const before = shift[c * HOURS + left]!;
      values[at + c]! -= before + share * (shift[c * HOURS + right]! - before);
    }
  }
}

function betweenHours(minute: number): { left: number; right: number; share: number } {
  const ofDay = ((minute % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY;
  const at = ofDay / MINUTES_PER_HOUR - 0.5;
  const low = Math.floor(at);
  return { left: (low + HOURS) % HOURS, right: (low + 1) % HOURS, share: at - low };
}

function hourOf(minute: number): number {
  return Math.floor((((minute % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY) / MINUTES_PER_HOUR);
}
