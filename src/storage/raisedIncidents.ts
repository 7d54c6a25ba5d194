import type { ClientBase, Pool } from 'pg';
import type { Severity } from '../incidents/incident.js';

/** What one stream raised of one class and severity. */
export interface RaisedIncidents {
  stream: string;
  class: string;
  severity: Severity;
  /** Whether it touched the operator's own networks. */
  watched: boolean;
  /** Incidents that began in the last 24 hours of the stream. */
  lastDay: number;
  /** Mean of the last seven days of the stream, or of as many as there are; at least one. */
  perDay: number;
}

/** Incidents by class and severity, in stream time: the newest feature row is now. Those marked ordinary count too. */
export async function raisedIncidents(db: Pool | ClientBase, stream?: string): Promise<RaisedIncidents[]> {
  const { rows } = await db.query<RaisedIncidents & { days: number }>(
    `WITH spans AS (
       SELECT name AS stream,
         (SELECT max(minute) + interval '1 minute' FROM features WHERE stream = name) AS until,
         (SELECT min(minute) FROM features WHERE stream = name) AS since
       FROM streams WHERE $1::text IS NULL OR name = $1)
     SELECT s.stream, i.class, i.severity,
       jsonb_array_length(coalesce(i.detail->'watched', '[]')) > 0 AS watched,
       (count(*) FILTER (WHERE i.started_at >= s.until - interval '1 day'))::int AS "lastDay",
       (count(*) / greatest(1, least(7, extract(epoch FROM s.until - s.since) / 86400)))::float8 AS "perDay"
     FROM spans s JOIN incidents i ON i.stream = s.stream AND i.started_at >= s.until - interval '7 days'
     GROUP BY s.stream, s.until, s.since, i.class, i.severity, watched
     ORDER BY s.stream, i.class, i.severity, watched`,
    [stream ?? null],
  );
  return rows;
}

/** Incidents of the last day that count against the operator's wish: at least major, and none of the watched. */
export function alertsLastDay(rows: readonly RaisedIncidents[]): number {
  const counted = rows.filter(({ severity, watched }) => !watched && (severity === 'major' || severity === 'critical'));
  return counted.reduce((sum, { lastDay }) => sum + lastDay, 0);
}
