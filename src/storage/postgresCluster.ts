import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { serverFault } from './directoryRoom.js';
import * as ownFiles from './ownFiles.js';
import { clusterHome, type User } from './postgresHome.js';

export interface Credentials {
  user: string;
  password: string;
}

/** Where the own server's files of a data directory are: its cluster may have to live elsewhere. */
export function clusterOf(directory: string, user: User | null): string {
  return join(user ? clusterHome(directory, user) : directory, 'postgres');
}

/**
 * Makes the cluster if it is missing.
 * @returns the server's user and password
 * @throws Error in words when the password of an existing cluster is lost, or something else is in its place
 */
export function prepareCluster(options: {
  directory: string;
  cluster: string;
  initdb: string;
  user: User | null;
  log: (line: string) => void;
}): Credentials {
  const { directory, cluster, initdb, user, log } = options;
  const credentialsFile = join(directory, 'credentials.json');
  if (dirname(cluster) !== directory && existsSync(cluster) && !existsSync(credentialsFile)) {
    // The data directory was deleted and made anew: its cluster, which lives elsewhere, is nobody's now.
    const aside = `${cluster}.${Date.now()}`;
    renameSync(cluster, aside);
    log(`${directory} is new: the database that an earlier one left is kept in ${aside}`);
  }
  // What an initdb left whose starter was killed: at each start, since it may outlive the first.
  const home = dirname(cluster);
  for (const name of readdirSync(home)) if (name.startsWith(`${basename(cluster)}.new.`)) remove(join(home, name));
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    // Made beside and renamed when it is whole: a kill in the middle leaves nothing that looks like a cluster. Its name
    // is new each time, since an initdb whose starter was killed may still write under the earlier one.
    if (existsSync(cluster) && readdirSync(cluster).length > 0) {
      throw new Error(`${cluster} is not a Routewarden database: move it away, or name another --data-directory`);
    }
    remove(cluster);
    const unfinished = `${cluster}.new.${randomBytes(6).toString('hex')}`;
    mkdirSync(unfinished, { mode: 0o700 });
    if (user) chownSync(unfinished, user.uid, user.gid);
    const made: Credentials = { user: 'routewarden', password: randomBytes(24).toString('base64url') };
    initialise(initdb, unfinished, made, user);
    writeFileSync(`${credentialsFile}.new`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${credentialsFile}.new`, credentialsFile);
    renameSync(unfinished, cluster);
  }
  const credentials = ownFiles.readOwnFile(credentialsFile, ownFiles.credentialsFile);
  if (credentials === null) {
    throw new Error(
      `${credentialsFile} is missing or damaged, and with it the password of the database. Restore the file, or name another --data-directory and fill it with \`routewarden restore\``,
    );
  }
  return credentials;
}

/** What a data directory holds, and the demo's. */
const OURS = /^(postgres|credentials\.json|session\.key|archive$|artifacts$|demo\.json$)/;

/**
 * All but the claim on the directory.
 * @throws Error where it holds what was never of a data directory
 */
export function emptyDirectory(directory: string, cluster: string): void {
  const names = readdirSync(directory).filter((name) => !name.startsWith('owner.sock'));
  const strange = names.find((name) => !OURS.test(name));
  if (strange !== undefined && !names.includes('credentials.json')) {
    throw new Error(`${join(directory, strange)} would be deleted: move it away, or name another --data-directory`);
  }
  for (const name of names) remove(join(directory, name));
  remove(cluster);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function initialise(initdb: string, cluster: string, credentials: Credentials, user: User | null): void {
  const passwordFile = join(tmpdir(), `routewarden-${randomBytes(8).toString('hex')}`);
  writeFileSync(passwordFile, `${credentials.password}\n`, { mode: 0o600, flag: 'wx' });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  try {
    execFileSync(
      initdb,
      [
        `--pgdata=${cluster}`,
        '--auth=scram-sha-256',
        `--username=${credentials.user}`,
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...(user ?? {}), stdio: ['ignore', 'ignore', 'pipe'], cwd: cluster },
    );
  } catch (error) {
    throw serverFault((error as Error).message, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
