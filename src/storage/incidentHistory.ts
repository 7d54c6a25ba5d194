import type { Minute } from '../features/row.js';
import type { Incident } from '../incidents/incident.js';
import { INCIDENT_COLUMNS, type IncidentRow, incidentOf, type StoredIncident } from './incidents.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** Those that the correlator leads, in the order in which they began: the watch leads its own. */
export async function openIncidents(db: Db, stream: string): Promise<Incident[]> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE stream = $1 AND ended_at IS NULL AND detail->>'openedBy' <> 'watch'
     ORDER BY started_at, subject COLLATE "C"`,
    [stream],
  );
  return rows.map((row) => plainOf(incidentOf(row)));
}

/** What the correlator needs of a stream's closed incidents, up to and including `until`. */
export async function incidentHistory(
  db: Db,
  stream: string,
  until: Minute,
): Promise<{
  ends: Record<string, Minute>;
  evidenceStarts: Minute[];
  doubtfulStarts: Minute[];
  accepted: Incident | null;
}> {
  const { rows } = await db.query<{ starts: number[]; doubtful: number[] }>(
    `SELECT coalesce(array_agg(${minuteOf('started_at')} ORDER BY started_at)
         FILTER (WHERE is_fresh AND NOT detail ? 'doubtful'), '{}') AS starts,
       coalesce(array_agg(${minuteOf('started_at')} ORDER BY started_at)
         FILTER (WHERE is_fresh AND detail ? 'doubtful'), '{}') AS doubtful
     FROM (SELECT *, detail->>'openedBy' = 'evidence' AND started_at > ${timeOf('$2')} - interval '1 day' AS is_fresh
       FROM incidents WHERE stream = $1) of_stream`,
    [stream, until],
  );
  const last = await db.query<IncidentRow>(
    `SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE stream = $1 AND subject = '' AND ended_at IS NOT NULL
     ORDER BY started_at DESC LIMIT 1`,
    [stream],
  );
  const accepted = last.rows.map(incidentOf).find(({ detail }) => detail.accepted !== undefined);
  return {
    ends: await endsBySubject(db, stream, until),
    evidenceStarts: rows[0]!.starts,
    doubtfulStarts: rows[0]!.doubtful,
    accepted: accepted === undefined ? null : plainOf(accepted),
  };
}

/** An incident looks back no further than an hour. */
const LONGEST_LOOK_BACK = "interval '1 hour'";

/** When the last incident of each subject ended that did so in the hour up to and including `until`. */
export async function endsBySubject(db: Db, stream: string, until: Minute): Promise<Record<string, Minute>> {
  const { rows } = await db.query<{ subject: string; ended: Minute }>(
    `SELECT subject, ${minuteOf('max(ended_at)')} AS ended FROM incidents
     WHERE stream = $1 AND ended_at <= ${timeOf('$2')} AND ended_at > ${timeOf('$2')} - ${LONGEST_LOOK_BACK}
     GROUP BY subject`,
    [stream, until],
  );
  return Object.fromEntries(rows.map(({ subject, ended }) => [subject, ended]));
}

function plainOf(stored: StoredIncident): Incident {
  const { id, relatedTo, acknowledgedBy, acknowledgedAt, assignedTo, note, ordinary, ...incident } = stored;
  return incident;
}
