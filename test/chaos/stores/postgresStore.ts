import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../../src/storage/embeddedPostgres.js';
import { isAlive } from '../../../src/storage/leftoverPostgres.js';
import { NotificationFilter, type NotificationMode } from './notificationFilter.js';
import { OwnDisk } from './ownDisk.js';
import { TcpProxy } from './tcpProxy.js';

const START_TRIES = 60;
const PIPED: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };

/**
 * A PostgreSQL server that can be stopped, killed and started, behind two proxies: `proxy` for the services, which faults
 * disturb, and a second for the harness itself.
 */
export class PostgresStore {
  notificationMode: NotificationMode = 'pass';
  notificationsDisturbed = 0;
  private server!: EmbeddedPostgres;
  /** Of its Unix socket. */
  private socket = '';
  private stopping = false;
  proxy!: TcpProxy;
  private steady!: TcpProxy;

  private constructor(
    private readonly folder: string,
    readonly disk: OwnDisk,
    private readonly log: (line: string) => void,
  ) {}

  static async start(folder: string, log: (line: string) => void): Promise<PostgresStore> {
    const store = new PostgresStore(folder, OwnDisk.open(folder, '3g'), log);
    chmodSync(folder, 0o755);
    await store.startServer();
    if (store.postmaster() === null) throw new Error(`the server's data is not in ${folder}: faults would miss it`);
    store.proxy = await TcpProxy.listen(
      () => store.socket,
      () =>
        new NotificationFilter(
          () => store.notificationMode,
          () => {
            store.notificationsDisturbed += 1;
          },
        ),
    );
    store.steady = await TcpProxy.listen(() => store.socket);
    return store;
  }

  /** For the services. */
  get url(): string {
    return this.through(this.proxy.port);
  }

  /** For the harness: no fault but the server's own reaches it. */
  get steadyUrl(): string {
    return this.through(this.steady.port);
  }

  /** Of the server's first process. */
  get pid(): number {
    return this.postmaster() ?? 0;
  }

  async startServer(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        this.server = await EmbeddedPostgres.start(this.folder, { restarts: 0, log: () => {} });
        break;
      } catch (error) {
        // Backends of a killed server may still hold its shared memory.
        if (tries >= START_TRIES) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    const { searchParams, port } = new URL(this.server.databaseUrl);
    this.socket = join(searchParams.get('host')!, `.s.PGSQL.${port}`);
    this.stopping = false;
    // As a service manager would: out of room for its log, for one, PostgreSQL ends by itself.
    this.server.onExit(() => {
      if (!this.stopping) void this.startServer().catch((error: Error) => this.log(error.message));
    });
  }

  /** Resolves when the server answers and goes on answering. */
  async settled(): Promise<void> {
    for (let answers = 0; answers < 4; ) {
      answers = (await this.answers()) ? answers + 1 : 0;
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  async stopServer(how: 'fast' | 'kill'): Promise<void> {
    this.stopping = true;
    if (how === 'fast') return this.server.stop();
    const pid = this.postmaster();
    if (pid === null) return; // it has just ended by itself
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid) && !isZombie(pid)) await new Promise((done) => setTimeout(done, 20));
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.steadyUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** By its command line, since a full disk may have cost it its pid file. */
  private postmaster(): number | null {
    try {
      return Number(execFileSync('pgrep', ['-of', '--', `-D ${join(this.folder, 'postgres')} -p`], PIPED));
    } catch {
      return null;
    }
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.steady.close();
    await this.stopServer('fast');
    try {
      this.disk.close();
    } catch (error) {
      this.log(`cannot unmount ${this.folder}: ${(error as Error).message}`);
    }
  }

  private through(port: number): string {
    const url = new URL(this.server.databaseUrl);
    url.searchParams.delete('host');
    url.hostname = '127.0.0.1';
    url.port = String(port);
    return url.href;
  }
}

/** Killed, but not yet collected by its parent. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
