import type { Minute } from '../features/row.js';
import type { Culprits } from '../incidents/culprits.js';
import type { Incident, IncidentClass, IncidentDetail, Reason, Severity } from '../incidents/incident.js';
import type { IncidentFilter as SearchFilter } from '../incidents/incidentFilter.js';
import { incidentSearch } from './incidentSearch.js';
import { minuteOf, minuteToDate, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** An incident with what the database and people added to it. */
export interface StoredIncident extends Incident {
  id: number;
  relatedTo: number | null;
  acknowledgedBy: string | null;
  acknowledgedAt: Date | null;
  assignedTo: string | null;
  note: string | null;
  /** "This was ordinary": its minutes may be trained on. */
  ordinary: boolean;
}

export interface IncidentRow {
  id: string;
  stream: string;
  subject: string;
  started: number;
  ended: number | null;
  last: number;
  peak: number;
  peak_score: number;
  severity: Severity;
  class: IncidentClass;
  reasons: Reason[];
  models: string[];
  culprits: Culprits;
  detail: IncidentDetail;
  related_to: string | null;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  assigned_to: string | null;
  note: string | null;
  ordinary: boolean;
}

export const INCIDENT_COLUMNS = `id, stream, subject, ${minuteOf('started_at')} AS started, ${minuteOf('ended_at')} AS ended,
  ${minuteOf('last_minute')} AS last, ${minuteOf('peak_minute')} AS peak, peak_score, severity, class, reasons, models,
  culprits, detail, related_to, acknowledged_by, acknowledged_at, assigned_to, note, ordinary`;

export function incidentOf(row: IncidentRow): StoredIncident {
  return {
    id: Number(row.id),
    stream: row.stream,
    subject: row.subject,
    startedAt: row.started,
    endedAt: row.ended,
    lastMinute: row.last,
    peakMinute: row.peak,
    peakScore: row.peak_score,
    severity: row.severity,
    class: row.class,
    reasons: row.reasons,
    models: row.models,
    culprits: row.culprits,
    detail: { ...row.detail, watched: row.detail.watched ?? [] },
    relatedTo: row.related_to === null ? null : Number(row.related_to),
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at,
    assignedTo: row.assigned_to,
    note: row.note,
    ordinary: row.ordinary,
  };
}

/** Writes incidents as they are now; what people added (note, acknowledgement) is left alone. Returns their ids, in order. */
export async function storeIncidents(db: Db, incidents: readonly Incident[]): Promise<number[]> {
  const ids: number[] = [];
  for (const incident of incidents) {
    const { rows } = await db.query<{ id: string }>(
      `INSERT INTO incidents (stream, started_at, ended_at, last_minute, peak_minute, peak_score, severity, class,
         reasons, models, culprits, detail, subject)
       VALUES ($1, ${timeOf('$2')}, ${timeOf('$3')}, ${timeOf('$4')},
         ${timeOf('$5')}, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (stream, started_at, subject) DO UPDATE SET ended_at = excluded.ended_at,
         last_minute = excluded.last_minute, peak_minute = excluded.peak_minute, peak_score = excluded.peak_score,
         severity = excluded.severity, class = excluded.class, reasons = excluded.reasons, models = excluded.models,
         culprits = excluded.culprits, detail = excluded.detail
       RETURNING id`,
      [
        incident.stream,
        incident.startedAt,
        incident.endedAt,
        incident.lastMinute,
        incident.peakMinute,
        incident.peakScore,
        incident.severity,
        incident.class,
        JSON.stringify(incident.reasons),
        incident.models,
        JSON.stringify(incident.culprits),
        JSON.stringify(incident.detail),
        incident.subject,
      ],
    );
    ids.push(Number(rows[0]!.id));
  }
  return ids;
}

/** Those of the ids that somebody looks after. */
export async function acknowledgedIncidents(db: Db, ids: readonly number[]): Promise<Set<number>> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM incidents WHERE id = ANY ($1) AND acknowledged_by IS NOT NULL',
    [ids],
  );
  return new Set(rows.map(({ id }) => Number(id)));
}

/** Open incidents that were found in history, which are so no longer: the mark is taken away. */
export async function takeHistoryAway(db: Db, stream: string): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `UPDATE incidents SET detail = detail - 'history'
     WHERE stream = $1 AND ended_at IS NULL AND detail->>'history' = 'true' RETURNING ${INCIDENT_COLUMNS}`,
    [stream],
  );
  return rows.map(incidentOf);
}

