import { severityRank } from '../severity.js';
import type { Alert } from './alert.js';
import type { QuietHours } from './settings.js';

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Minutes since midnight in a time zone. */
function localMinutes(at: Date, timeZone: string): number {
  const text = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
  return minutesOf(text);
}

/** When the quiet hours that hold this alert back end; null when nothing holds it back. */
export function heldUntil(alert: Alert, quiet: QuietHours | undefined, now: Date): Date | null {
  if (quiet === undefined || alert.body.watched === true) return null;
  if (severityRank(alert.severity) >= severityRank(quiet.allow)) return null;
  const from = minutesOf(quiet.from);
  const until = minutesOf(quiet.until);
  const clock = localMinutes(now, quiet.timeZone);
  const inside = from <= until ? clock >= from && clock < until : clock >= from || clock < until;
  if (!inside) return null;
  const left = (until - clock + 1440) % 1440;
  const wholeMinute = Math.floor(now.getTime() / 60_000) * 60_000;
  return new Date(wholeMinute + left * 60_000);
}
