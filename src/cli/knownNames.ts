import type { Command } from 'commander';
import type { Pool } from 'pg';
import { MODEL_KINDS, type ModelKey } from '../models/model.js';
import { runningServer } from '../storage/embeddedPostgres.js';
import { listVersions } from '../storage/modelVersions.js';
import { openPool } from '../storage/pool.js';
import { listStreams } from '../storage/streams.js';
import { settingsOf } from './store.js';

export const SORTS = ['models', 'versions', 'streams'] as const;
export type NameSort = (typeof SORTS)[number];

/**
 * What a shell may offer from the database of the running system. Pressing a key starts no server: without one there is
 * nothing to offer.
 * @throws Error when the database is away, which the completion scripts do not show on the line that is being typed
 */
export async function knownNames(program: Command, sort: NameSort, model: string | undefined): Promise<string[]> {
  const settings = settingsOf(program);
  const databaseUrl = settings.databaseUrl ?? (await runningServer(settings.dataDirectory))?.databaseUrl;
  if (databaseUrl === undefined) return [];
  const pool = openPool(databaseUrl, { name: 'completion', maximum: 1, onError: () => {} });
  try {
    return await namesOf(pool, sort, model);
  } finally {
    await pool.end();
  }
}

async function namesOf(pool: Pool, sort: NameSort, model: string | undefined): Promise<string[]> {
  if (sort === 'versions') {
    const versions = model === undefined ? [] : await listVersions(pool, model as ModelKey);
    return versions.map(({ version }) => String(version));
  }
  const streams = await listStreams(pool);
  return sort === 'streams' ? streams : MODEL_KINDS.flatMap((kind) => streams.map((stream) => `${kind}@${stream}`));
}
