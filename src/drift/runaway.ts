import type { Minute } from '../features/row.js';
import type { AnomalousHour } from '../storage/scores.js';

/** Stretches of so many hours must each hold more anomalous minutes than the limit ... */
const PART_HOURS = 2;
/** ... and so many of them, one after another, are no longer an incident. The longest worm on record here shows for under 22 hours, most for under 15. */
const PARTS = 9;

export const RUNAWAY_MINUTES: Minute = PARTS * PART_HOURS * 60;

/**
 * Whether a version has found far too many minutes anomalous for too long: it does not fit the traffic, whatever
 * baseline there is to compare with. Incidents are not left out, for such a version makes them.
 * @param live hours of the version's own scores, in order
 * @param rate share of a stretch's minutes
 * @returns the first minute of the first hour over the limit; null while the version does not run away
 */
export function runawaySince(live: readonly AnomalousHour[], end: Minute, rate: number): Minute | null {
  for (let part = 0; part < PARTS; part++) {
    const from = end - RUNAWAY_MINUTES + part * PART_HOURS * 60;
    if (shareOf(live, from, from + PART_HOURS * 60) <= rate) return null;
  }
  let since = end - RUNAWAY_MINUTES;
  while (shareOf(live, since - 60, since) > rate) since -= 60;
  while (since < end && shareOf(live, since, since + 60) <= rate) since += 60;
  return since;
}

/** Minutes in which a version must be calm before its regime counts as grown. */
export const UNSETTLED_MINUTES: Minute = 360;

/** Whether something goes on that the version does not take for ordinary; its regime may be over. */
export function isUnsettled(live: readonly AnomalousHour[], end: Minute, rate: number): boolean {
  return shareOf(live, end - UNSETTLED_MINUTES, end) > rate;
}

function shareOf(hours: readonly AnomalousHour[], from: Minute, until: Minute): number {
  let minutes = 0;
  let anomalous = 0;
  for (const { hour, minutes: scored, anomalous: found } of hours) {
    if (hour < from || hour >= until) continue;
    minutes += scored;
    anomalous += found;
  }
  return minutes === 0 ? 0 : anomalous / minutes;
}
