import { severityRank } from '../severity.js';
import type { Alert } from './alert.js';
import type { QuietHours } from './settings.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Clocks have never been moved by more. */
const FURTHEST_SHIFT = 4 * 60;

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** What the clock on the wall shows in a time zone, as if it were UTC: milliseconds, whole minutes. */
function wallTime(at: number, format: Intl.DateTimeFormat): number {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!);
}

/**
 * When the clock on the wall first shows a time. A time that the clock shows twice (back to winter) is meant the first time;
 * one that it skips is the moment of the skip.
 */
function firstInstant(wall: number, format: Intl.DateTimeFormat): number {
  const offset = (at: number) => wallTime(at, format) - at;
  const [before, after] = [offset(wall - DAY), offset(wall + DAY)];
  const candidates = [wall - before, wall - after].sort((a, b) => a - b);
  const right = candidates.find((at) => wallTime(at, format) === wall);
  if (right !== undefined) return right;
  // Skipped: from the earlier candidate on, the first minute in which the clock is past it.
  for (let step = 0; step <= FURTHEST_SHIFT; step++) {
    const at = candidates[0]! + step * MINUTE;
    if (wallTime(at, format) > wall) return at;
  }
  return candidates[1]!;
}

/** When the quiet hours that hold this alert back end; null when nothing holds it back. */
export function heldUntil(alert: Alert, quiet: QuietHours | undefined, now: Date): Date | null {
  if (quiet === undefined || alert.body.watched === true) return null;
  if (severityRank(alert.severity) >= severityRank(quiet.allow)) return null;
  const end = quietUntil(quiet, now.getTime());
  return end === null ? null : new Date(end);
}

/** The end of the quiet hours that `now` lies in, milliseconds; null when it lies in none. */
function quietUntil(quiet: Pick<QuietHours, 'from' | 'until' | 'timeZone'>, now: number): number | null {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: quiet.timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const from = minutesOf(quiet.from) * MINUTE;
  const until = minutesOf(quiet.until) * MINUTE;
  const today = Math.floor(wallTime(now, format) / DAY) * DAY;
  for (const day of [today - DAY, today]) {
    const start = firstInstant(day + from, format);
    const end = firstInstant(day + until + (until > from ? 0 : DAY), format);
    if (now >= start && now < end) return end;
  }
  return null;
}
