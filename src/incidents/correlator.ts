import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { isAccepted, withAccepted } from './acceptedLevel.js';
import { type Adaptation, adaptedTo } from './adaptation.js';
import { baselineOf, distinctPeers } from './baseline.js';
import { carriagesOf } from './carriages.js';
import { classify } from './classify.js';
import type { Culprits } from './culprits.js';
import { mergedRanks, noEvidence, SPREADING, type ValidityOf, withMinute } from './evidence.js';
import type { Incident, IncidentChange, IncidentClass, IncidentDetail } from './incident.js';
import {
  claimsOf,
  explains,
  GENERAL,
  goneNetworks,
  isOver,
  partOf,
  suspectsOf,
  withoutParts,
  withoutSubject,
} from './lanes.js';
import { noTrace, traced } from './levelTrace.js';
import type { MinuteInput } from './minuteInput.js';
import { closedAsNormal, judgedNormal } from './normalReasons.js';
import type { AsRelations } from './relations/asRelations.js';
import { withRelations } from './relations/withRelations.js';
import type { IncidentSettings } from './settings.js';
import { atLeast, severityRank } from './severity.js';
import { SILENT, type Signal, signalOf } from './signal.js';
import { watchedSeverity } from './watchedSeverity.js';
import { mergedWatched, type WatchList } from './watchList.js';

const CULPRITS = 10;
/** What these do to routes stands until it is undone, with no message in between. */
const STANDING: ReadonlySet<IncidentClass> = new Set(['hijack', 'moas', 'leak', 'outage']);

/** Where correlation of one stream stands; every part can be read back from the database. */
export interface CorrelatorState {
  stream: string;
  /** At most one for each subject, in the order in which they opened. */
  open: readonly Incident[];
  /** The rows of the last `recentMinutes(settings)` minutes, in order. */
  recent: MinuteInput[];
  /** End of the incident before, whose evidence must not count twice. */
  previousEnd: Minute | null;
  /** Starts of the incidents of the last day that evidence alone opened. */
  evidenceStarts: Minute[];
  /** The incident that lasted longest allowed and whose level still runs: its minutes open no other. */
  accepted: Incident | null;
}

export interface CorrelatorContext {
  settings: IncidentSettings;
  watchList: WatchList;
  validityOf: ValidityOf;
  /** Versions trained for a lasting change, in the order in which they began to serve. */
  adaptations?: readonly Adaptation[];
  /** AS relations as given in a file; without them the stream's own knowledge decides. */
  relations?: AsRelations | undefined;
}

export interface Correlated {
  state: CorrelatorState;
  /** What operators should hear, in order. Does not depend on how the minutes were cut into batches. */
  changes: IncidentChange[];
  /** Every incident these minutes touched, as it now stands: what is to be stored. */
  incidents: Incident[];
}

/** Minutes after the return of its routes in which an incident that is over is kept open. */
const RETURNING = 5;

/** Minutes of context that `correlate` needs before the next one. */
export function recentMinutes(settings: IncidentSettings): number {
  return Math.max(settings.lookBackMinutes + settings.baselineMinutes, settings.evidence.warmUpMinutes);
}

export function freshState(stream: string): CorrelatorState {
  return { stream, open: [], recent: [], previousEnd: null, evidenceStarts: [], accepted: null };
}

/**
 * Walks minutes in order, each once. Pure: the same state and minutes give the same result, and minutes cut into any
 * batches give the same incidents and the same changes.
 *
 * @throws RangeError when a minute is not after the one before it
 */
export function correlate(
  before: CorrelatorState,
  minutes: readonly MinuteInput[],
  context: CorrelatorContext,
): Correlated {
  const recent = before.recent.map((input) => withRelations(input, context.relations));
  const state = { ...before, recent, evidenceStarts: [...before.evidenceStarts] };
  const changes: IncidentChange[] = [];
  const touched = new Map<string, Incident>();
  const tell = (type: IncidentChange['type'], minute: Minute, incident: Incident) =>
    changes.push({ type, minute, incident });
  let last = state.recent.at(-1)?.minute ?? Number.NEGATIVE_INFINITY;

  for (const given of minutes) {
    if (given.minute <= last) {
      throw new RangeError(`minutes must rise: ${given.minute} after ${last} in stream ${state.stream}`);
    }
    last = given.minute;
    const input = withRelations(given, context.relations);
    for (const lane of lanesOf(input, state, context)) step(lane, state, context, touched, tell);
    state.recent.push(input);
    const oldest = input.minute - recentMinutes(context.settings);
    const stale = state.recent.findIndex(({ minute }) => minute > oldest);
    if (stale > 0) state.recent.splice(0, stale);
  }
  return { state, changes, incidents: [...touched.values()] };
}

