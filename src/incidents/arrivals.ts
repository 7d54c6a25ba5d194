import type { PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import { raiseAlert } from '../storage/alerts.js';
import { takeHistoryAway } from '../storage/incidents.js';
import { incidentAlert } from './alerts/incidentAlert.js';

/**
 * Raises incidents that were found in history and are still open now that the minutes are those of now, whichever stage
 * found them: a hijack that ran before the start is news to whoever starts.
 */
export async function tellArrived(client: PoolClient, stream: string, minute: Minute, now: Date): Promise<void> {
  for (const { id, ...incident } of await takeHistoryAway(client, stream)) {
    await raiseAlert(client, incidentAlert({ type: 'opened', minute, incident }, id), now);
  }
}
