import type { Pool } from 'pg';
import type { IncidentFacts } from '../report/incidentReport.js';
import { featureSeries } from './features.js';
import { incident, incidentPaths, windowOf } from './incidents.js';
import { incidentVictims } from './victims.js';

/** All that a report of an incident says; null if the incident does not exist. */
export async function incidentFacts(
  pool: Pool,
  id: number,
  now: number,
  nameOf: (asNumber: number) => string | undefined,
): Promise<IncidentFacts | null> {
  const found = await incident(pool, id);
  if (found === null) return null;
  const { from, until } = windowOf(found);
  const [features, graph, victims] = await Promise.all([
    featureSeries(pool, found.stream, from, until, found.startedAt),
    incidentPaths(pool, id),
    incidentVictims(pool, id, nameOf),
  ]);
  if (graph === null) return null;
  return { incident: found, features, graph, victims, now };
}
