import type { Pool } from 'pg';
import { z } from 'zod';
import { adviceAfter, ownAdvice } from '../../incidents/advice.js';
import { closingOf, type Ending, endingOf, endingWords } from '../../incidents/ending.js';
import { INCIDENT_CLASSES } from '../../incidents/incident.js';
import type { IncidentFilter } from '../../incidents/incidentFilter.js';
import { newNormalWords } from '../../incidents/newNormalRule.js';
import { parseModelKey } from '../../models/modelKey.js';
import { activationsBetween } from '../../storage/activations.js';
import { commentsOf } from '../../storage/incidentMarks.js';
import { incidentById, incidentsBeside, type StoredIncident, searchIncidents } from '../../storage/incidents.js';
import { explanationsAt } from '../../storage/scores.js';
import { explanation, type Incident, type IncidentRow, type PathGraph, ranked } from '../api/schema.js';
import { ownPart } from '../ownPart.js';
import { changedPeers, pathGraph } from '../pathGraph.js';
import { type Activation, type Course, timelineOf } from '../timeline.js';
import { evidenceBetween } from './features.js';
import { feedGaps } from './feed.js';
import { verdictsBetween } from './scores.js';

const MINUTE = 60_000;
const culprits = z.object({
  prefixes: z.array(ranked).default([]),
  origins: z.array(ranked).default([]),
  peers: z.array(ranked).default([]),
});
const reasons = z.array(z.object({ class: z.string().default(''), weight: z.number().default(0), words: z.string() }));
const explanations = z.record(z.string(), z.array(explanation));

/** What a filter asks for, in its order. */
export async function incidents(pool: Pool, filter: IncidentFilter): Promise<IncidentRow[]> {
  return (await searchIncidents(pool, filter)).map(rowOf);
}

/** The window that an incident's charts show: as long before and after as it lasted, within 30 and 180 minutes. */
export function windowOf(incident: Pick<IncidentRow, 'startedAt' | 'endedAt' | 'lastMinute'>) {
  const end = incident.endedAt ?? incident.lastMinute + MINUTE;
  const margin = Math.min(180 * MINUTE, Math.max(30 * MINUTE, end - incident.startedAt));
  return { from: incident.startedAt - margin, until: end + margin, end };
}

export async function incidentRow(pool: Pool, id: number): Promise<IncidentRow | null> {
  const stored = await incidentById(pool, id);
  return stored === null ? null : rowOf(stored);
}

/** The AS graph on the way to one of an incident's prefixes; null if the incident does not exist. */
export async function incidentPaths(pool: Pool, id: number, prefix?: string): Promise<PathGraph | null> {
  const row = await incidentById(pool, id);
  return row === null ? null : pathGraph(ownPart(row, await pathEvidence(pool, rowOf(row))), prefix);
}

/** The evidence of an incident's minutes, and of some before: it may come before the models are sure. */
export function pathEvidence(
  pool: Pool,
  incident: Pick<IncidentRow, 'stream' | 'startedAt' | 'endedAt' | 'lastMinute'>,
): ReturnType<typeof evidenceBetween> {
  return evidenceBetween(pool, incident.stream, incident.startedAt - 10 * MINUTE, windowOf(incident).end);
}

export async function incident(pool: Pool, id: number): Promise<Incident | null> {
  const row = await incidentById(pool, id);
  if (row === null) return null;
  const base = rowOf(row);
  const { from, until, end } = windowOf(base);
  const [score, minutes, gaps, versions, activations, comments, related] = await Promise.all([
    verdictsBetween(pool, base.stream, from, until, base.peakMinute),
    pathEvidence(pool, base),
    feedGaps(pool, base.stream, from, until, 20),
    peakExplanations(pool, row),
    activationsBetween(pool, row.stream, row.startedAt, end / MINUTE + 2, 20),
    commentsOf(pool, id),
    incidentsBeside(pool, row, row.startedAt - 10, end / MINUTE + 10, 20),
  ]);
  const evidence = ownPart(row, minutes);
  const names = culprits.safeParse(row.culprits).data ?? { prefixes: [], origins: [], peers: [] };
  const stored = explanations.safeParse(row.detail.explanations).data ?? {};
  return {
    ...base,
    ...names,
    reasons: reasonsOf(row.reasons),
    explanations: base.models
      .filter((kind) => kind !== 'evidence')
      .map((kind) => {
        const peak = versions.get(kind);
        return { kind, version: peak?.version ?? null, reasons: overLimits(kind, stored[kind] ?? peak?.reasons ?? []) };
      }),
    messages: (row.detail.messages ?? []).map((message) => ({ ...message, at: Date.parse(message.at) })),
    timeline: timelineOf(
      base,
      endingWords(closingOf(row)),
      row.acknowledgedAt?.getTime() ?? null,
      score,
      evidence,
      gaps,
      activations.map(({ from: at, modelKey, version, reason }): Activation => {
        return { at: at * MINUTE, kind: parseModelKey(modelKey).kind, version, reason };
      }),
      heightWords(evidence),
      courseOf(row),
    ),
    advice: adviceFor(row, base.ending),
    confidence: confidenceOf(row),
    related: related.map(rowOf),
    newNormal: newNormalIn(row.detail),
    acknowledgedAt: row.acknowledgedAt?.getTime() ?? null,
    comments: comments.map(({ at, author, text }) => ({ at: at.getTime(), author, text })),
    note: row.note,
    score,
  };
}

