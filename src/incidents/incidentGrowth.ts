import { baselineOf } from './baseline.js';
import { type Classification, classify } from './classify.js';
import type { CorrelatorContext, CorrelatorState } from './correlatorState.js';
import { courseOf } from './course.js';
import type { Culprits } from './culprits.js';
import { noEvidence, SPREADING, withMinute } from './evidence.js';
import { firstMinuteOf } from './firstMinute.js';
import type { Incident, IncidentDetail, Reason, WatchedRoute } from './incident.js';
import { mergedRanks } from './keptEntries.js';
import { noTrace, traced } from './levelTrace.js';
import type { MinuteInput } from './minuteInput.js';
import type { Lane } from './minuteLanes.js';
import { judgedNormal } from './normalReasons.js';
import { atLeast, severityRank } from './severity.js';
import { type Signal, speaks } from './signal.js';
import { GENERAL, isNeighbourhood, networkOfSubject } from './subject.js';
import { watchedSeverity } from './watchedSeverity.js';
import { mergedWatched } from './watchList.js';

const CULPRITS = 10;

export function isActive(input: MinuteInput, signal: Signal): boolean {
  return !input.gap && (input.anomalous || speaks(signal));
}

/** Whether nothing but a doubtful claim speaks. */
function isDoubtful({ anomalous }: MinuteInput, { strong, reset, doubtful, watched }: Signal): boolean {
  return doubtful && !(anomalous || strong || reset || watched.length > 0);
}

export function openedIncident(
  lane: Lane,
  signal: Signal,
  state: CorrelatorState,
  context: CorrelatorContext,
): Incident {
  const { input, subject, recent } = lane;
  const since = Math.max(input.minute - context.settings.lookBackMinutes, state.ends[subject] ?? 0);
  const lookBack = recent.filter(({ minute }) => minute >= since);
  const before = state.recent.filter(({ minute }) => minute < input.minute - context.settings.lookBackMinutes);
  const baseline = baselineOf(before);
  let evidence = noEvidence(since, baseline);
  for (const earlier of lookBack) evidence = withMinute(evidence, earlier, context.validityOf);
  const startedAt = firstMinuteOf(lane, withMinute(evidence, input, context.validityOf));
  const incident: Incident = {
    stream: state.stream,
    subject,
    startedAt,
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
      ...(startedAt < input.minute ? { foundAt: input.minute } : {}),
      ...(isDoubtful(input, signal) ? { doubtful: true as const } : {}),
      quiet: 0,
      evidence,
      scores: {},
      watched: subject === GENERAL ? [] : metNeighbours(lane, context),
      told: { severity: 'info', class: 'unknown', watched: 0 },
      explanations: strongest(input),
      ...(subject === GENERAL ? { level: noTrace(before) } : {}),
    },
  };
  return told(withInput(incident, input, signal, context));
}

export function continuedIncident(
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
  const judged = asRaised(
    open,
    classify(
      { subject: open.subject, evidence, duration: lastMinute - open.startedAt + 1, settings: context.settings },
      open.class,
    ),
  );
  // Within one class an incident has been as grave as it ever was; under another name it is judged anew.
  const risen = judged.class === open.class ? atLeast(judged.severity, open.severity) : judged.severity;
  // more new neighbours do not make it graver
  const base = judged.class === 'unknown' && isNeighbourhood(open.subject) ? 'info' : risen;
  const level = open.detail.level === undefined ? undefined : traced(open.detail.level, input);
  const normal = judgedNormal(level, evidence, { ...judged, severity: base }, lastMinute - open.startedAt + 1);
  return {
    ...open,
    lastMinute,
    peakMinute: higher ? input.minute : open.peakMinute,
    peakScore: higher ? input.score! : open.peakScore,
    severity: watchedSeverity(normal.severity, watched, context.validityOf),
    class: judged.class,
    // to the operator the new neighbour is the news, not that no class fits it
    reasons:
      judged.class === 'unknown'
        ? [...neighboursTogether(open, watched), ...watched.map(watchedReason), ...beside(watched, normal.words)]
        : normal.words,
    models: active ? joined(open.models, contributing(input, signal)) : open.models,
    culprits: isNeighbourhood(open.subject) ? neighboursAsCulprits(watched) : named(judged.culprits, evidence),
    detail: {
      ...open.detail,
      ...normal.detail,
      quiet: active ? 0 : open.detail.quiet + 1,
      evidence,
      ...courseOf({ ...open, detail: { ...open.detail, evidence } }, input),
      scores: judged.scores,
      watched,
      explanations: higher ? strongest(input) : open.detail.explanations,
    },
  };
}

/**
 * What a network did stays what it was when its routes go back to where they were: whoever was called for it finds it
 * under the name of the alert.
 */
function asRaised(open: Incident, judged: Classification): Classification {
  if (open.subject === GENERAL || judged.class !== 'unknown' || open.class === 'unknown') return judged;
  const { class: name, severity, culprits, reasons } = open;
  return { ...judged, class: name, severity, culprits, words: reasons };
}

/** A new neighbour alone moves no count: that no class fits is not worth a word. */
function beside(watched: readonly WatchedRoute[], words: readonly Reason[]): readonly Reason[] {
  return watched.length === 0 ? words : words.filter(({ class: name, weight }) => name !== 'unknown' || weight > 0);
}

/** A neighbour of the operator's that is suspected was one some minutes before. */
function metNeighbours({ input, recent }: Lane, { watchList }: CorrelatorContext): WatchedRoute[] {
  const near = recent.filter(({ minute, evidence }) => minute > input.minute - SPREADING && evidence !== null);
  return near.flatMap(({ evidence }) => watchList.touches(evidence!)).filter(({ kind }) => kind === 'new neighbour');
}

const NAMED_NEIGHBOURS = 3;

/** Several new neighbours in one line, before each has its own. */
function neighboursTogether({ subject }: Incident, watched: readonly WatchedRoute[]): readonly Reason[] {
  const names = neighbourNames(watched);
  if (!isNeighbourhood(subject) || names.length < 2) return [];
  const [shown, rest] = [names.slice(0, NAMED_NEIGHBOURS), names.length - NAMED_NEIGHBOURS];
  const list = rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
  const words = `your ${networkOfSubject(subject)} has ${names.length} new neighbours: ${list}`;
  return [{ class: 'unknown', weight: 1, words }];
}

function neighbourNames(watched: readonly WatchedRoute[]): string[] {
  return [...new Set(watched.map(({ origin }) => `AS${origin}`))];
}

function neighboursAsCulprits(watched: readonly WatchedRoute[]): Culprits {
  const prefixes = [...new Set(watched.flatMap(({ prefix }) => prefix ?? []))];
  const ranked = (list: readonly string[]) => list.slice(0, CULPRITS).map((name) => ({ name, count: 1 }));
  return { prefixes: ranked(prefixes), origins: ranked(neighbourNames(watched)), peers: [] };
}

const watchedReason = ({ words }: WatchedRoute): Reason => ({ class: 'unknown', weight: 1, words });

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
