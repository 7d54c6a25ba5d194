import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { SERVER_VARIABLE, TEMPLATE } from './postgresServer.js';

/** A database of the test's own, on the server that all test files share. */
export interface TestDatabase {
  url: string;
  pool: Pool;
  /** Another database on the server, without tables. @returns its URL */
  createBare(): Promise<string>;
  close(): Promise<void>;
}

/** A database with all tables, and as the product's pools read it. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const created: string[] = [];
  const create = async (template: string): Promise<string> => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    created.push(name);
    return `${serverUrl()}/${name}`;
  };
  const url = await create(TEMPLATE);
  // Connections end when their database is dropped.
  const pool = openPool(url, { name: 'test', maximum: 10, onError: () => {} });
  return {
    url,
    pool,
    createBare: () => create('template0'),
    async close() {
      await pool.end();
      for (const name of created) await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

function serverUrl(): string {
  const url = process.env[SERVER_VARIABLE];
  if (url === undefined)
    throw new Error(`${SERVER_VARIABLE} is not set: run the tests with Jest, which starts the server`);
  return url;
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${serverUrl()}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
