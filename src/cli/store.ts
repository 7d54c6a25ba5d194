import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import type { QueueStore } from '../../queues/store.js';
import { loadSettings, settingsFile } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { hasOwnDatabase, type OpenedDatabase, openDatabase } from '../storage/database.js';
import { hasSchema } from '../storage/databaseFacts.js';
import { noDirectory } from '../storage/directoryRoom.js';
import { openPool } from '../storage/pool.js';
import { QUEUE_SCHEMA } from '../storage/queueSchema.js';
import { say, UsageError } from './output.js';

/** The settings as the program's global options ask for them. */
export function settingsOf(program: Command, flags: Record<string, unknown> = {}): Settings {
  const { config, dataDirectory } = program.opts<{ config?: string; dataDirectory?: string }>();
  const { settings } = loadSettings(process.env, { file: config, flags: { dataDirectory, ...flags } });
  mustHaveDirectory(settings);
  return settings;
}

/** @throws UsageError where there can be no data directory */
export function mustHaveDirectory({ databaseUrl, dataDirectory }: Settings): void {
  const fault = databaseUrl === undefined ? noDirectory(dataDirectory) : null;
  if (fault === null) return;
  throw new UsageError(
    `the data directory ${dataDirectory} ${fault}: name a folder with --data-directory, ROUTEWARDEN_DATA_DIRECTORY or dataDirectory`,
  );
}

/** What a command works with, in words: where its settings came from, and its database. Secrets are left out. */
function placeOf(program: Command, settings: Settings): string {
  const file = settingsFile(process.env, program.opts<{ config?: string }>().config);
  const from = file === undefined ? 'no settings file' : `settings file ${file}`;
  if (settings.databaseUrl === undefined) return `${from}, own database in ${resolve(settings.dataDirectory)}`;
  const { host, pathname } = new URL(settings.databaseUrl);
  return `${from}, database ${host}${pathname}`;
}

export interface Store {
  settings: Settings;
  pool: Pool;
  databaseUrl: string;
  queues: QueueStore;
}

/**
 * Runs a command that only looks, and says which settings and database it looked at. Nothing is made: where there is no
 * database, the settings are those of somebody else.
 *
 * @throws Error without a database of this program
 */
export async function lookAt<T>(
  program: Command,
  work: (store: Omit<Store, 'queues'> & { origin: OpenedDatabase['origin'] }) => Promise<T>,
): Promise<T> {
  const settings = await presentSettings(program);
  say(placeOf(program, settings));
  return onDatabase(settings, true, work);
}

/** The settings, whose database is there. @throws Error if it is missing: the settings are somebody else's */
async function presentSettings(program: Command): Promise<Settings> {
  const settings = settingsOf(program);
  if (await hasDatabase(settings)) return settings;
  throw new Error(
    `there is no database here (${placeOf(program, settings)}): start the system with \`routewarden start\`, or give the ` +
      'settings of the one that runs (--config, ROUTEWARDEN_CONFIG, DATABASE_URL, ROUTEWARDEN_DATA_DIRECTORY)',
  );
}

/** Whether there is something to look into; of DATABASE_URL that is known only when it is opened. */
export async function hasDatabase({ databaseUrl, dataDirectory }: Settings): Promise<boolean> {
  return databaseUrl !== undefined || (await hasOwnDatabase(dataDirectory));
}

/** What fills a database makes one; what acts on what is there, does not. */
interface Making {
  makes?: boolean;
}

/**
 * Runs a command on the database alone: that of the running system, or the own one started for the command.
 * @throws Error if it is missing, unless the command `makes` one
 */
export async function withDatabase<T>(
  program: Command,
  work: (store: Omit<Store, 'queues'> & { origin: OpenedDatabase['origin'] }) => Promise<T>,
  { makes = false }: Making = {},
): Promise<T> {
  return onDatabase(makes ? settingsOf(program) : await presentSettings(program), !makes, work);
}

async function onDatabase<T>(
  settings: Settings,
  lookOnly: boolean,
  work: (store: Omit<Store, 'queues'> & { origin: OpenedDatabase['origin'] }) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(settings, { share: true, lookOnly, log: () => {} });
  const { databaseUrl, origin } = database;
  // Connections that the end itself breaks need not be reported.
  let ending = false;
  const pool = openPool(databaseUrl, { name: 'command', onError: (error) => ending || onTrouble(error) });
  try {
    return await work({ settings, pool, databaseUrl, origin });
  } finally {
    ending = true;
    await pool.end();
    await database.close();
  }
}

/** The same with the queues. BullMQ is loaded for it: half of what a command that needs none would take to start. */
export function withStore<T>(program: Command, work: (store: Store) => Promise<T>, making: Making = {}): Promise<T> {
  const withQueues = async ({
    settings,
    pool,
    databaseUrl,
    origin,
  }: Parameters<Parameters<typeof withDatabase>[1]>[0]) => {
    const { QueueStore } = await import('../../queues/store.js');
    let ending = false;
    const queues = new QueueStore({ ...settings, databaseUrl }, (error) => ending || onTrouble(error));
    try {
      if (origin === 'own' && queues.kind === 'postgres') await queues.prepare();
      return await work({ settings, pool, databaseUrl, queues });
    } finally {
      ending = true;
      await queues.close();
    }
  };
  return withDatabase(program, withQueues, making);
}

/** The same for what fills a database, and makes one if none exists. */
export function fillStore<T>(program: Command, work: (store: Store) => Promise<T>): Promise<T> {
  return withStore(program, work, { makes: true });
}

export const NO_QUEUES =
  'this database holds no queues: set REDIS_URL to the Redis that the services use, or start the services without one';

/**
 * For commands that cannot do without; a rollback can.
 * @throws Error when the queues are elsewhere, in a Redis that these settings do not name, or their Redis does not answer
 */
export async function requireQueues(pool: Pool, settings: Settings): Promise<void> {
  const { QueueStore } = await import('../../queues/store.js');
  // Else the command would wait until it is back, however long that is.
  if (settings.redisUrl !== undefined)
    return await new QueueStore({ ...settings, databaseUrl: '' }, onTrouble).prepare();
  if (await hasSchema(pool, QUEUE_SCHEMA)) return;
  throw new Error(NO_QUEUES);
}

function onTrouble(error: Error): void {
  say(`connection problem: ${error.message}`);
}
