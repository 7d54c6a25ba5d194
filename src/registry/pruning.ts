import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { MODEL_KINDS, type ModelKey } from '../models/model.js';
import { modelKey, parseModelKey } from '../models/modelKey.js';
import { lockModel } from '../storage/activations.js';
import { deleteFiles, type ModelVersion, versionsToPrune, versionsWithFiles } from '../storage/modelVersions.js';
import { inTransaction } from '../storage/pool.js';
import { BACKUPS, pruneBackups } from './backups.js';

/** Versions of one round; what is left goes in the next. */
const MOST_A_ROUND = 500;
const LONGEST_WRITE_MILLISECONDS = 3_600_000;
/** Names of streams; folders that are called otherwise are not ours. */
const STREAM = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

export interface PruneOptions {
  pool: Pool;
  /** Root of the artifact copies; null: the database alone. */
  root: string | null;
  /** Newest versions of each model that stay; of the backups as many stay. */
  keep: number;
  /** One model alone. */
  key?: ModelKey;
}

/**
 * Deletes the files of old versions in the database, and copies and backups on this machine's disk that are due or that
 * another machine pruned. Never those of an active version, the one before it, a pinned one, or one that waits (held,
 * shadow). A rollback to a version that is being pruned waits, and is then refused in words.
 *
 * @returns the versions whose files went from the database
 */
export async function prune({ pool, root, keep, key }: PruneOptions): Promise<ModelVersion[]> {
  const gone: ModelVersion[] = [];
  for (const due of await versionsToPrune(pool, keep, key ?? null, MOST_A_ROUND)) {
    const went = await inTransaction(pool, async (client) => {
      await lockModel(client, due.modelKey, 'exclusive');
      // A rollback or a pin may have come between.
      const still = (await versionsToPrune(client, keep, due.modelKey, MOST_A_ROUND)).some(({ id }) => id === due.id);
      if (still) await deleteFiles(client, due.id);
      return still;
    });
    if (went) gone.push(due);
  }
  if (root !== null) {
    for (const each of key === undefined ? await keysOnDisk(root) : [key]) await pruneDisk(pool, root, keep, each);
  }
  return gone;
}

/** Copies follow the database: those of versions whose files are gone there go too; what the database does not know stays. */
async function pruneDisk(pool: Pool, root: string, keep: number, key: ModelKey): Promise<void> {
  const { kind, stream } = parseModelKey(key);
  const folder = join(root, kind, stream);
  const names = await namesIn(folder);
  if (names.length === 0) return;
  const versions = await versionsWithFiles(pool, key);
  for (const name of names) {
    // What a process that was killed left half written.
    if (/^\d+\.\d+\.part$/.test(name) && (await isOld(join(folder, name))))
      await rm(join(folder, name), { recursive: true, force: true });
    if (/^\d+$/.test(name) && versions.get(Number(name)) === false)
      await rm(join(folder, name), { recursive: true, force: true });
  }
  if (names.includes(BACKUPS)) await pruneBackups(join(folder, BACKUPS), keep);
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > LONGEST_WRITE_MILLISECONDS;
}

async function keysOnDisk(root: string): Promise<ModelKey[]> {
  const keys: ModelKey[] = [];
  for (const kind of MODEL_KINDS) {
    const streams = (await namesIn(join(root, kind))).filter((name) => STREAM.test(name));
    keys.push(...streams.map((stream) => modelKey(kind, stream)));
  }
  return keys;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