/** A part of a minute, with what led to it, that is judged by itself. */
interface Lane {
  subject: string;
  input: MinuteInput;
  recent: readonly MinuteInput[];
}

/**
 * One cause, one incident: each network that is suspected, or has an open incident, gets its part of the minute; the
 * rest is the general lane. What models flag goes to an open incident whose routes explain it.
 */
function lanesOf(input: MinuteInput, state: CorrelatorState, context: CorrelatorContext): Lane[] {
  const { settings, watchList, validityOf } = context;
  const names = new Set(state.open.map(({ subject }) => subject).filter((subject) => subject !== GENERAL));
  const { recent } = state;
  const seen = recent.filter(({ minute }) => minute > input.minute - SPREADING);
  const { evidence } = input;
  const claims = evidence === null ? 0 : evidence.newOrigins.length + evidence.moreSpecifics.length;
  const news = claims > 0 || evidence?.tails !== undefined;
  if (evidence !== null && !input.gap && (news || evidence.transits !== undefined)) {
    const spread = [...seen, input].reduce((kept, minute) => withMinute(kept, claimsOf(minute), validityOf), {
      ...noEvidence(input.minute, baselineOf([])),
      peersSeen: distinctPeers([...recent, input]),
    });
    const watched = watchList
      .touches(evidence)
      .flatMap(({ kind, origin }) => (kind === 'new origin' || kind === 'more specific' ? [origin ?? 0] : []));
    const suspects = settings.evidence.enabled ? carriagesOf(input, recent) : [];
    for (const subject of suspectsOf(spread, suspects, watched)) {
      if (names.has(subject)) continue;
      const lane = { input: partOf(input, subject), recent: partsOf(recent, subject, settings) };
      const signal = signalOf(lane.input, lane.recent, settings, watchList, validityOf);
      if (signal.strong || signal.watched.length > 0) names.add(subject);
    }
  }
  // networks that go in the midst of an outage that is open are part of it
  const inOutage = state.open.some(({ subject, class: name }) => subject === GENERAL && name === 'outage');
  if (!input.gap && !inOutage && settings.evidence.enabled && evidence?.losses !== undefined) {
    for (const subject of goneNetworks(input, distinctPeers([...recent, input]))) {
      if (names.has(subject)) continue;
      const lane = { input: partOf(input, subject), recent: partsOf(recent, subject, settings) };
      if (signalOf(lane.input, lane.recent, settings, watchList, validityOf).strong) names.add(subject);
    }
  }
  const own = [...names].sort();
  const explaining = input.anomalous
    ? state.open.find((open) => open.subject !== GENERAL && explains(open, input))?.subject
    : undefined;
  const rest = withoutParts(input, names);
  const general: MinuteInput = explaining === undefined ? rest : { ...rest, anomalous: false };
  return [
    ...own.map((subject): Lane => {
      const part = partOf(input, subject);
      const { anomalous, votes, score } = input;
      return {
        subject,
        input: subject === explaining ? { ...part, anomalous, votes, score } : part,
        recent: partsOf(recent, subject, settings),
      };
    }),
    { subject: GENERAL, input: general, recent: names.size === 0 ? recent : recent.map((m) => withoutParts(m, names)) },
  ];
}

/** Only what an incident looks back at is taken apart; what is older says how warm the stream is, and its ordinary. */
function partsOf(recent: readonly MinuteInput[], subject: string, settings: IncidentSettings): MinuteInput[] {
  const near = recent.length - Math.max(settings.lookBackMinutes, SPREADING) - 1;
  return recent.map((minute, at) => (at < near ? minute : partOf(minute, subject)));
}

/** Walks one lane one minute: closes, opens or continues its incident. */
function step(
  lane: Lane,
  state: CorrelatorState,
  context: CorrelatorContext,
  touched: Map<string, Incident>,
  tell: (type: IncidentChange['type'], minute: Minute, incident: Incident) => void,
): void {
  const { input, subject } = lane;
  const keep = (incident: Incident) => touched.set(`${incident.startedAt} ${incident.subject}`, incident);
  const signal = input.gap
    ? SILENT
    : signalOf(input, lane.recent, context.settings, context.watchList, context.validityOf);
  let open = state.open.find((incident) => incident.subject === subject);
  const others = state.open.filter((incident) => incident.subject !== subject);
  const closed = open === undefined ? undefined : closedAt(open, input, context);
  if (closed !== undefined) {
    keep(closed);
    tell('closed', input.minute, closed);
    open = undefined;
    state.open = others;
    if (subject === GENERAL) {
      state.previousEnd = closed.endedAt;
      state.accepted = closed.detail.accepted === undefined ? null : closed;
    }
  }
  if (open !== undefined) {
    const { incident, grown } = continuedIncident(open, input, signal, context);
    state.open = state.open.map((other) => (other.subject === subject ? incident : other));
    keep(incident);
    if (grown) tell('grown', input.minute, incident);
  } else if (subject === GENERAL && !speaks(signal) && isAccepted(state.accepted, input, lane.recent)) {
    state.accepted = withAccepted(state.accepted!, input);
    keep(state.accepted);
  } else if ((subject === GENERAL || speaks(signal)) && opens(input, signal, state, context.settings)) {
    const opened = openedIncident(lane, signal, state, context);
    state.open = [...state.open.map((other) => withoutSubject(other, subject)), opened];
    if (opened.detail.openedBy === 'evidence') {
      state.evidenceStarts = [...state.evidenceStarts, input.minute].filter(
        (start) => start > input.minute - MINUTES_PER_DAY,
      );
    }
    keep(opened);
    tell('opened', input.minute, opened);
  }
}

