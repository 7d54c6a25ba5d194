import type { Pool } from 'pg';
import { newestAlerts, raiseAlert, resolveAlert } from '../../storage/alerts.js';
import { inTransaction } from '../../storage/pool.js';
import { severityRank } from '../severity.js';
import type { Alert, AlertKind } from './alert.js';
import type { Trouble } from './watches/watch.js';

function occurrenceOf(alert: Alert | undefined): number {
  const told = alert?.body.facts?.occurrence;
  return typeof told === 'number' ? told : Number.NEGATIVE_INFINITY;
}

/**
 * Brings the open alerts of one kind in line with what there is: raises what is new or graver, resolves what has passed
 * or is not there any more. What was told is read from the alerts themselves, so a restart repeats and loses nothing.
 */
export async function reconcileAlerts(
  pool: Pool,
  kind: AlertKind,
  troubles: readonly Trouble[],
  now: Date,
): Promise<{ raised: number; resolved: number }> {
  return inTransaction(pool, async (client) => {
    const known = await newestAlerts(
      client,
      kind,
      troubles.map(({ request }) => request.fingerprint),
    );
    const told = new Map(known.map((alert) => [alert.fingerprint, alert]));
    let raised = 0;
    let resolved = 0;
    for (const { request, occurrence, over = false, tellAgain = false } of troubles) {
      const alert = told.get(request.fingerprint);
      told.delete(request.fingerprint);
      const facts = occurrence === undefined ? request.facts : { ...request.facts, occurrence };
      const open = alert !== undefined && alert.resolvedAt === null;
      const fresh = occurrence === undefined ? !open : occurrence > occurrenceOf(alert);
      const graver = open && severityRank(request.severity) > severityRank(alert.severity);
      if (open ? (fresh && tellAgain) || graver : fresh) {
        await raiseAlert(client, { ...request, facts, grown: fresh && tellAgain }, now);
        raised += 1;
      } else if (!open) continue;
      if (over) resolved += await resolveAlert(client, request.fingerprint, now, { ...request, facts });
    }
    for (const alert of told.values()) {
      if (alert.resolvedAt === null && alert.body.once !== true) {
        resolved += await resolveAlert(client, alert.fingerprint, now);
      }
    }
    return { raised, resolved };
  });
}
