import type { Pool, PoolClient } from 'pg';
import { newestAlerts, raiseAlert, resolveAlert } from '../../storage/alerts.js';
import { inTransaction } from '../../storage/pool.js';
import { storeIsAway } from '../../storage/storeAway.js';
import { severityRank } from '../severity.js';
import type { Alert, AlertKind } from './alert.js';
import type { Seen, Trouble } from './watches/watch.js';

function occurrenceOf(alert: Alert | undefined): number {
  const told = alert?.body.facts?.occurrence;
  return typeof told === 'number' ? told : Number.NEGATIVE_INFINITY;
}

export interface Reconciled {
  raised: number;
  resolved: number;
  /** Why something could not be raised or resolved; the rest was. */
  bad: string[];
}

/**
 * Brings the open alerts of one kind in line with what there is: raises what is new or graver, resolves what has passed
 * or is gone. What was sent is read from the alerts themselves, so a restart repeats and loses nothing.
 * Each alert is written alone: one that the database refuses is counted, and the others are written.
 */
export async function reconcileAlerts(
  pool: Pool,
  kind: AlertKind,
  { troubles, bad: unread }: Seen,
  now: Date,
): Promise<Reconciled> {
  return inTransaction(pool, async (client) => {
    const known = await newestAlerts(
      client,
      kind,
      troubles.map(({ request }) => request.fingerprint),
    );
    const told = new Map(known.map((alert) => [alert.fingerprint, alert]));
    const done: Reconciled = { raised: 0, resolved: 0, bad: [...unread] };
    for (const trouble of troubles) {
      const { fingerprint } = trouble.request;
      const alert = told.get(fingerprint);
      told.delete(fingerprint);
      await alone(client, fingerprint, done, () => bringInLine(client, trouble, alert, now));
    }
    // A row that cannot be read may be what an open alert is about.
    if (unread.length > 0) return done;
    for (const alert of told.values()) {
      if (alert.resolvedAt !== null || alert.body.once === true) continue;
      await alone(client, alert.fingerprint, done, async () => ({
        raised: 0,
        resolved: await resolveAlert(client, alert.fingerprint, now),
      }));
    }
    return done;
  });
}

async function bringInLine(
  client: PoolClient,
  { request, occurrence, over = false, tellAgain = false }: Trouble,
  alert: Alert | undefined,
  now: Date,
): Promise<{ raised: number; resolved: number }> {
  const facts = occurrence === undefined ? request.facts : { ...request.facts, occurrence };
  const open = alert !== undefined && alert.resolvedAt === null;
  const fresh = occurrence === undefined ? !open : occurrence > occurrenceOf(alert);
  const graver = open && severityRank(request.severity) > severityRank(alert.severity);
  const raises = open ? (fresh && tellAgain) || graver : fresh;
  if (raises) await raiseAlert(client, { ...request, facts, grown: fresh && tellAgain }, now);
  const ends = over && (raises || open);
  return {
    raised: raises ? 1 : 0,
    resolved: ends ? await resolveAlert(client, request.fingerprint, now, { ...request, facts }) : 0,
  };
}

/** Undoes and counts what the database refuses of one alert. @throws what says that the database itself is away */
async function alone(
  client: PoolClient,
  fingerprint: string,
  done: Reconciled,
  work: () => Promise<{ raised: number; resolved: number }>,
): Promise<void> {
  await client.query('SAVEPOINT one_alert');
  try {
    const { raised, resolved } = await work();
    done.raised += raised;
    done.resolved += resolved;
  } catch (error) {
    if (storeIsAway(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT one_alert');
    done.bad.push(`${fingerprint.slice(0, 200)}: ${(error as Error).message}`);
  }
  await client.query('RELEASE SAVEPOINT one_alert');
}
