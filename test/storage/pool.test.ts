import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTransaction, openPool, type Pool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let pool: Pool;
const errors: string[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', onError: (error) => errors.push(error.message) });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

test('a connection that is cut between two statements of a transaction costs the transaction, not the process', async () => {
  const work = inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const cut = new Promise((done) => client.once('end', done));
    await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await cut;
    await client.query('SELECT 1');
  });
  await expect(work).rejects.toThrow();
  expect(errors.join()).toMatch(/terminat/i);
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
