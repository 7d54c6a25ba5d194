import type { Pool } from 'pg';
import { pathGraph } from '../pathGraph.js';
import type { IncidentFacts } from '../report/incidentReport.js';
import { evidenceBetween, featureSeries } from './features.js';
import { incident, windowOf } from './incidents.js';

const MINUTE = 60_000;

/** All that a report of an incident says; null where there is no such incident. */
export async function incidentFacts(pool: Pool, id: number, now: number): Promise<IncidentFacts | null> {
  const found = await incident(pool, id);
  if (found === null) return null;
  const { from, until, end } = windowOf(found);
  const [features, evidence] = await Promise.all([
    featureSeries(pool, found.stream, from, until, found.startedAt),
    // Evidence may come some minutes before the models are sure.
    evidenceBetween(pool, found.stream, found.startedAt - 10 * MINUTE, end),
  ]);
  return { incident: found, features, graph: pathGraph(evidence), now };
}
