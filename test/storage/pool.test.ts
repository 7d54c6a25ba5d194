import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTransaction, openPool, type Pool } from '../../src/storage/pool.js';
import { storeIsAway } from '../../src/storage/storeAway.js';
import { TcpProxy } from '../chaos/stores/tcpProxy.js';
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

test('a server that falls silent in the middle fails the statement in time, as one that is away, and a new connection goes on', async () => {
  const { port } = new URL(database.url);
  const proxy = await TcpProxy.listen(() => Number(port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  url.hostname = '127.0.0.1';
  const limited = openPool(url.href, { name: 'test', maximum: 2, answerSeconds: 0.5, onError: () => {} });
  try {
    // Both are connected.
    await Promise.all([1, 2].map(() => limited.query('SELECT pg_sleep(0.2)')));
    proxy.delayMilliseconds = 900;
    const silent = await Promise.all([
      limited.query('SELECT 1').catch((error: unknown) => error),
      inTransaction(limited, (client) => client.query('SELECT 1')).catch((error: unknown) => error),
    ]);
    expect(silent.map((error) => storeIsAway(error))).toEqual([true, true]);
    proxy.delayMilliseconds = 0;
    expect((await limited.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await inTransaction(limited, async (client) => (await client.query('SELECT 2 AS two')).rows)).toEqual([
      { two: 2 },
    ]);
  } finally {
    proxy.cut(() => true);
    await limited.end();
    await proxy.close();
  }
});
