import type { PoolClient } from 'pg';
import { raiseAlert, resolveAlert } from '../storage/alerts.js';
import { incidentsNear, relateIncident, storeIncidents } from '../storage/incidents.js';
import { incidentAlert, incidentFingerprint } from './alerts/incidentAlert.js';
import type { CorrelatorContext } from './correlator.js';
import type { Incident, IncidentChange } from './incident.js';
import { leaderOf } from './related.js';

/** Stores incidents, relates each to those near it, and raises or resolves its alerts, in the caller's transaction. */
export async function storeFindings(
  client: PoolClient,
  stream: string,
  incidents: readonly Incident[],
  changes: readonly IncidentChange[],
  options: Pick<CorrelatorContext, 'settings'> & { now: () => Date },
): Promise<void> {
  const ids = await storeIncidents(client, incidents);
  for (const [at, incident] of incidents.entries()) {
    const id = ids[at]!;
    const near = await incidentsNear(client, stream, incident.startedAt, options.settings.relatedMinutes);
    await relateIncident(client, id, leaderOf({ ...incident, id }, near));
  }
  for (const change of changes) {
    const alert = incidentAlert(change);
    if (change.type !== 'closed') await raiseAlert(client, alert, options.now());
    else await resolveAlert(client, incidentFingerprint(change.incident), options.now(), alert);
  }
}
