import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { ModelVersion } from '../storage/modelVersions.js';
import { copyVersion } from './artifactFiles.js';

/** Beside the versions of a model: what served before each publish, under the time at which it was replaced. */
export const BACKUPS = 'backups';

/**
 * Copies the version that has just been replaced to `<root>/<kind>/<stream>/backups/<time>-version-<n>`, for people who
 * look for what served at some time, or whose database is gone. Its manifest says when it was replaced and by which.
 *
 * @param replaced the version and the number of the one that replaced it
 * @returns the directory
 */
export async function backUp(
  pool: Pool,
  root: string,
  replaced: { version: ModelVersion; by: number; at: Date },
): Promise<string> {
  const { version, by, at } = replaced;
  const stamp = `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const directory = join(root, version.kind, version.stream, BACKUPS, `${stamp}-version-${version.version}`);
  await copyVersion(pool, directory, version, { replacedAt: at, replacedBy: by });
  return directory;
}

/** Deletes all but the newest `keep` backups of a folder. */
export async function pruneBackups(folder: string, keep: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^\d{8}T\d{6}Z-version-\d+$/.test(name)).sort();
  for (const name of names.slice(0, Math.max(0, names.length - keep)))
    await rm(join(folder, name), { recursive: true, force: true });
}
