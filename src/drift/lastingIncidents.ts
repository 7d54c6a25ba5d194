import type { Minute } from '../features/row.js';
import type { IncidentSpan } from '../storage/streamHistory.js';

/** Incidents with less ordinary time between them than this are one stretch. */
const APART_MINUTES = 60;

/** Incidents with little between them, one after another. */
function stretchesOf(incidents: readonly IncidentSpan[]): IncidentSpan[] {
  const stretches: IncidentSpan[] = [];
  for (const span of [...incidents].sort((a, b) => a.from - b.from)) {
    const last = stretches.at(-1);
    if (last !== undefined && span.from - last.until < APART_MINUTES) last.until = Math.max(last.until, span.until);
    else stretches.push({ ...span });
  }
  return stretches;
}

const spansWithin = (incidents: readonly IncidentSpan[], stretches: readonly IncidentSpan[]): IncidentSpan[] =>
  incidents.filter((span) => stretches.some(({ from, until }) => span.from >= from && span.until <= until));

/**
 * Separates incidents, which are neither drift nor ordinary and are left out of both, from a change that lasts: a stretch of
 * incidents without end is no longer an incident but drift, and the models must learn it.
 * @param patience longest stretch, in minutes, that still counts as incidents
 * @returns the spans of the stretches that are not longer than that, in order
 */
export function passingIncidents(incidents: readonly IncidentSpan[], patience: Minute): IncidentSpan[] {
  const passing = stretchesOf(incidents).filter(({ from, until }) => until - from <= patience);
  return spansWithin(incidents, passing);
}

/** Whether a stretch of incidents is on its way back to the ordinary of before; see `wanes`. */
export type IsWaning = (stretch: IncidentSpan) => boolean;

/**
 * The spans that are left out of a check or a training: passing incidents, unless they take more of the newest window
 * than the patience allows. False incidents, however short each of them, must not hide the change that causes them. A
 * longer stretch that wanes is left out as well: it is a storm, and models that learnt it would be deaf after it.
 */
export function maskedIncidents(
  incidents: readonly IncidentSpan[],
  patience: Minute,
  window: { from: Minute; until: Minute },
  isWaning: IsWaning,
): IncidentSpan[] {
  const passing = passingIncidents(incidents, patience);
  const covered = minutesIn(passing, window.from, window.until);
  const brief = covered <= patience ? passing : passing.filter((span) => span.until <= window.from);
  return [...brief, ...stormsAmong(incidents, patience, isWaning)].sort((a, b) => a.from - b.from);
}

/** The spans of stretches over the patience that wane. */
export function stormsAmong(incidents: readonly IncidentSpan[], patience: Minute, isWaning: IsWaning): IncidentSpan[] {
  return spansWithin(incidents, lastingStretches(incidents, patience).filter(isWaning));
}

/** Stretches over the patience: of these it must be known whether they wane. */
export function lastingStretches(incidents: readonly IncidentSpan[], patience: Minute): IncidentSpan[] {
  return stretchesOf(incidents).filter(({ from, until }) => until - from > patience);
}

export const floorHour = (minute: Minute): Minute => minute - (minute % 60);

/** Hours that hold minutes of the spans, in order. */
export function hoursOf(spans: readonly IncidentSpan[], from: Minute, until: Minute): Minute[] {
  const hours = new Set<Minute>();
  for (const span of spans) {
    for (let hour = floorHour(Math.max(from, span.from)); hour < Math.min(until, span.until); hour += 60)
      hours.add(hour);
  }
  return [...hours].sort((a, b) => a - b);
}

/** How many minutes of [from, until) are in the spans. */
export function minutesIn(spans: readonly IncidentSpan[], from: Minute, until: Minute): number {
  const minutes = new Set<Minute>();
  for (const span of spans) {
    for (let minute = Math.max(from, span.from); minute < Math.min(until, span.until); minute++) minutes.add(minute);
  }
  return minutes.size;
}
