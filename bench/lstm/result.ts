import type { BenchResult } from '../result.js';

/** A time, or anything that is better when smaller. */
export function lessIsBetter(
  what: string,
  ours: number,
  yardstick: number | null,
  yardstickName: string,
  unit: string,
  goal: string,
): BenchResult {
  const ratio = yardstick === null ? null : yardstick / ours;
  return { what, ours, yardstick, yardstick_name: yardstickName, unit, ratio, goal };
}
