import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './freePort.js';
import type { Credentials } from './postgresCluster.js';
import type { User } from './postgresHome.js';

/** A number in the socket's name only. */
const SOCKET_PORT = 5432;
/** Of sun_path (104 on macOS, 108 on Linux), with its end. */
const LONGEST_PATH = 100;

/**
 * Where the own server listens. A Unix socket in a folder of the server's user alone: strangers on the machine cannot
 * even connect, so they cannot fill its slots, which PostgreSQL gives out before it asks for a password.
 */
export class PostgresPlace {
  private constructor(
    private readonly folder: string | null,
    readonly port: number,
    private readonly user: User | null,
  ) {}

  static async beside(cluster: string, user: User | null): Promise<PostgresPlace> {
    if (process.platform === 'win32') return new PostgresPlace(null, await freePort(), user);
    const folder = join(dirname(cluster), 'socket');
    const isShort = Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= LONGEST_PATH;
    return new PostgresPlace(isShort ? folder : mkdtempSync(join(tmpdir(), 'routewarden-')), SOCKET_PORT, user);
  }

  /** Makes the folder, without what a killed server left: its lock names a process number, which may be another's now. */
  prepare(): void {
    if (this.folder === null) return;
    this.remove();
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    if (this.user) chownSync(this.folder, this.user.uid, this.user.gid);
  }

  /** Settings of the server. */
  get listening(): string[] {
    return this.folder === null
      ? ['listen_addresses=127.0.0.1', 'unix_socket_directories=']
      : ['listen_addresses=', `unix_socket_directories=${quoted(this.folder)}`, 'unix_socket_permissions=0700'];
  }

  /** Without TLS, whatever PGSSLMODE in the environment says. */
  url({ user, password }: Credentials, database: string): string {
    const host = this.folder === null ? '' : `&host=${encodeURIComponent(this.folder)}`;
    return `postgres://${user}:${password}@${this.folder === null ? '127.0.0.1' : 'localhost'}:${this.port}/${database}?sslmode=disable${host}`;
  }

  /** The server has ended. */
  remove(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A folder's name may have commas and blanks, which part a list of folders. */
function quoted(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`;
}
