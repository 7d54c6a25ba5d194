import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres, runningServer } from './embeddedPostgres.js';
import { isAlive } from './leftoverPostgres.js';
import { migrate, requireSchema } from './migrations.js';
import * as ownFiles from './ownFiles.js';

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

export class DirectoryInUse extends Error {
  constructor(directory: string, pid: number, since: string) {
    super(
      `${directory} is in use by Routewarden process ${pid} since ${since}: stop it (\`npx routewarden stop\`), or choose ` +
        'another directory with --data-directory or ROUTEWARDEN_DATA_DIRECTORY',
    );
    this.name = 'DirectoryInUse';
  }
}

/**
 * Opens the database that the settings name, or the embedded one, and brings its schema up to date.
 * @param lookOnly makes no table: a database without those of this program is refused
 * @param share use the embedded server of another process if one runs, instead of refusing
 * @throws DirectoryInUse when another process has the directory and `share` is false
 * @throws Error in words when the database cannot be reached
 */
export async function openDatabase(
  settings: DatabaseSettings,
  options: { share: boolean; log: (line: string) => void; lookOnly?: boolean },
): Promise<OpenedDatabase> {
  const prepare = (databaseUrl: string) =>
    options.lookOnly === true ? requireSchema(databaseUrl, options.log) : migrate(databaseUrl, options.log);
  if (settings.databaseUrl !== undefined) {
    await reach(settings.databaseUrl);
    await prepare(settings.databaseUrl);
    return { databaseUrl: settings.databaseUrl, origin: 'yours', onExit: () => {}, close: async () => {} };
  }
  const directory = resolve(settings.dataDirectory);
  const running = runningServer(directory);
  if (running !== null && options.share) {
    await prepare(running.databaseUrl);
    return { databaseUrl: running.databaseUrl, origin: 'shared', onExit: () => {}, close: async () => {} };
  }
  const release = claim(directory);
  try {
    const server = await EmbeddedPostgres.start(directory, options.log);
    await prepare(server.databaseUrl);
    return {
      databaseUrl: server.databaseUrl,
      origin: 'own',
      onExit: (handler) => server.onExit(handler),
      close: async () => {
        await server.stop();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Whether the program has made a database of its own in this directory. */
export function hasOwnDatabase(dataDirectory: string): boolean {
  const directory = resolve(dataDirectory);
  return existsSync(join(directory, 'credentials.json')) || runningServer(directory) !== null;
}

/** Whose directory this is, when a living process has it. */
export function ownerOf(dataDirectory: string): { pid: number; since: string } | null {
  const owner = ownFiles.readOwnFile(ownerFile(resolve(dataDirectory)), ownFiles.ownerFile);
  return owner !== null && isAlive(owner.pid) ? owner : null;
}

function ownerFile(directory: string): string {
  return join(directory, 'owner.json');
}

/** One process a directory: the owner file is made exclusively, and taken over from a process that is gone. */
function claim(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const file = ownerFile(directory);
  const content = JSON.stringify({ pid: process.pid, since: new Date().toISOString() });
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, content, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
      const owner = ownerOf(directory);
      if (owner !== null) throw new DirectoryInUse(directory, owner.pid, owner.since);
      rmSync(file, { force: true });
    }
  }
}

async function reach(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
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
