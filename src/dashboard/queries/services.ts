import type { Pool } from 'pg';
import type { Service } from '../api/schema.js';

/**
 * Every service's newest process, and older ones only while they still beat.
 * @param now wall clock in milliseconds
 */
export async function services(pool: Pool, now: number, staleAfter: number): Promise<Service[]> {
  const { rows } = await pool.query<{
    instance: string;
    name: string;
    host: string;
    pid: number;
    state: string;
    restarts: number;
    started_at: Date;
    heartbeat_at: Date;
    newest: boolean;
  }>(
    `SELECT * FROM (
       SELECT instance, name, host, pid, state, restarts, started_at, heartbeat_at,
         row_number() OVER (PARTITION BY name ORDER BY heartbeat_at DESC) = 1 AS newest FROM services) known
     WHERE newest OR heartbeat_at > $1 ORDER BY name, instance LIMIT 200`,
    [new Date(now - staleAfter * 1000)],
  );
  return rows.map((row) => {
    const secondsSilent = Math.max(0, (now - row.heartbeat_at.getTime()) / 1000);
    return {
      instance: row.instance,
      name: row.name,
      host: row.host,
      pid: row.pid,
      state: row.state,
      restarts: row.restarts,
      startedAt: row.started_at.getTime(),
      heartbeatAt: row.heartbeat_at.getTime(),
      secondsSilent,
      healthy: secondsSilent <= staleAfter && !['stopped', 'failed', 'crashed'].includes(row.state),
    };
  });
}
