import type { Pool } from 'pg';
import { incidentById } from '../../storage/incidents.js';
import type { Victims } from '../api/schema.js';
import { victimsOf } from '../victims.js';
import { pathEvidence } from './incidents.js';

const MINUTE = 60_000;

/** Every prefix that an incident hit, with holders and their names; null if the incident does not exist. */
export async function incidentVictims(
  pool: Pool,
  id: number,
  nameOf: (asNumber: number) => string | undefined,
): Promise<Victims | null> {
  const found = await incidentById(pool, id);
  if (found === null) return null;
  const minutes = await pathEvidence(pool, {
    stream: found.stream,
    startedAt: found.startedAt * MINUTE,
    endedAt: found.endedAt === null ? null : found.endedAt * MINUTE,
    lastMinute: found.lastMinute * MINUTE,
  });
  const { class: name, subject, culprits, detail } = found;
  return victimsOf({
    class: name,
    subject,
    culprits,
    evidence: detail.evidence,
    watched: detail.watched,
    minutes,
    nameOf,
  });
}
