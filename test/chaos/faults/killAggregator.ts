import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { openPool } from '../../../src/storage/pool.js';
import type { Fault } from './fault.js';
import { kill } from './processes.js';

const LONGEST_WAIT_MILLISECONDS = 8_000;
const LOOK_MILLISECONDS = 20;

/** Waits, but not for ever, until some service waits for the pages. */
async function wanted(pool: Pool): Promise<void> {
  const until = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while (performance.now() < until) {
    const { rows } = await pool.query<{ waiting: number }>(
      `SELECT count(*)::integer AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%aggregator_pages%'`,
    );
    if (rows[0]!.waiting > 0) return;
    await sleep(LOOK_MILLISECONDS);
  }
}

/**
 * Holds the pages of what the aggregator knows until it wants to write some, and kills it in the midst of that; then until
 * the next one wants to read them back, and kills that too.
 */
export const killAggregator: Fault = {
  name: 'kill -9 of the aggregator that writes, and of the next that reads its tables',
  hindrance: () => null,
  async strike(subject) {
    const pool = openPool(subject.postgres.steadyUrl, { name: 'chaos kill', maximum: 2, onError: () => {} });
    try {
      for (const _ of ['writes', 'reads']) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          await client.query('LOCK TABLE aggregator_pages IN ACCESS EXCLUSIVE MODE');
          await wanted(pool);
          await kill(subject, 'aggregator');
        } finally {
          await client.query('ROLLBACK').finally(() => client.release());
        }
      }
    } finally {
      await pool.end();
    }
    return ['aggregator'];
  },
};
