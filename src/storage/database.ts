import { existsSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { DirectoryInUse, DirectoryLock, type Holder, holderOf } from './directoryLock.js';
import { EmbeddedPostgres, emptyOf, runningServer } from './embeddedPostgres.js';
import { migrate, requireSchema } from './migrations.js';

export { DirectoryInUse } from './directoryLock.js';
export { stopLeftover } from './embeddedPostgres.js';

/** A start that cannot finish is over within ten seconds. */
const REACH_MILLISECONDS = 5_000;

export interface DatabaseSettings {
  databaseUrl?: string | undefined;
  dataDirectory: string;
}

/** A migrated database to work with. `close` stops the server if this call started it. */
export interface OpenedDatabase {
  databaseUrl: string;
  /** yours: DATABASE_URL; own: the embedded server, started here; shared: the embedded server of another process. */
  origin: 'yours' | 'own' | 'shared';
  /** Called when a server started here ends by itself. */
  onExit(handler: (code: number | null) => void): void;
  close(): Promise<void>;
}

/**
 * Opens the database that the settings name, or the embedded one, and brings its schema up to date.
 * @param lookOnly makes no table: a database without those of this program is refused
 * @param share use the embedded server of another process if one runs, instead of refusing
 * @param fresh throw away what the own database's directory holds, once it is claimed; a database of yours stays
 * @throws DirectoryInUse when another process has the directory and `share` is false
 * @throws Error in words when the database cannot be reached
 */
export async function openDatabase(
  settings: DatabaseSettings,
  options: { share: boolean; fresh?: boolean; lookOnly?: boolean; log: (line: string) => void },
): Promise<OpenedDatabase> {
  const prepare = (databaseUrl: string) =>
    options.lookOnly === true ? requireSchema(databaseUrl, options.log) : migrate(databaseUrl, options.log);
  if (settings.databaseUrl !== undefined) {
    await reach(settings.databaseUrl);
    await prepare(settings.databaseUrl);
    return { databaseUrl: settings.databaseUrl, origin: 'yours', onExit: () => {}, close: async () => {} };
  }
  // They speak of other servers, and pg would let them change how ours is reached (PGSSLMODE, PGOPTIONS).
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]+$/.test(name)) delete process.env[name];
  const directory = resolve(settings.dataDirectory);
  const running = options.share ? await runningServer(directory) : null;
  if (running !== null) {
    await prepare(running.databaseUrl);
    return { databaseUrl: running.databaseUrl, origin: 'shared', onExit: () => {}, close: async () => {} };
  }
  // Before anything is touched: another process may work in it.
  const lock = await DirectoryLock.take(directory);
  let server: EmbeddedPostgres | null = null;
  try {
    const started = await EmbeddedPostgres.start(directory, options);
    server = started;
    await prepare(started.databaseUrl);
    return {
      databaseUrl: started.databaseUrl,
      origin: 'own',
      onExit: (handler) => started.onExit(handler),
      close: async () => {
        await started.stop();
        lock.release();
      },
    };
  } catch (error) {
    await server?.stop();
    lock.release();
    throw error;
  }
}

/** Whether the program has made a database of its own in this directory. */
export async function hasOwnDatabase(dataDirectory: string): Promise<boolean> {
  const directory = resolve(dataDirectory);
  return existsSync(join(directory, 'credentials.json')) || (await runningServer(directory)) !== null;
}

/** Removes a data directory and the own database with it, unless a living process has it. */
export async function removeDirectory(dataDirectory: string): Promise<void> {
  const directory = resolve(dataDirectory);
  let lock: DirectoryLock;
  try {
    lock = await DirectoryLock.take(directory);
  } catch (error) {
    if (error instanceof DirectoryInUse) return;
    throw error;
  }
  try {
    emptyOf(directory);
  } finally {
    lock.release();
  }
  try {
    rmdirSync(directory);
  } catch (error) {
    // Another start came just now.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Whose directory this is, when a living process has it. */
export function ownerOf(dataDirectory: string): Promise<Holder | 'silent' | null> {
  return holderOf(resolve(dataDirectory));
}

async function reach(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: REACH_MILLISECONDS });
  try {
    await client.connect();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `cannot reach PostgreSQL at DATABASE_URL (${message || code}): check host, port, user and database; without DATABASE_URL Routewarden starts its own`,
    );
  }
  await client.end();
}
