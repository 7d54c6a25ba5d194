import type { Pool } from 'pg';
import { z } from 'zod';
import { ownAdvice } from '../../incidents/advice.js';
import { type Closing, endingOf, endingWords } from '../../incidents/ending.js';
import { INCIDENT_CLASSES, type WatchedRoute } from '../../incidents/incident.js';
import type { IncidentFilter } from '../../incidents/incidentFilter.js';
import { newNormalWords } from '../../incidents/newNormalRule.js';
import { commentsOf } from '../../storage/incidentMarks.js';
import { incidentSearch } from '../../storage/incidentSearch.js';
import { explanation, type Incident, type IncidentRow, ranked } from '../api/schema.js';
import { changedPeers, pathGraph } from '../pathGraph.js';
import { type Activation, timelineOf } from '../timeline.js';
import { evidenceBetween } from './features.js';
import { feedGaps } from './feed.js';
import { verdictsBetween } from './scores.js';

const MINUTE = 60_000;
const CLOSED_BY = ['quiet', 'gap', 'length', 'ended', 'new normal'] as const;
const culprits = z.object({
  prefixes: z.array(ranked).default([]),
  origins: z.array(ranked).default([]),
  peers: z.array(ranked).default([]),
});
const reasons = z.array(z.object({ class: z.string().default(''), weight: z.number().default(0), words: z.string() }));
const explanations = z.record(z.string(), z.array(explanation));

interface Row {
  id: string;
  stream: string;
  subject: string;
  started_at: Date;
  ended_at: Date | null;
  last_minute: Date;
  peak_minute: Date;
  peak_score: number;
  severity: IncidentRow['severity'];
  class: string;
  reasons: unknown;
  models: string[];
  culprits: unknown;
  detail: Record<string, unknown>;
  related_to: string | null;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  assigned_to: string | null;
  note: string | null;
  ordinary: boolean;
}

/** What a filter asks for, in its order. */
export async function incidents(pool: Pool, filter: IncidentFilter): Promise<IncidentRow[]> {
  const { text, values } = incidentSearch(filter);
  const { rows } = await pool.query<Row>(`SELECT * FROM incidents ${text}`, values);
  return rows.map(rowOf);
}

export async function countOpenIncidents(pool: Pool, stream: string): Promise<number> {
  const { rows } = await pool.query<{ open: number }>(
    'SELECT count(*)::int AS open FROM incidents WHERE stream = $1 AND ended_at IS NULL AND NOT ordinary',
    [stream],
  );
  return rows[0]?.open ?? 0;
}

/** The window that an incident's charts show: as long before and after as it lasted, within 30 and 180 minutes. */
export function windowOf(incident: Pick<IncidentRow, 'startedAt' | 'endedAt' | 'lastMinute'>) {
  const end = incident.endedAt ?? incident.lastMinute + MINUTE;
  const margin = Math.min(180 * MINUTE, Math.max(30 * MINUTE, end - incident.startedAt));
  return { from: incident.startedAt - margin, until: end + margin, end };
}

export async function incidentRow(pool: Pool, id: number): Promise<IncidentRow | null> {
  const { rows } = await pool.query<Row>('SELECT * FROM incidents WHERE id = $1', [id]);
  return rows[0] === undefined ? null : rowOf(rows[0]);
}

/** The evidence of an incident's minutes, and of some before: it may come before the models are sure. */
export function pathEvidence(
  pool: Pool,
  incident: Pick<IncidentRow, 'stream' | 'startedAt' | 'endedAt' | 'lastMinute'>,
): ReturnType<typeof evidenceBetween> {
  return evidenceBetween(pool, incident.stream, incident.startedAt - 10 * MINUTE, windowOf(incident).end);
}

