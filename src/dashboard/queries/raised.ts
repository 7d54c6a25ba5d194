import type { Pool } from 'pg';
import { alertsLastDay, raisedIncidents } from '../../storage/raisedIncidents.js';
import type { Raised } from '../api/schema.js';

/** What was raised a day, beside what the operator is ready to read; of one stream, or of all. */
export async function raisedOf(pool: Pool, budget: number, stream: string | undefined): Promise<Raised> {
  const rows = await raisedIncidents(pool, stream);
  return { budget, alertsLastDay: alertsLastDay(rows), rows };
}
