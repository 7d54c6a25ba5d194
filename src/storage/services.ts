import type { Db, Pool } from './pool.js';

export type ServiceState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** One row a service process, kept true by its heartbeat. */
export interface ServiceRow {
  instance: string;
  name: string;
  host: string;
  pid: number;
  state: ServiceState;
  detail: Record<string, unknown>;
  restarts: number;
  startedAt: Date;
  heartbeatAt: Date;
  /** Seconds since the last heartbeat by the database's clock. */
  heartbeatAge: number;
}

export async function upsertService(
  pool: Pool,
  row: Pick<ServiceRow, 'instance' | 'name' | 'host' | 'pid' | 'state' | 'detail' | 'restarts'>,
): Promise<void> {
  await pool.query(
    `INSERT INTO services (instance, name, host, pid, state, detail, restarts) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (instance) DO UPDATE SET pid = excluded.pid, state = excluded.state, detail = excluded.detail,
       restarts = excluded.restarts, heartbeat_at = now(),
       started_at = CASE WHEN services.pid = excluded.pid THEN services.started_at ELSE now() END`,
    [row.instance, row.name, row.host, row.pid, row.state, JSON.stringify(row.detail), row.restarts],
  );
}

export async function listServices(pool: Pool): Promise<ServiceRow[]> {
  const { rows } = await pool.query(
    `SELECT instance, name, host, pid, state, detail, restarts, started_at, heartbeat_at,
       extract(epoch FROM now() - heartbeat_at)::float8 AS age FROM services ORDER BY name, instance`,
  );
  return rows.map((row) => ({
    instance: row.instance,
    name: row.name,
    host: row.host,
    pid: row.pid,
    state: row.state,
    detail: row.detail,
    restarts: row.restarts,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    heartbeatAge: row.age,
  }));
}

/**
 * Without processes that are over and have a successor: a killed supervisor leaves rows that nobody ends, and its
 * services have begun again on the same host.
 */
export function withoutReplaced(rows: readonly ServiceRow[], silentSeconds: number): ServiceRow[] {
  const isOver = ({ state, heartbeatAge }: ServiceRow) => state === 'stopped' || heartbeatAge > silentSeconds;
  return rows.filter(
    (row) =>
      !isOver(row) ||
      !rows.some((other) => other.name === row.name && other.host === row.host && other.heartbeatAt > row.heartbeatAt),
  );
}

/** Notices that a process has sent, or failed to send, through a channel since it began. */
export interface NoticeCount {
  instance: string;
  channel: string;
  sent: number;
  failed: number;
}

export async function noticeCounts(db: Db): Promise<NoticeCount[]> {
  const { rows } = await db.query<NoticeCount>(
    `SELECT instance, key AS channel, (value->>'sent')::float8 AS sent, (value->>'failed')::float8 AS failed
     FROM services s, jsonb_each(CASE jsonb_typeof(s.detail->'notices') WHEN 'object' THEN s.detail->'notices' ELSE '{}' END)
     ORDER BY instance, channel`,
  );
  return rows;
}

/** Names of services that beat within the last ten seconds. */
export async function liveServices(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT DISTINCT name FROM services
     WHERE state IN ('starting', 'running', 'draining') AND heartbeat_at > now() - interval '10 seconds' ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

/** Failures in a row from which work counts as failing: fewer are a store that restarts. */
const FAILURES = 3;
const FRESH_SECONDS = 30;

export interface FailingWork {
  instance: string;
  name: string;
  host: string;
  what: string;
  failures: number;
  since: string;
  error: string;
  /** Channels of alerts that the service has. */
  channels: number;
}

/** Work that fails again and again in services whose heartbeat goes on. */
export async function failingWork(db: Db): Promise<FailingWork[]> {
  const { rows } = await db.query<FailingWork>(
    `SELECT s.instance, s.name, s.host, f->>'what' AS what, (f->>'failures')::float8 AS failures, f->>'since' AS since,
       f->>'error' AS error,
       CASE jsonb_typeof(s.detail->'channels') WHEN 'array' THEN jsonb_array_length(s.detail->'channels') ELSE 0 END AS channels
     FROM services s, jsonb_array_elements(
       CASE jsonb_typeof(s.detail->'failing') WHEN 'array' THEN s.detail->'failing' ELSE '[]' END) AS f
     WHERE s.state IN ('running', 'draining') AND s.heartbeat_at > clock_timestamp() - make_interval(secs => $1)
       AND (f->>'failures')::float8 >= $2
     ORDER BY s.name, s.instance, what`,
    [FRESH_SECONDS, FAILURES],
  );
  return rows;
}

/** Those of the named services of which no process on this host has beaten within `seconds`. */
export async function silentOn(db: Db, host: string, names: readonly string[], seconds: number): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT wanted AS name FROM unnest($2::text[]) AS wanted WHERE NOT EXISTS (
       SELECT FROM services s WHERE s.name = wanted AND s.host = $1 AND s.state IN ('starting', 'running')
         AND s.heartbeat_at > clock_timestamp() - make_interval(secs => $3))`,
    [host, names, seconds],
  );
  return rows.map(({ name }) => name);
}
