import type { Pool } from 'pg';
import { listServices, type ServiceRow, withoutReplaced } from '../../storage/services.js';
import type { Service } from '../api/schema.js';

const MOST = 200;
/** Five beats: a process whose place was taken is over by then. */
const REPLACED_SECONDS = 10;

/**
 * Every service's newest process, and older ones only while they still beat: one that ended in order is not missed
 * where another took its place.
 * @param now wall clock in milliseconds
 */
export async function services(pool: Pool, now: number, staleAfter: number): Promise<Service[]> {
  const newest = new Map<string, ServiceRow>();
  const known = withoutReplaced(await listServices(pool), REPLACED_SECONDS);
  for (const row of known) {
    const other = newest.get(row.name);
    if (other === undefined || row.heartbeatAt > other.heartbeatAt) newest.set(row.name, row);
  }
  const shown = known.filter(
    (row) =>
      newest.get(row.name) === row || (row.state !== 'stopped' && row.heartbeatAt.getTime() > now - staleAfter * 1000),
  );
  return shown.slice(0, MOST).map((row) => {
    const secondsSilent = Math.max(0, (now - row.heartbeatAt.getTime()) / 1000);
    return {
      instance: row.instance,
      name: row.name,
      host: row.host,
      pid: row.pid,
      state: row.state,
      restarts: row.restarts,
      startedAt: row.startedAt.getTime(),
      heartbeatAt: row.heartbeatAt.getTime(),
      secondsSilent,
      healthy: secondsSilent <= staleAfter && !['stopped', 'failed', 'crashed'].includes(row.state),
    };
  });
}
