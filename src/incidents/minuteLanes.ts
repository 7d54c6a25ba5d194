import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { baselineOf, distinctPeers } from './baseline.js';
import { carriagesOf } from './carriages.js';
import type { CorrelatorContext, CorrelatorState } from './correlatorState.js';
import { noEvidence, SPREADING, withMinute } from './evidence.js';
import { claimsOf, explains, GENERAL, goneNetworks, isGoodPart, partOf, suspectsOf, withoutParts } from './lanes.js';
import type { MinuteInput } from './minuteInput.js';
import { signalOf } from './signal.js';

/** A part of a minute, with what led to it, that is judged by itself. */
export interface Lane {
  subject: string;
  input: MinuteInput;
  recent: readonly MinuteInput[];
}

/** Incidents of doubtful claims that a day has room for: what is beyond them stays in the rows. */
const DOUBTFUL_A_DAY = 24;

export function hasRoomForDoubt({ doubtfulStarts }: CorrelatorState, minute: Minute): boolean {
  return doubtfulStarts.filter((start) => start > minute - MINUTES_PER_DAY).length < DOUBTFUL_A_DAY;
}

/**
 * One cause, one incident: each network that is suspected, or has an open incident, gets its part of the minute; the
 * rest is the general lane. What models flag goes to an open incident whose routes explain it.
 */
export function lanesOf(input: MinuteInput, state: CorrelatorState, context: CorrelatorContext): Lane[] {
  const { settings, watchList, validityOf } = context;
  const names = new Set(state.open.map(({ subject }) => subject).filter((subject) => subject !== GENERAL));
  const { recent } = state;
  const seen = recent.filter(({ minute }) => minute > input.minute - SPREADING);
  const { evidence } = input;
  const claims = evidence === null ? 0 : evidence.newOrigins.length + evidence.moreSpecifics.length;
  const touched = evidence === null || input.gap ? [] : watchList.touches(evidence);
  const news = claims > 0 || evidence?.tails !== undefined || touched.length > 0;
  if (evidence !== null && !input.gap && (news || evidence.transits !== undefined)) {
    const spread = [...seen, input].reduce((kept, minute) => withMinute(kept, claimsOf(minute), validityOf), {
      ...noEvidence(input.minute, baselineOf([])),
      peersSeen: distinctPeers([...recent, input]),
    });
    const watched = touched.flatMap(({ kind, origin }) => (kind === 'withdrawn' ? [] : [origin ?? 0]));
    const suspects = settings.evidence.enabled ? carriagesOf(input, recent) : [];
    for (const subject of suspectsOf(spread, suspects, watched)) {
      if (names.has(subject)) continue;
      const lane = { input: partOf(input, subject, watchList), recent: partsOf(recent, subject, context) };
      const signal = signalOf(lane.input, lane.recent, settings, watchList, validityOf);
      const doubtful = signal.doubtful && hasRoomForDoubt(state, input.minute);
      if (signal.strong || signal.watched.length > 0 || doubtful) names.add(subject);
    }
  }
  // networks that go in the midst of an outage that is open are part of it
  const inOutage = state.open.some(({ subject, class: name }) => subject === GENERAL && name === 'outage');
  if (!input.gap && !inOutage && settings.evidence.enabled && evidence?.losses !== undefined) {
    for (const subject of goneNetworks(input, distinctPeers([...recent, input]))) {
      if (names.has(subject)) continue;
      const lane = { input: partOf(input, subject, watchList), recent: partsOf(recent, subject, context) };
      if (signalOf(lane.input, lane.recent, settings, watchList, validityOf).strong) names.add(subject);
    }
  }
  const own = [...names].sort();
  const explaining = input.anomalous ? explainingOf(input, own, state, context) : undefined;
  const rest = withoutParts(input, names, watchList);
  const general: MinuteInput = explaining === undefined ? rest : { ...rest, anomalous: false };
  return [
    ...own.map((subject): Lane => {
      const part = partOf(input, subject, watchList);
      const { anomalous, votes, score } = input;
      return {
        subject,
        input: subject === explaining ? { ...part, anomalous, votes, score } : part,
        recent: partsOf(recent, subject, context),
      };
    }),
    {
      subject: GENERAL,
      input: general,
      recent: names.size === 0 ? recent : recent.map((m) => withoutParts(m, names, watchList)),
    },
  ];
}

/** Who made the noise of a flagged minute: an open incident, or one that its routes open in this very minute. */
function explainingOf(
  input: MinuteInput,
  names: readonly string[],
  { open, recent }: CorrelatorState,
  { settings, watchList }: CorrelatorContext,
): string | undefined {
  const known = open.filter(({ subject }) => subject !== GENERAL);
  const before = known.find((incident) => explains(incident, input));
  if (before !== undefined) return before.subject;
  const ordinary = baselineOf(recent.filter(({ minute }) => minute < input.minute - settings.lookBackMinutes)).updates;
  return names
    .filter((name) => !known.some(({ subject }) => subject === name))
    .find((name) => {
      const { evidence } = partOf(input, name, watchList);
      return evidence !== null && isGoodPart(evidence, input, ordinary);
    });
}

/** Only what an incident looks back at is taken apart; what is older says how warm the stream is, and its ordinary. */
function partsOf(
  recent: readonly MinuteInput[],
  subject: string,
  { settings, watchList }: CorrelatorContext,
): MinuteInput[] {
  const near = recent.length - Math.max(settings.lookBackMinutes, SPREADING) - 1;
  return recent.map((minute, at) => (at < near ? minute : partOf(minute, subject, watchList)));
}