export async function incident(pool: Pool, id: number): Promise<Incident | null> {
  const { rows } = await pool.query<Row>('SELECT * FROM incidents WHERE id = $1', [id]);
  const row = rows[0];
  if (row === undefined) return null;
  const base = rowOf(row);
  const { from, until, end } = windowOf(base);
  const [score, evidence, gaps, versions, activations, comments, related] = await Promise.all([
    verdictsBetween(pool, base.stream, from, until),
    pathEvidence(pool, base),
    feedGaps(pool, base.stream, from, until, 20),
    peakExplanations(pool, base.stream, row.peak_minute),
    activationsBetween(pool, base.stream, base.startedAt, end + 2 * MINUTE),
    commentsOf(pool, id),
    pool.query<Row>(
      `SELECT * FROM incidents WHERE id <> $1 AND (id = $2 OR related_to = $1 OR related_to = $2 OR
          (started_at < $4 AND coalesce(ended_at, last_minute) >= $3))
        ORDER BY started_at LIMIT 20`,
      [id, row.related_to, new Date(base.startedAt - 10 * MINUTE), new Date(end + 10 * MINUTE)],
    ),
  ]);
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
    timeline: timelineOf(
      base,
      endingWords(closingOf(row)),
      row.acknowledged_at?.getTime() ?? null,
      score,
      evidence,
      gaps,
      activations,
      heightWords(evidence),
    ),
    advice: adviceFor(row),
    confidence: confidenceOf(row),
    related: related.rows.map(rowOf),
    newNormal: newNormalIn(row.detail),
    acknowledgedAt: row.acknowledged_at?.getTime() ?? null,
    comments: comments.map(({ at, author, text }) => ({ at: at.getTime(), author, text })),
    note: row.note,
    score,
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

const touched = z.object({ watched: z.array(z.custom<WatchedRoute>()).default([]) });

/** What the notice says, too; null for what touches nothing of the operator's. */
function adviceFor(row: Row): string | null {
  const { watched } = touched.parse(row.detail);
  const [first] = watched;
  if (first === undefined) return null;
  const name = INCIDENT_CLASSES.find((known) => known === row.class) ?? 'unknown';
  const who = culprits.safeParse(row.culprits).data?.origins[0]?.name;
  return ownAdvice(name, watched, first.prefix ?? first.watched, who);
}

/** The score of the class's rule with a word for it; a contradiction of what is declared is none to be weighed. */
function confidenceOf(row: Row): Incident['confidence'] {
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

function newNormalIn(detail: Row['detail']): Incident['newNormal'] {
  const { newNormal, adaptations: versions } = normality.parse(detail);
  if (newNormal === undefined && versions.length === 0) return null;
  return {
    words: newNormal === undefined ? 'is the new normal' : newNormalWords(newNormal),
    speaksFor: newNormal?.speaksFor ?? [],
    speaksAgainst: newNormal?.speaksAgainst ?? [],
    versions,
  };
}

/** A rule within its limit adds to the score, but is no reason to give where others are over theirs. */
function overLimits(kind: string, reasons: z.infer<typeof explanation>[]): z.infer<typeof explanation>[] {
  if (kind !== 'heuristic') return reasons;
  const over = reasons.filter(({ value, limit }) => value === undefined || limit === undefined || value > limit);
  return over.length > 0 ? over : reasons;
}

/** Versions that began to serve in [from, until], which tell why an incident of a lasting change ended. */
async function activationsBetween(pool: Pool, stream: string, from: number, until: number): Promise<Activation[]> {
  const { rows } = await pool.query<{ at: Date; model_key: string; version: number; reason: string }>(
    `SELECT a.from_minute AS at, a.model_key, v.version, a.reason FROM activations a
      JOIN model_versions v ON v.id = a.version_id
      WHERE split_part(a.model_key, '@', 2) = $1 AND a.from_minute BETWEEN $2 AND $3 ORDER BY a.id LIMIT 20`,
    [stream, new Date(from), new Date(until)],
  );
  return rows.map((row) => ({
    at: row.at.getTime(),
    kind: row.model_key.split('@')[0] ?? row.model_key,
    version: row.version,
    reason: row.reason,
  }));
}

async function peakExplanations(pool: Pool, stream: string, minute: Date) {
  const { rows } = await pool.query<{ kind: string; version: number | null; explanation: unknown }>(
    `SELECT s.kind, v.version, s.explanation FROM scores s LEFT JOIN model_versions v ON v.id = s.version_id
      WHERE s.stream = $1 AND s.minute = $2`,
    [stream, minute],
  );
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

function rowOf(row: Row): IncidentRow {
  const names = culprits.safeParse(row.culprits).data;
  return {
    id: Number(row.id),
    stream: row.stream,
    subject: row.subject,
    startedAt: row.started_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
    lastMinute: row.last_minute.getTime(),
    peakMinute: row.peak_minute.getTime(),
    peakScore: row.peak_score,
    severity: row.severity,
    class: row.class,
    models: row.models,
    headline: headlineOf(row, names),
    acknowledgedBy: row.acknowledged_by,
    assignedTo: row.assigned_to,
    ordinary: row.ordinary,
    ending: endingOf(closingOf(row)),
    history: row.detail.history === true,
    mine: Array.isArray(row.detail.watched) && row.detail.watched.length > 0,
    prefixNames: names?.prefixes.slice(0, 3).map(({ name }) => name) ?? [],
  };
}

function closingOf(row: Row): Closing {
  const { closedBy } = row.detail;
  return {
    class: row.class,
    endedAt: row.ended_at?.getTime() ?? null,
    closedBy: CLOSED_BY.find((name) => name === closedBy),
    looksNormal: row.detail.newNormal !== undefined,
  };
}

/** The strongest reason in words; without one, what was hit. */
function headlineOf(row: Row, names: z.infer<typeof culprits> | undefined): string {
  const first = reasonsOf(row.reasons).find((reason) => reason.class === '' || reason.class === row.class);
  if (first !== undefined) return first.words;
  const prefixes = names?.prefixes.slice(0, 2).map(({ name }) => name) ?? [];
  return prefixes.length === 0 ? 'No single prefix stands out' : `Most updates for ${prefixes.join(' and ')}`;
}

export async function incidentCounts(
  pool: Pool,
): Promise<{ stream: string; severity: string; class: string; count: number }[]> {
  const { rows } = await pool.query<{ stream: string; severity: string; class: string; count: number }>(
    'SELECT stream, severity, class, count(*)::int AS count FROM incidents GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
  );
  return rows;
}
