import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';
import type { IncidentSpan, StreamHistory } from '../storage/streamHistory.js';
import type { IsWaning } from './lastingIncidents.js';
import { LEAST_FACTOR, LEAST_MINUTES, median, VOLUME } from './regimeStep.js';

const PARTS = 4;
/** An incident is over when its score has come back half of the way; a level wanes by the same. */
const HALF = 0.5;
const HOUR = 60;
/** Fewer minutes of an hour have no level of their own. */
const LEAST_OF_HOUR = 30;

/** Longest stretch that may wane: whatever lasts a day is learnt. */
export const WANING_MINUTES: Minute = MINUTES_PER_DAY;

/**
 * Distinguishes a storm that blows over from a new normal: a storm's level goes back to that of before, a new normal's stays. In
 * four parts of the stretch, the level is compared with that of the same hours of the day before, on a logarithmic scale.
 * It wanes when, from its farthest part on, which is one of the first two, each part is nearer to the level of before (or
 * back there, as days differ), and the last less than half as far as the farthest. Where it stops short of that, its
 * parts are alike soon, and it is a new normal.
 * @param block rows in order; a day before the stretch is looked at
 * @returns false as well where nothing is known of before, where no volume has moved, and where it takes over a day
 */
export function wanes(block: FeatureBlock, { from, until }: IncidentSpan): boolean {
  if (until - from > WANING_MINUTES) return false;
  const rows = [...block.minutes.keys()].filter(
    (row) => block.usable[row] === 1 && block.minutes[row]! >= from - MINUTES_PER_DAY && block.minutes[row]! < until,
  );
  const before = rows.filter((row) => block.minutes[row]! < from);
  const parts = Array.from({ length: PARTS }, (_, part) => {
    const [first, end] = [part, part + 1].map((count) => from + (count * (until - from)) / PARTS) as [Minute, Minute];
    return rows.filter((row) => block.minutes[row]! >= first && block.minutes[row]! < end);
  });
  if (before.length < LEAST_MINUTES || parts.some(({ length }) => length < LEAST_OF_HOUR)) return false;
  const away = new Float64Array(PARTS);
  let back = 0;
  for (const column of VOLUME) {
    const at = (row: number) => Math.log1p(Math.max(0, block.values[row * block.columns + column]!));
    const levels = hourlyLevels(block, before, at);
    const moved = parts.map((part) => median(part.map((row) => at(row) - levels[hourOfDay(block.minutes[row]!)]!)));
    const farthest = moved.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
    if (Math.abs(farthest) < Math.log(LEAST_FACTOR)) continue;
    back += Math.log(LEAST_FACTOR);
    for (const [part, value] of moved.entries()) away[part]! += Math.sign(farthest) * value;
  }
  const farthest = Math.max(...away);
  const top = away.indexOf(farthest);
  const falls = away.slice(top + 1).every((value, i) => value < Math.max(back, away[top + i]!));
  return farthest > 0 && top < PARTS / 2 && falls && away[PARTS - 1]! < HALF * farthest;
}

/** Which stretches wane. Reads the minutes of all of them at once, and nothing when there are none. */
export async function waningAmong(
  history: StreamHistory,
  stream: string,
  stretches: readonly IncidentSpan[],
): Promise<IsWaning> {
  const lasting = stretches.filter(({ from, until }) => until - from <= WANING_MINUTES);
  if (lasting.length === 0) return () => false;
  const first = Math.min(...lasting.map(({ from }) => from)) - MINUTES_PER_DAY;
  const block = await history.features(stream, first, Math.max(...lasting.map(({ until }) => until)));
  return (stretch) => wanes(block, stretch);
}

/** Whether what a version has found anomalous for long is a storm that wanes. */
export async function isStorm(history: StreamHistory, stream: string, span: IncidentSpan): Promise<boolean> {
  return (await waningAmong(history, stream, [span]))(span);
}

/** [24] Median of each hour of the day; that of all where an hour has too few minutes. */
function hourlyLevels(block: FeatureBlock, rows: readonly number[], at: (row: number) => number): number[] {
  const all = median(rows.map(at));
  return Array.from({ length: MINUTES_PER_DAY / HOUR }, (_, hour) => {
    const own = rows.filter((row) => hourOfDay(block.minutes[row]!) === hour);
    return own.length < LEAST_OF_HOUR ? all : median(own.map(at));
  });
}

const hourOfDay = (minute: Minute): number => Math.floor((minute % MINUTES_PER_DAY) / HOUR);
