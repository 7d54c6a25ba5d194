import type { StoredIncident } from '../storage/incidents.js';
import { endingOf } from './ending.js';

const HEAD = [
  'id',
  'stream',
  'started_at',
  'ended_at',
  'state',
  'severity',
  'class',
  'network',
  'mine',
  'history',
  'peak_score',
  'seen_by',
  'acknowledged_by',
  'assigned_to',
  'ordinary',
  'why',
  'prefixes',
  'origins',
] as const;

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isoOf = (minute: number | null) => (minute === null ? null : new Date(minute * 60_000).toISOString());

/** Incidents as a table for spreadsheets, a line each after the head. Times are ISO 8601 in UTC. */
export function incidentCsv(incidents: readonly StoredIncident[]): string {
  const rows = incidents.map((incident) => {
    const { culprits, detail } = incident;
    const { closedBy } = detail;
    return [
      incident.id,
      incident.stream,
      isoOf(incident.startedAt),
      isoOf(incident.endedAt),
      endingOf({ class: incident.class, endedAt: incident.endedAt, closedBy }),
      incident.severity,
      incident.class,
      incident.subject,
      detail.watched.length > 0,
      detail.history === true,
      incident.peakScore,
      incident.models.join(' '),
      incident.acknowledgedBy,
      incident.assignedTo,
      incident.ordinary,
      incident.reasons[0]?.words ?? '',
      culprits.prefixes.map(({ name }) => name).join(' '),
      culprits.origins.map(({ name }) => name).join(' '),
    ];
  });
  return [HEAD, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