function speaks({ strong, reset, watched }: Signal): boolean {
  return strong || reset || watched.length > 0;
}

function isActive(input: MinuteInput, signal: Signal): boolean {
  return !input.gap && (input.anomalous || speaks(signal));
}

function opens(input: MinuteInput, signal: Signal, state: CorrelatorState, settings: IncidentSettings): boolean {
  if (!isActive(input, signal)) return false;
  if (input.anomalous || signal.watched.length > 0 || signal.strong) return true;
  const today = state.evidenceStarts.filter((start) => start > input.minute - MINUTES_PER_DAY);
  // a session that bounces all day is one thing to know, not a hundred
  return today.length < settings.evidence.perDay * 2;
}

/** Whether an incident is over before this minute is looked at, and why. */
function closing(open: Incident, input: MinuteInput, settings: IncidentSettings): IncidentDetail['closedBy'] {
  if (input.minute - open.startedAt >= settings.maximumHours * 60) return 'length';
  if (open.subject !== GENERAL && isOver(open)) {
    // detection smooths: what models flag of the routes' return comes minutes later, and belongs to it
    const returning = input.minute - (open.detail.endedMinute ?? 0) <= RETURNING;
    return returning || (input.anomalous && explains(open, input)) ? undefined : 'ended';
  }
  const blind = input.minute - open.lastMinute - 1 - open.detail.quiet;
  if (blind > settings.gapMinutes) return 'gap';
  return open.detail.quiet > quietAllowed(open, settings) ? 'quiet' : undefined;
}

/** The return of routes is as loud as their loss: while no model has flagged a minute, it may still be to come. */
function quietAllowed({ class: name, detail }: Incident, { quietMinutes, standingMinutes }: IncidentSettings): number {
  const stands = STANDING.has(name) && detail.evidence.anomalousMinutes === 0;
  return stands ? Math.max(quietMinutes, standingMinutes) : quietMinutes;
}

/** The incident as it closes before this minute is looked at; undefined while it goes on. */
function closedAt(open: Incident, input: MinuteInput, context: CorrelatorContext): Incident | undefined {
  const adapted = open.subject === GENERAL ? adaptedTo(open, input.minute, context.adaptations ?? []) : null;
  if (adapted !== null) return closedAsNormal(open, adapted);
  const closedBy = closing(open, input, context.settings);
  if (closedBy === undefined) return undefined;
  const closed = { ...open, endedAt: open.lastMinute + 1, detail: { ...open.detail, closedBy } };
  return closedBy === 'length' && open.subject === GENERAL ? withAccepted(closed, input) : closed;
}

function openedIncident(
  { input, subject, recent }: Lane,
  signal: Signal,
  state: CorrelatorState,
  context: CorrelatorContext,
): Incident {
  const previous = subject === GENERAL ? state.previousEnd : null;
  const since = Math.max(input.minute - context.settings.lookBackMinutes, previous ?? 0);
  const lookBack = recent.filter(({ minute }) => minute >= since);
  const before = state.recent.filter(({ minute }) => minute < input.minute - context.settings.lookBackMinutes);
  const baseline = baselineOf(before);
  let evidence = noEvidence(since, baseline);
  for (const earlier of lookBack) evidence = withMinute(evidence, earlier, context.validityOf);
  const incident: Incident = {
    stream: state.stream,
    subject,
    startedAt: input.minute,
    endedAt: null,
    lastMinute: input.minute,
    peakMinute: input.minute,
    peakScore: input.score ?? 0,
    severity: 'info',
    class: 'unknown',
    reasons: [],
    models: [],
    culprits: { prefixes: [], origins: [], peers: [] },
    detail: {
      openedBy: input.anomalous ? 'models' : 'evidence',
      quiet: 0,
      evidence,
      scores: {},
      watched: [],
      told: { severity: 'info', class: 'unknown', watched: 0 },
      explanations: strongest(input),
      ...(subject === GENERAL ? { level: noTrace(before) } : {}),
    },
  };
  return told(withInput(incident, input, signal, context));
}