/** Incidents of other streams that started within `minutes` of this time. */
export async function incidentsNear(
  db: Db,
  stream: string,
  startedAt: Minute,
  minutes: number,
): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE stream <> $1
       AND started_at BETWEEN ${timeOf('($2::bigint - $3)')} AND ${timeOf('($2::bigint + $3)')}
     ORDER BY started_at, stream`,
    [stream, startedAt, minutes],
  );
  return rows.map(incidentOf);
}

export async function relateIncident(db: Db, id: number, to: number | null): Promise<void> {
  await db.query(`UPDATE incidents SET related_to = $2 WHERE id = $1 AND related_to IS DISTINCT FROM $2`, [id, to]);
}

export interface IncidentFilter {
  stream?: string;
  /** Incidents that were still going on at or after this minute. */
  since?: Minute;
  open?: boolean;
  limit?: number;
}

/** Newest first. Those that touch what is watched come before all others that are open. */
export async function listIncidents(db: Db, filter: IncidentFilter = {}): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents
     WHERE ($1::text IS NULL OR stream = $1)
       AND ($2::bigint IS NULL OR ended_at IS NULL OR ended_at >= ${timeOf('$2')})
       AND ($3::boolean IS NULL OR (ended_at IS NULL) = $3)
     ORDER BY (ended_at IS NULL AND jsonb_array_length(coalesce(detail->'watched', '[]')) > 0) DESC, started_at DESC, id
     LIMIT $4`,
    [filter.stream ?? null, filter.since ?? null, filter.open ?? null, filter.limit ?? 100],
  );
  return rows.map(incidentOf);
}

/** What a person's filter asks for, in its order. */
export async function searchIncidents(db: Db, filter: SearchFilter): Promise<StoredIncident[]> {
  const { text, values } = incidentSearch(filter);
  const { rows } = await db.query<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incidents ${text}`, values);
  return rows.map(incidentOf);
}

export async function incidentById(db: Db, id: number): Promise<StoredIncident | null> {
  const { rows } = await db.query<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE id = $1`, [id]);
  return rows.length === 0 ? null : incidentOf(rows[0]!);
}

/** The incident itself, the one it is related to, and all that are related to the same. */
export async function relatedIncidents(db: Db, id: number): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents
     WHERE coalesce(related_to, id) = (SELECT coalesce(related_to, id) FROM incidents WHERE id = $1)
     ORDER BY started_at, stream`,
    [id],
  );
  return rows.map(incidentOf);
}

/** Of each prefix that the operator declared, the newest incident that the watch opened. */
export async function newestWatched(db: Db): Promise<(StoredIncident & { prefix: string })[]> {
  const { rows } = await db.query<IncidentRow & { prefix: string }>(
    `SELECT DISTINCT ON (stream, w.prefix) w.prefix, ${INCIDENT_COLUMNS}
     FROM incidents i, jsonb_to_recordset(i.detail->'watched') AS w(prefix text)
     WHERE detail->>'openedBy' = 'watch' AND NOT ordinary ORDER BY stream, w.prefix, started_at DESC, id DESC`,
  );
  return rows.map((row) => ({ ...incidentOf(row), prefix: row.prefix }));
}

export async function countOpenIncidents(db: Db, stream: string): Promise<number> {
  const { rows } = await db.query<{ open: number }>(
    'SELECT count(*)::int AS open FROM incidents WHERE stream = $1 AND ended_at IS NULL AND NOT ordinary',
    [stream],
  );
  return rows[0]?.open ?? 0;
}

export async function incidentCounts(
  db: Db,
): Promise<{ stream: string; severity: string; class: string; count: number }[]> {
  const { rows } = await db.query<{ stream: string; severity: string; class: string; count: number }>(
    'SELECT stream, severity, class, count(*)::int AS count FROM incidents GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
  );
  return rows;
}

/** Incidents of a stream of which any minute lies in from <= minute < until (by start, last minute or end), oldest first. */
export async function incidentsBetween(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
  limit: number,
): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents
     WHERE stream = $1 AND started_at < $3 AND coalesce(ended_at, last_minute) >= $2 ORDER BY id LIMIT $4`,
    [stream, minuteToDate(from), minuteToDate(until), limit],
  );
  return rows.map(incidentOf);
}

/** Others that are related to an incident, or that went on in from .. until in any stream; oldest first. */
export async function incidentsBeside(
  db: Db,
  { id, relatedTo }: Pick<StoredIncident, 'id' | 'relatedTo'>,
  from: Minute,
  until: Minute,
  limit: number,
): Promise<StoredIncident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE id <> $1 AND (id = $2 OR related_to = $1 OR related_to = $2 OR
       (started_at < $4 AND coalesce(ended_at, last_minute) >= $3)) ORDER BY started_at LIMIT $5`,
    [id, relatedTo, minuteToDate(from), minuteToDate(until), limit],
  );
  return rows.map(incidentOf);
}
