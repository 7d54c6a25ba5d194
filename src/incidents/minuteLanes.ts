import { emptyEvidence, MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { baselineOf, distinctPeers } from './baseline.js';
import { carriagesOf } from './carriages.js';
import type { CorrelatorContext, CorrelatorState } from './correlatorState.js';
import { noEvidence, SPREADING, withMinute } from './evidence.js';
import type { WatchedRoute } from './incident.js';
import { claimsOf, explains, goneNetworks, isGoodPart, partOf, suspectsOf, withoutParts } from './lanes.js';
import type { MinuteInput } from './minuteInput.js';
import { signalOf } from './signal.js';
import { GENERAL, isNeighbourhood, neighbourhoodOf } from './subject.js';
import type { WatchList } from './watchList.js';

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
  const opened = state.open.map(({ subject }) => subject).filter((subject) => subject !== GENERAL);
  const names = new Set(opened.filter((subject) => !isNeighbourhood(subject)));
  const neighbourhoods = new Set(opened.filter(isNeighbourhood));
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
    const ours = touched.filter((route) => route.kind !== 'withdrawn' && !isNeighbour(route));
    const watched = ours.map(({ origin }) => origin ?? 0);
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
  const met = metBefore(input, recent);
  const linked = input.gap ? [] : watchList.touches(met.evidence ?? emptyEvidence()).filter(isNeighbour);
  for (const { origin, watched: own } of linked)
    if (!names.has(`AS${origin}`)) neighbourhoods.add(neighbourhoodOf(Number(own.slice(2))));
  const own = [...names].sort();
  const explaining = input.anomalous ? explainingOf(input, own, state, context) : undefined;
  const rest = generalPart(input, names, watchList);
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
    ...[...neighbourhoods].sort().map(
      (subject): Lane => ({
        subject,
        input: partOf(withoutParts(met, names, watchList), subject, watchList),
        recent: partsOf(recent, subject, context),
      }),
    ),
    {
      subject: GENERAL,
      input: general,
      recent: recent.map((minute) => generalPart(minute, names, watchList)),
    },
  ];
}

/** What networks with an incident of their own did not do, and the operator's neighbours neither. */
function generalPart(input: MinuteInput, names: ReadonlySet<string>, watchList: WatchList): MinuteInput {
  const rest = withoutParts(input, names, watchList);
  if (rest.evidence === null) return rest;
  const evidence = watchList.withoutNeighbours(rest.evidence);
  return evidence === rest.evidence ? rest : { ...rest, evidence };
}

const isNeighbour = ({ kind }: WatchedRoute) => kind === 'new neighbour';

/**
 * The minute with the links that were new some minutes before. A neighbour that forges an origin is suspected once its
 * routes have spread: who is not by then is a new neighbour, no more.
 */
function metBefore(input: MinuteInput, recent: readonly MinuteInput[]): MinuteInput {
  const before = recent.at(-SPREADING);
  const links = before?.minute === input.minute - SPREADING && !before.gap ? before.evidence?.newLinks : undefined;
  return { ...input, evidence: { ...emptyEvidence(), peers: input.evidence?.peers ?? [], newLinks: links ?? [] } };
}

/** Who made the noise of a flagged minute: an open incident, or one that its routes open in this very minute. */
function explainingOf(
  input: MinuteInput,
  names: readonly string[],
  { open, recent }: CorrelatorState,
  { settings, watchList }: CorrelatorContext,
): string | undefined {
  const known = open.filter(({ subject }) => subject !== GENERAL && !isNeighbourhood(subject));
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