/** What the minutes of the table do not say of an incident. */
function courseOf({ detail }: StoredIncident): Course {
  return {
    returnedAt: detail.closedBy === 'ended' && detail.endedMinute !== undefined ? detail.endedMinute * MINUTE : null,
    messages: (detail.messages ?? []).map(({ at, ...message }) => ({ ...message, at: Date.parse(at) })),
  };
}

/** The height that the picture of the paths opens at, in the same numbers. */
function heightWords(evidence: Awaited<ReturnType<typeof evidenceBetween>>): { at: number; words: string } | null {
  const graph = pathGraph(evidence);
  if (graph.height === null) return null;
  const { changed, known } = changedPeers(graph, graph.height);
  if (changed === 0) return null;
  const words = `At its height: ${changed} of the ${known} peers whose path to ${graph.prefix} is known take new links`;
  return { at: graph.height, words };
}

/** What the notice says, too, or what is left when it is over; null for an open one of others: as for any of its class. */
function adviceFor(row: StoredIncident, ending: Ending): string | null {
  const { watched, closedBy } = row.detail;
  const [first] = watched;
  const own = first === undefined ? undefined : (first.prefix ?? first.watched);
  const name = INCIDENT_CLASSES.find((known) => known === row.class) ?? 'unknown';
  const who = culprits.safeParse(row.culprits).data?.origins[0]?.name.replace(/^(?=\d+$)/, 'AS');
  if (closedBy === 'new normal') return 'nothing: the models have learnt it';
  if (ending === 'resolved') return adviceAfter({ name, watched, own, who });
  return own === undefined ? null : ownAdvice({ name, watched, own, who });
}

/** The score of the class's rule with a word for it; a contradiction of what is declared is none to be weighed. */
function confidenceOf(row: StoredIncident): Incident['confidence'] {
  const scores = z.record(z.string(), z.number()).safeParse(row.detail.scores).data ?? {};
  const first = reasonsOf(row.reasons).find((reason) => reason.class === row.class);
  const score = scores[row.class] ?? first?.weight;
  if (row.class === 'unknown' || score === undefined) return null;
  if (row.models.includes('watch')) return { score: 1, words: 'certain' };
  const words = score >= 0.9 ? 'very sure' : score >= 0.75 ? 'sure' : score >= 0.6 ? 'fairly sure' : 'doubtful';
  return { score, words };
}

const normality = z.object({
  newNormal: z
    .object({
      factor: z.number(),
      hours: z.number(),
      explained: z.boolean(),
      came: z.number(),
      gone: z.number(),
      speaksFor: z.array(z.string()),
      speaksAgainst: z.array(z.string()),
    })
    .optional(),
  adaptations: z.array(z.object({ model: z.string(), version: z.number(), report: z.number().nullable() })).default([]),
});

function newNormalIn(detail: StoredIncident['detail']): Incident['newNormal'] {
  const { newNormal, adaptations: versions } = normality.parse(detail);
  if (newNormal === undefined && versions.length === 0) return null;
  return {
    words: newNormal === undefined ? 'is the new normal' : newNormalWords(newNormal),
    speaksFor: newNormal?.speaksFor ?? [],
    speaksAgainst: newNormal?.speaksAgainst ?? [],
    versions,
  };
}

/** A rule within its limit adds to the score, but is not given as a reason where others are over theirs. */
function overLimits(kind: string, reasons: z.infer<typeof explanation>[]): z.infer<typeof explanation>[] {
  if (kind !== 'heuristic') return reasons;
  const over = reasons.filter(({ value, limit }) => value === undefined || limit === undefined || value > limit);
  return over.length > 0 ? over : reasons;
}

async function peakExplanations(pool: Pool, { stream, peakMinute }: StoredIncident) {
  const rows = await explanationsAt(pool, stream, peakMinute);
  return new Map(
    rows.map((row) => [
      row.kind,
      { version: row.version, reasons: z.array(explanation).safeParse(row.explanation).data ?? [] },
    ]),
  );
}

function reasonsOf(stored: unknown): Incident['reasons'] {
  const asObjects = reasons.safeParse(stored).data;
  if (asObjects !== undefined) return asObjects;
  return (z.array(z.string()).safeParse(stored).data ?? []).map((words) => ({ class: '', weight: 0, words }));
}

function rowOf(row: StoredIncident): IncidentRow {
  const names = culprits.safeParse(row.culprits).data;
  return {
    id: row.id,
    stream: row.stream,
    subject: row.subject,
    startedAt: row.startedAt * MINUTE,
    foundAt: (row.detail.foundAt ?? row.startedAt) * MINUTE,
    endedAt: row.endedAt === null ? null : row.endedAt * MINUTE,
    lastMinute: row.lastMinute * MINUTE,
    peakMinute: row.peakMinute * MINUTE,
    peakScore: row.peakScore,
    severity: row.severity,
    class: row.class,
    models: row.models,
    headline: headlineOf(row, names),
    acknowledgedBy: row.acknowledgedBy,
    assignedTo: row.assignedTo,
    ordinary: row.ordinary,
    ending: endingOf(closingOf(row)),
    history: row.detail.history === true,
    mine: row.detail.watched.length > 0,
    prefixNames: names?.prefixes.slice(0, 3).map(({ name }) => name) ?? [],
  };
}

/** The strongest reason in words; without one, what was hit. */
function headlineOf(row: StoredIncident, names: z.infer<typeof culprits> | undefined): string {
  const first = reasonsOf(row.reasons).find((reason) => reason.class === '' || reason.class === row.class);
  if (first !== undefined) return first.words;
  const prefixes = names?.prefixes.slice(0, 2).map(({ name }) => name) ?? [];
  return prefixes.length === 0 ? 'No single prefix stands out' : `Most updates for ${prefixes.join(' and ')}`;
}
