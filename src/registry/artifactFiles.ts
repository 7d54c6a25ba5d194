import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pool } from 'pg';
import { BadArtifact } from '../models/model.js';
import { type ModelVersion, type StoredFile, versionFiles } from '../storage/modelVersions.js';
import { sha256 } from './publish.js';

/** `<root>/<kind>/<stream>/<version>` */
export function versionDirectory(root: string, version: Pick<ModelVersion, 'kind' | 'stream' | 'version'>): string {
  return join(root, version.kind, version.stream, String(version.version));
}

/** Copies a version from the database to its directory. @returns the directory */
export async function writeVersionFiles(pool: Pool, root: string, version: ModelVersion): Promise<string> {
  const directory = versionDirectory(root, version);
  await copyVersion(pool, directory, version);
  return directory;
}

/**
 * Copies a version from the database to `directory`, with `manifest.json` (metadata, the SHA-256 of each file, and
 * `facts`). The directory appears whole: it is written beside and renamed.
 *
 * @throws BadArtifact
 */
export async function copyVersion(
  pool: Pool,
  directory: string,
  version: ModelVersion,
  facts: Record<string, unknown> = {},
): Promise<void> {
  const files = verified(version, await versionFiles(pool, version.id));
  const partial = `${directory}.${process.pid}.part`;
  await rm(partial, { recursive: true, force: true });
  const manifest = {
    ...version,
    ...facts,
    files: files.map((file) => ({ name: file.name, sha256: file.sha256, bytes: file.bytes.length })),
  };
  try {
    await mkdir(partial, { recursive: true });
    for (const file of files) {
      const path = join(partial, file.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.bytes);
    }
    await writeFile(join(partial, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
  } catch (error) {
    // On a full disk it would stand in the way of the next one.
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Writes the copy anew when a file of it is missing or changed.
 * @param root null: there are no copies, and only the database's own files are checked
 * @returns true when it had to
 * @throws BadArtifact when the files in the database are damaged themselves: the copy is left as it is
 */
export async function healVersionFiles(pool: Pool, root: string | null, version: ModelVersion): Promise<boolean> {
  const files = verified(version, await versionFiles(pool, version.id));
  if (root === null) return false;
  const directory = versionDirectory(root, version);
  for (const file of files) {
    const bytes = await readFile(join(directory, file.name)).catch(() => null);
    if (bytes === null || sha256(bytes) !== file.sha256) {
      await writeVersionFiles(pool, root, version);
      return true;
    }
  }
  return false;
}

/** @throws BadArtifact when the version has no files (pruned), one's checksum is wrong, or its name leaves the directory */
export function verified(version: Pick<ModelVersion, 'modelKey' | 'version'>, files: StoredFile[]): StoredFile[] {
  const name = `${version.modelKey} version ${version.version}`;
  if (files.length === 0) throw new BadArtifact(`${name} has no files: they were pruned`);
  for (const file of files) {
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(file.name)) throw new BadArtifact(`${name} has a file named "${file.name}"`);
    if (sha256(file.bytes) !== file.sha256) throw new BadArtifact(`the SHA-256 of ${file.name} of ${name} is wrong`);
  }
  return files;
}
