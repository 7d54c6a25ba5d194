import type { Command } from 'commander';
import type { Pool } from 'pg';
import { QueueStore } from '../../queues/store.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { type OpenedDatabase, openDatabase } from '../storage/database.js';
import { openPool } from '../storage/pool.js';
import { say } from './output.js';

/** The settings as the program's global options ask for them. */
export function settingsOf(program: Command, flags: Record<string, unknown> = {}): Settings {
  const { config, dataDirectory } = program.opts<{ config?: string; dataDirectory?: string }>();
  return loadSettings(process.env, { file: config, flags: { dataDirectory, ...flags } }).settings;
}

export interface Store {
  settings: Settings;
  pool: Pool;
  databaseUrl: string;
  queues: QueueStore;
}

/** Runs a command on the database alone: that of the running system, or the own one started for the command. */
export async function withDatabase<T>(
  program: Command,
  work: (store: Omit<Store, 'queues'> & { origin: OpenedDatabase['origin'] }) => Promise<T>,
): Promise<T> {
  const settings = settingsOf(program);
  const database = await openDatabase(settings, { share: true, log: () => {} });
  const { databaseUrl, origin } = database;
  // Connections that the end itself breaks are no news.
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

/** The same with the queues. */
export function withStore<T>(program: Command, work: (store: Store) => Promise<T>): Promise<T> {
  return withDatabase(program, async ({ settings, pool, databaseUrl, origin }) => {
    let ending = false;
    const queues = new QueueStore({ ...settings, databaseUrl }, (error) => ending || onTrouble(error));
    try {
      if (origin === 'own') await queues.prepare();
      return await work({ settings, pool, databaseUrl, queues });
    } finally {
      ending = true;
      await queues.close();
    }
  });
}

function onTrouble(error: Error): void {
  say(`connection trouble: ${error.message}`);
}
