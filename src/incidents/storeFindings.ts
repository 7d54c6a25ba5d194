import type { PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import { raiseAlert, resolveAlert } from '../storage/alerts.js';
import { acknowledgedIncidents, incidentsNear, relateIncident, storeIncidents } from '../storage/incidents.js';
import { incidentAlert, incidentFingerprint } from './alerts/incidentAlert.js';
import type { CorrelatorContext } from './correlator.js';
import type { Incident, IncidentChange } from './incident.js';
import { leaderOf } from './related.js';

export interface Findings {
  incidents: readonly Incident[];
  changes: readonly IncidentChange[];
  /** The last minute that was looked at. */
  until: Minute;
}

const keyOf = ({ startedAt, subject }: Incident) => `${startedAt} ${subject}`;

/**
 * Stores incidents, relates each to those near it, and raises or resolves its alerts, in the caller's transaction. What
 * is found in history is marked so; an incident that still goes on when the minutes are those of now is raised then.
 */
export async function storeFindings(
  client: PoolClient,
  stream: string,
  findings: Findings,
  options: Pick<CorrelatorContext, 'settings'> & { now: () => Date; historyBefore?: () => Minute },
): Promise<void> {
  const { until } = findings;
  const before = options.historyBefore?.() ?? Number.NEGATIVE_INFINITY;
  // The first change of each: a stage may know of an incident without the mark that it had in the database.
  const changed = new Map(
    findings.changes
      .filter(({ type }) => type !== 'closed')
      .reverse()
      .map(({ minute, incident }) => [keyOf(incident), minute]),
  );
  const incidents: Incident[] = [];
  const arrived: IncidentChange[] = [];
  for (const incident of findings.incidents) {
    const { history = false, ...detail } = incident.detail;
    const past = history || (changed.get(keyOf(incident)) ?? before) < before;
    const stays = past && (incident.endedAt !== null || until < before);
    const marked = { ...incident, detail: stays ? { ...detail, history: true } : detail };
    incidents.push(marked);
    if (past && !stays) arrived.push({ type: 'opened', minute: until, incident: marked });
  }
  const ids = await storeIncidents(client, incidents);
  const idOf = new Map(incidents.map((incident, at) => [keyOf(incident), ids[at]!]));
  const marks = new Map(incidents.map((incident) => [keyOf(incident), incident.detail.history === true]));
  for (const [at, incident] of incidents.entries()) {
    const id = ids[at]!;
    const near = await incidentsNear(client, stream, incident.startedAt, options.settings.relatedMinutes);
    await relateIncident(client, id, leaderOf({ ...incident, id }, near));
  }
  const acknowledged = await acknowledgedIncidents(client, ids);
  const told = findings.changes.map((change) => ({
    change,
    history: marks.get(keyOf(change.incident)) === true || change.minute < before,
  }));
  for (const { change, history } of [...told, ...arrived.map((change) => ({ change, history: false }))]) {
    const id = idOf.get(keyOf(change.incident));
    const alert = { ...incidentAlert(change, id), ...(history ? { history } : {}) };
    if (change.type === 'closed') {
      await resolveAlert(client, incidentFingerprint(change.incident), options.now(), alert);
      continue;
    }
    // Somebody looks after it: growth is no longer raised, a higher severity is.
    const known = id !== undefined && acknowledged.has(id);
    await raiseAlert(client, known ? { ...alert, grown: false } : alert, options.now());
  }
}
