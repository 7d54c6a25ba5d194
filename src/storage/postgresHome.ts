import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of clusters and binaries that cannot be where they belong. */
export const HOMES = '/var/lib/routewarden';

export interface User {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root, so root's server runs as `postgres`, made where the system has none. */
export function unprivilegedUser(): User {
  const lookUp = (): User => ({
    uid: Number(execFileSync('id', ['-u', 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] })),
    gid: Number(execFileSync('id', ['-g', 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] })),
  });
  try {
    return lookUp();
  } catch {
    execFileSync('groupadd', ['-f', '--system', 'postgres']);
    execFileSync('useradd', ['--system', '-g', 'postgres', 'postgres']);
    return lookUp();
  }
}

/**
 * Root's folders are often closed to others (/root itself is): then cluster and binaries live under /var/lib, in a
 * folder named after the data directory, where the unprivileged server can reach them.
 */
export function clusterHome(directory: string, user: User): string {
  if (canReach(directory, user)) return directory;
  const plain = directory.replaceAll('/', '-').slice(1);
  // `/a-b` and `/a/b` read the same: the hash makes them differ.
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  const home = join(HOMES, `${plain.slice(-100)}-${hash}`);
  const earlier = join(HOMES, plain);
  // Of a version that had no hash; it is this directory's if that has the password.
  if (!existsSync(home) && existsSync(join(earlier, 'postgres')) && existsSync(join(directory, 'credentials.json')))
    renameSync(earlier, home);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return home;
}

export function canReach(path: string, user: User): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
