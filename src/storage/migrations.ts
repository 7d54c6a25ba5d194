import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunnerOption } from 'node-pg-migrate';
import pg from 'pg';
import { packageRoot } from '../config/paths.js';

const DIRECTORY = join(packageRoot, 'src/storage/migrations');
const TABLE = 'routewarden_migrations';

/**
 * Brings the schema up to date, under the library's advisory lock, so that any number of processes may call it at once.
 * @returns the names of the migrations that this call ran
 * @throws Error when the database is of a newer program than this one
 */
export async function migrate(databaseUrl: string, log: (message: string) => void): Promise<string[]> {
  return await onConnection(databaseUrl, log, async (client) => {
    if (!(await isBehind(client))) return [];
    const ran = await runMigrations(options(client, log));
    return ran.map((migration) => migration.name);
  });
}

/**
 * Leaves the database as it is.
 * @throws Error when it holds no tables of this program, or those of another version
 */
export async function requireSchema(databaseUrl: string, log: (message: string) => void): Promise<void> {
  await onConnection(databaseUrl, log, async (client) => {
    const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [TABLE]);
    if (rows[0]?.there !== true) throw new Error('this database holds nothing of Routewarden yet');
    if (await isBehind(client)) {
      throw new Error(
        'the tables of this database are older than this program: `routewarden start` brings them up to date',
      );
    }
  });
}

/** Makes all tables, empty, in a schema of their own, which is made too. */
export async function migrateInto(databaseUrl: string, schema: string, log: (message: string) => void): Promise<void> {
  await onConnection(databaseUrl, log, async (client) => {
    await runMigrations({ ...options(client, log), schema, createSchema: true });
  });
}

/** The library is loaded only when there is something to migrate, which most commands never see. */
async function runMigrations(given: RunnerOption) {
  const { runner } = await import('node-pg-migrate');
  return await runner(given);
}

function options(dbClient: pg.Client, log: (message: string) => void): RunnerOption {
  return {
    dbClient,
    dir: DIRECTORY,
    direction: 'up',
    migrationsTable: TABLE,
    // Waits for another process that migrates, rather than failing.
    advisoryLockMode: 'wait',
    logger: { debug: () => {}, info: () => {}, warn: log, error: log },
  } as RunnerOption;
}

/**
 * A connection of our own, since the library does not wait for the end of those that it opens: a server that is stopped
 * right afterwards would cut it, which ends the process.
 */
async function onConnection<T>(
  databaseUrl: string,
  log: (message: string) => void,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', (error) => log(`the connection of the migrations: ${error.message}`));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @throws Error when the database is of a newer program than this one */
async function isBehind(client: pg.Client): Promise<boolean> {
  const known = (await readdir(DIRECTORY)).map((file) => file.replace(/\.sql$/, ''));
  const exists = await client.query('SELECT to_regclass($1) IS NOT NULL AS yes', [TABLE]);
  if (!exists.rows[0].yes) return true;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLE}`);
  const ran = rows.map((row) => row.name);
  const unknown = ran.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `the database was migrated by a newer Routewarden (${unknown.join(', ')}): upgrade this one, or name another DATABASE_URL`,
    );
  }
  return known.some((name) => !ran.includes(name));
}
