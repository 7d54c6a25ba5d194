import type { Command } from 'commander';
import type { Pool } from 'pg';
import { QueueStore } from '../../queues/store.js';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { openDatabase } from '../storage/database.js';
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

/** Runs a command on the stores: those of the running system, or the own database started for the command alone. */
export async function withStore<T>(program: Command, work: (store: Store) => Promise<T>): Promise<T> {
  const settings = settingsOf(program);
  const database = await openDatabase(settings, { share: true, log: () => {} });
  const onError = (error: Error) => say(`connection trouble: ${error.message}`);
  const pool = openPool(database.databaseUrl, { name: 'command', onError });
  const queues = new QueueStore({ redisUrl: settings.redisUrl, databaseUrl: database.databaseUrl }, onError);
  try {
    if (database.origin === 'own') await queues.prepare();
    return await work({ settings, pool, databaseUrl: database.databaseUrl, queues });
  } finally {
    await queues.close();
    await pool.end();
    await database.close();
  }
}
