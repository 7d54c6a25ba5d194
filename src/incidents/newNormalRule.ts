import type { Minute } from '../features/row.js';
import { plural } from '../words/plural.js';
import { percent } from './classes/classRule.js';
import type { IncidentEvidence } from './evidence.js';
import { type LevelTrace, levelOf } from './levelTrace.js';
import type { NewNormal } from './newNormal.js';

/** A level over 1.5 times the ordinary, or under two thirds of it: the step from which retraining begins a lineage. */
const LEAST_FACTOR = 1.5;
/** Whole hours that a level must hold where no peer explains it: as old as a change must be to be trained on. */
const LASTING_HOURS = 6;
/** Of them, at most one in five strays further from their median than this factor. */
const STEADY = { factor: 2, share: 0.8 };
/** Share of the surplus (or of what is missing) that the peers which came (or went) must carry to explain it. */
const EXPLAINS = 0.6;
/** A newcomer that says so little may always have been there, among the many that a row does not name. */
const LEAST_SHARE = 0.05;
/** A peer that was loud before and is silent for so many minutes is gone. */
const GONE_MINUTES = 20;
/** More than this share of the withdrawn prefixes come back to be withdrawn again: a storm. */
const FLAPPING = 0.2;

/**
 * Weighs whether an incident that models flag is the first hours of a new normal. A storm may hold its level for
 * hours too: without peers that explain it this is a likeness, and both sides are listed.
 * @param duration minutes from the incident's start to its last active one
 */
export function newNormalOf(trace: LevelTrace, evidence: IncidentEvidence, duration: Minute): NewNormal {
  const ordinary = Math.max(1, evidence.baseline.updates);
  const level = levelOf(trace);
  const factor = evidence.baseline.minutes === 0 || Number.isNaN(level) ? 1 : Math.max(level, 1e-9) / ordinary;
  const changed = factor >= LEAST_FACTOR || factor <= 1 / LEAST_FACTOR;
  const came = cameOf(trace, evidence);
  const gone = goneOf(trace, evidence.until);
  const surplus = factor > 1 ? 1 - 1 / factor : 0;
  const carried = came.reduce((sum, { count }) => sum + count, 0) / Math.max(1, trace.messages);
  const had = trace.peersBefore.reduce((sum, { count }) => sum + count, 0);
  const missing = gone.reduce((sum, { count }) => sum + count, 0) / Math.max(1, had);
  const explained =
    changed &&
    ((factor > 1 && came.length > 0 && carried >= EXPLAINS * surplus) ||
      (factor < 1 && gone.length > 0 && missing >= EXPLAINS * (1 - factor)));

  const steady = steadyHours(trace.hours);
  const lasts = changed && trace.hours.length >= LASTING_HOURS && steady && !hasOldHours(trace.hours, ordinary, factor);
  const flapping = evidence.withdrawn.filter(({ returns }) => returns > 0).length;
  const flaps = evidence.withdrawn.length >= 10 && flapping > FLAPPING * evidence.withdrawn.length;
  const speaksFor: string[] = [];
  const speaksAgainst: string[] = [];
  if (came.length > 0) {
    const sessions = new Set(evidence.resets.filter(({ ups }) => ups > 0).map(({ peer }) => peer));
    const up = came.filter(({ name }) => sessions.has(name)).length;
    speaksFor.push(
      `${plural(came.length, 'peer')} not heard before ${came.length === 1 ? 'carries' : 'carry'} ${percent(carried)} of the messages${up > 0 ? `, ${plural(up, 'session')} came up with a first table` : ''} (${named(came)})`,
    );
  }
  if (gone.length > 0)
    speaksFor.push(
      `${plural(gone.length, 'peer')} with ${percent(missing)} of the messages before ${gone.length === 1 ? 'is' : 'are'} silent (${named(gone)})`,
    );
  const heard = trace.peersBefore.length;
  if (heard > 0 && came.length === 0 && gone.length === 0)
    speaksAgainst.push(`the same ${plural(heard, 'peer')} as before feed the stream: none came or went`);
  if (trace.hours.length >= 2) {
    const words = `the level of each of ${plural(trace.hours.length, 'hour')} lies between ${range(trace.hours, ordinary)} times the ordinary`;
    (steady ? speaksFor : speaksAgainst).push(words);
  }
  if (evidence.withdrawn.length >= 10) {
    const words = `${flapping} of ${evidence.withdrawn.length} withdrawn prefixes came back and went again`;
    (flaps ? speaksAgainst : speaksFor).push(words);
  }
  return {
    likely: explained || (lasts && !flaps),
    explained,
    factor,
    hours: duration / 60,
    came: came.length,
    gone: gone.length,
    speaksFor,
    speaksAgainst,
  };
}