function continuedIncident(
  open: Incident,
  input: MinuteInput,
  signal: Signal,
  context: CorrelatorContext,
): { incident: Incident; grown: boolean } {
  const incident = withInput(open, input, signal, context);
  const { severity, class: name, watched } = open.detail.told;
  const grown =
    severityRank(incident.severity) > severityRank(severity) ||
    incident.detail.watched.length > watched ||
    (incident.class !== name && incident.class !== 'unknown') ||
    (incident.detail.newNormal !== undefined && open.detail.told.newNormal !== true);
  return { incident: grown ? told(incident) : incident, grown };
}

function told(incident: Incident): Incident {
  const { severity, class: name, detail } = incident;
  const newNormal = detail.newNormal === undefined ? {} : { newNormal: true };
  return {
    ...incident,
    detail: { ...detail, told: { severity, class: name, watched: detail.watched.length, ...newNormal } },
  };
}

/** Adds one minute to an open incident, active or quiet, and judges it anew. */
function withInput(open: Incident, input: MinuteInput, signal: Signal, context: CorrelatorContext): Incident {
  const evidence = withMinute(open.detail.evidence, input, context.validityOf);
  if (input.gap) return { ...open, detail: { ...open.detail, evidence } };
  const active = isActive(input, signal);
  const lastMinute = active ? input.minute : open.lastMinute;
  const higher = active && input.score !== null && input.score > open.peakScore;
  const watched = mergedWatched(open.detail.watched, signal.watched);
  const judged = classify(
    { subject: open.subject, evidence, duration: lastMinute - open.startedAt + 1, settings: context.settings },
    open.class,
  );
  // Within one class an incident has been as grave as it ever was; under another name it is judged anew.
  const base = judged.class === open.class ? atLeast(judged.severity, open.severity) : judged.severity;
  const level = open.detail.level === undefined ? undefined : traced(open.detail.level, input);
  const normal = judgedNormal(level, evidence, { ...judged, severity: base }, lastMinute - open.startedAt + 1);
  return {
    ...open,
    lastMinute,
    peakMinute: higher ? input.minute : open.peakMinute,
    peakScore: higher ? input.score! : open.peakScore,
    severity: watchedSeverity(normal.severity, watched, context.validityOf),
    class: judged.class,
    reasons: normal.words,
    models: active ? joined(open.models, contributing(input, signal)) : open.models,
    culprits: named(judged.culprits, evidence),
    detail: {
      ...open.detail,
      ...normal.detail,
      quiet: active ? 0 : open.detail.quiet + 1,
      evidence,
      ...endedOf(open, input),
      scores: judged.scores,
      watched,
      explanations: higher ? strongest(input) : open.detail.explanations,
    },
  };
}

function contributing(input: MinuteInput, signal: Signal): string[] {
  const names = Object.entries(input.votes)
    .filter(([, vote]) => input.anomalous && vote.anomalous)
    .map(([name]) => name);
  if (speaks(signal)) names.push('evidence');
  return names;
}

function joined(kept: readonly string[], fresh: readonly string[]): string[] {
  return [...new Set([...kept, ...fresh])].sort();
}

function strongest(input: MinuteInput): IncidentDetail['explanations'] {
  const entries = Object.entries(input.votes)
    .filter(([, vote]) => vote.explanation !== undefined && vote.explanation.length > 0)
    .map(([name, vote]) => [name, vote.explanation!.slice(0, 5)] as const);
  return Object.fromEntries(entries);
}

/** The class's own culprits; where it blames nobody of a sort, who was loudest. */
function named(culprits: Culprits, loudest: Culprits): Culprits {
  const pick = (sort: keyof Culprits) =>
    culprits[sort].length > 0 ? mergedRanks([], culprits[sort], CULPRITS) : loudest[sort].slice(0, CULPRITS);
  return { prefixes: pick('prefixes'), origins: pick('origins'), peers: pick('peers') };
}

function endedOf(
  { subject, detail }: Incident,
  { evidence, minute }: MinuteInput,
): Pick<IncidentDetail, 'ended' | 'endedMinute'> {
  const fresh = (evidence?.ended ?? []).map(({ prefix }) => prefix);
  const isBack = evidence?.losses?.some(({ origin, prefixes }) => prefixes === 0 && `AS${origin}` === subject);
  if (isBack) fresh.push(subject);
  if (fresh.length === 0) return {};
  return { ended: [...new Set([...(detail.ended ?? []), ...fresh])], endedMinute: minute };
}
