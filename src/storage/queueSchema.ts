import type { Pool } from 'pg';

/** Where BullMQ's PostgreSQL backend has its tables. */
export const QUEUE_SCHEMA = 'bullmq';

/** Clocks of processes differ by less; no lock of a job is longer. */
const SLACK_MILLISECONDS = 120_000;

/**
 * Takes back times that BullMQ 6.7's PostgreSQL backend wrote by a clock that was ahead and has been set back since: that
 * of the last look for stalled jobs, before whose time it looks no more, and those until which jobs are locked. Redis
 * lets both run out by a clock of its own. The server's clock is taken for the true one.
 * @returns how many there were
 */
export async function takeBackFutureTimes(pool: Pool): Promise<number> {
  const now = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
  const looks = await pool.query(
    `DELETE FROM ${QUEUE_SCHEMA}.meta WHERE field = 'stalled-check' AND value::bigint > ${now} + $1::bigint`,
    [SLACK_MILLISECONDS],
  );
  const locks = await pool.query(
    `UPDATE ${QUEUE_SCHEMA}.job SET locked_until_ms = ${now}
     WHERE state = 'active' AND locked_until_ms > ${now} + $1::bigint`,
    [SLACK_MILLISECONDS],
  );
  return (looks.rowCount ?? 0) + (locks.rowCount ?? 0);
}
