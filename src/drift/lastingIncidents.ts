import type { Minute } from '../features/row.js';
import type { IncidentSpan } from '../storage/streamHistory.js';

/** Incidents with less ordinary time between them than this are one stretch. */
const APART_MINUTES = 60;

/**
 * Tells incidents, which are neither drift nor ordinary and are left out of both, from a change that lasts: a stretch of
 * incidents without end is no longer an incident but drift, and the models must learn it.
 * @param patience longest stretch, in minutes, that still counts as incidents
 * @returns the spans of the stretches that are not longer than that, in order
 */
export function passingIncidents(incidents: readonly IncidentSpan[], patience: Minute): IncidentSpan[] {
  const stretches: IncidentSpan[] = [];
  for (const span of [...incidents].sort((a, b) => a.from - b.from)) {
    const last = stretches.at(-1);
    if (last !== undefined && span.from - last.until < APART_MINUTES) last.until = Math.max(last.until, span.until);
    else stretches.push({ ...span });
  }
  const passing = stretches.filter((stretch) => stretch.until - stretch.from <= patience);
  return incidents.filter((span) =>
    passing.some((stretch) => span.from >= stretch.from && span.until <= stretch.until),
  );
}

/**
 * The spans that are left out of a check or a training: passing incidents, unless they take more of the newest window
 * than the patience allows. False incidents, however short each of them, must not hide the change that causes them.
 */
export function maskedIncidents(
  incidents: readonly IncidentSpan[],
  patience: Minute,
  window: { from: Minute; until: Minute },
): IncidentSpan[] {
  const passing = passingIncidents(incidents, patience);
  let covered = 0;
  for (let minute = window.from; minute < window.until; minute++) {
    if (passing.some((span) => minute >= span.from && minute < span.until)) covered++;
  }
  return covered <= patience ? passing : passing.filter((span) => span.until <= window.from);
}
