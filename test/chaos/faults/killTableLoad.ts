import pg from 'pg';
import { migrate } from '../../../src/storage/migrations.js';
import { openPool } from '../../../src/storage/pool.js';
import { aggregated, logUpdates, rowsOf } from '../../collection/tableKills.js';
import type { Fault } from './fault.js';

const DATABASE = 'chaos_table';
/** Two and a half minutes. */
const BATCHES = 60;
/** The second leaves a stand behind, which the later ones read back. */
const FIRST_KILLS = ['learns:4', 'INSERT INTO cursors:2'];
const LATER_KILLS = ['FROM aggregator_pages:2', 'INSERT INTO aggregator_pages:2', 'INSERT INTO features:1'];

/**
 * The line plays on the feed's clock, where no stream begins with a table dump: this one does so beside it, on the same
 * server, in a database of its own. Its aggregator is killed while it learns the table, stores it or reads it back.
 */
export const killTableLoad: Fault = {
  name: 'kill -9 of an aggregator that loads, stores or reads back a table',
  hindrance: () => null,
  async strike({ postgres }, random) {
    const admin = new pg.Client({ connectionString: postgres.steadyUrl });
    await admin.connect();
    try {
      await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${DATABASE}`);
      const url = new URL(postgres.steadyUrl);
      url.pathname = `/${DATABASE}`;
      await migrate(url.href, () => {});
      const pool = openPool(url.href, { name: 'chaos table', onError: () => {} });
      try {
        await logUpdates(pool, BATCHES);
        await aggregated(url.href, '');
        const wanted = JSON.stringify(await rowsOf(pool));
        await pool.query('TRUNCATE cursors, aggregator_pages, features');
        for (const kill of [...FIRST_KILLS, random.pick(LATER_KILLS)]) await aggregated(url.href, kill);
        await aggregated(url.href, '');
        if (wanted === '[]') throw new Error('no rows after the table');
        if (JSON.stringify(await rowsOf(pool)) !== wanted) throw new Error('rows after the table differ');
      } finally {
        await pool.end();
      }
      await admin.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
    } finally {
      await admin.end();
    }
    return [];
  },
};