/** "looks like a new normal: 14 h, level 3.1 times, from 12 new peers" */
export function newNormalWords({
  hours,
  factor,
  explained,
  came,
  gone,
}: Pick<NewNormal, 'hours' | 'factor' | 'explained' | 'came' | 'gone'>): string {
  const lasted = hours < 1 ? `${Math.max(1, Math.round(hours * 60))} min` : `${Math.floor(hours)} h`;
  const times = factor < 1 ? factor.toFixed(2) : factor.toFixed(1);
  const from = !explained ? '' : factor > 1 ? `, from ${plural(came, 'new peer')}` : `, ${plural(gone, 'peer')} went`;
  return `looks like a new normal: ${lasted}, level ${times} times${from}`;
}

/**
 * Peers that came: not heard before, and either their session came up without a route from before, or they say
 * enough. One that repeats a table that it had was here before.
 */
function cameOf({ newcomers, messages }: LevelTrace, { resets, reannouncing }: IncidentEvidence) {
  const first = new Set(resets.filter(({ ups, routes }) => ups > 0 && routes === 0).map(({ peer }) => peer));
  const again = new Set(reannouncing.map(({ peer }) => peer));
  return newcomers.filter(
    ({ name, count, minutes }) =>
      first.has(name) || (!again.has(name) && minutes >= 5 && count >= LEAST_SHARE * messages),
  );
}

function goneOf({ peersBefore, lastHeard, observed }: LevelTrace, now: Minute) {
  if (observed < GONE_MINUTES) return [];
  const heardAt = new Map(lastHeard.map(({ name, minute }) => [name, minute]));
  const had = peersBefore.reduce((sum, { count }) => sum + count, 0);
  return peersBefore.filter(
    ({ name, count }) => count >= LEAST_SHARE * had && now - (heardAt.get(name) ?? 0) >= GONE_MINUTES,
  );
}

function steadyHours(hours: readonly number[]): boolean {
  const middle = [...hours].sort((a, b) => a - b)[hours.length >> 1] ?? 0;
  const near = hours.filter((level) => level <= STEADY.factor * middle && level * STEADY.factor >= middle).length;
  return near >= STEADY.share * hours.length;
}

/** A level that goes back to the old one for hours is not a lasting step. */
function hasOldHours(hours: readonly number[], ordinary: number, factor: number): boolean {
  const old = hours.filter((level) =>
    factor > 1 ? level < LEAST_FACTOR * ordinary : level * LEAST_FACTOR > ordinary,
  ).length;
  return old > (1 - STEADY.share) * hours.length;
}

function range(hours: readonly number[], ordinary: number): string {
  return `${(Math.min(...hours) / ordinary).toFixed(1)} and ${(Math.max(...hours) / ordinary).toFixed(1)}`;
}

function named(peers: readonly { name: string }[]): string {
  const some = peers.slice(0, 3).map(({ name }) => name);
  return peers.length > some.length ? `${some.join(', ')} and ${peers.length - some.length} more` : some.join(', ');
}
