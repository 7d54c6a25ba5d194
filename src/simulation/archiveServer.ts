import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Minute } from '../features/row.js';
import { mrtFile } from './mrtEncoder.js';
import type { SimulatedWorld } from './world.js';
import { worldTable } from './worldTable.js';

export interface ArchiveServerOptions {
  world: SimulatedWorld;
  /** Files that reach beyond this minute do not exist yet. */
  horizon: () => Minute;
}

/** What a request of a file comes to, for tests. */
export type ArchiveFault = 'none' | 'missing' | 'busy' | 'truncated' | 'reset' | 'slow';

const FILE = /^\/([a-z0-9.-]+)\/(\d{4})\.(\d{2})\/updates\.(\d{4})(\d{2})(\d{2})\.(\d{2})(\d{2})\.gz$/;
const TABLE = /^\/([a-z0-9.-]+)\/(\d{4})\.(\d{2})\/bview\.(\d{4})(\d{2})(\d{2})\.(\d{2})(\d{2})\.gz$/;
const FILE_MINUTES = 5;
const TABLE_MINUTES = 480;

/**
 * The world's archive over HTTP, laid out as RIPE RIS does: `/rrc00/2026.01/updates.20260101.0000.gz`, five minutes of
 * gzipped MRT a file, and a table dump every eight hours. Answers ranges and has ETags.
 */
export class ArchiveServer {
  /** Decides each request's fault; `attempt` counts the requests of that path, from 1. */
  fault: (path: string, attempt: number) => ArchiveFault = () => 'none';
  /** Requests by path. */
  readonly requests = new Map<string, number>();
  readonly #http: Server;

  constructor(readonly options: ArchiveServerOptions) {
    this.#http = createServer((request, response) => this.#answer(request, response));
  }

  /** @returns the base URL. Rejects when the port is taken. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** The gzipped MRT file that begins at a minute; the same bytes each time. */
  file(from: Minute): Buffer {
    const messages = Array.from({ length: FILE_MINUTES }, (_, i) => from + i)
      .filter((minute) => minute >= this.options.world.startMinute)
      .flatMap((minute) => this.options.world.messages(minute));
    return gzipSync(mrtFile(this.options.world.table, messages), { level: 6 });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const attempt = (this.requests.get(path) ?? 0) + 1;
    this.requests.set(path, attempt);
    const fault = this.fault(path, attempt);
    const table = this.#minuteOf(path, TABLE);
    const from = table ?? this.#minuteOf(path, FILE);
    if (from === null || fault === 'missing') return void response.writeHead(404).end('not found\n');
    if (fault === 'busy') return void response.writeHead(503, { 'retry-after': '0' }).end('busy\n');
    if (request.method !== 'GET') return void response.writeHead(405).end();
    this.#send(request, response, table === null ? this.file(from) : this.table(table), fault);
  }

  /** The gzipped table dump of a minute; the same bytes each time. */
  table(minute: Minute): Buffer {
    return gzipSync(worldTable(this.options.world, minute), { level: 6 });
  }

  #minuteOf(path: string, pattern: RegExp): Minute | null {
    const match = pattern.exec(path);
    if (match === null || match[1] !== this.options.world.host) return null;
    const [year, month, day, hour, minute] = match.slice(4).map(Number);
    const every = pattern === TABLE ? TABLE_MINUTES : FILE_MINUTES;
    const from = Date.UTC(year!, month! - 1, day, hour, minute) / 60_000;
    if (`${match[2]}${match[3]}` !== `${match[4]}${match[5]}` || from % every !== 0) return null;
    const until = pattern === TABLE ? from : from + FILE_MINUTES;
    const { startMinute } = this.options.world;
    const isThere = pattern === TABLE ? from >= startMinute : until > startMinute;
    return isThere && until <= this.options.horizon() ? from : null;
  }

  #send(request: IncomingMessage, response: ServerResponse, bytes: Buffer, fault: ArchiveFault): void {
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const wantsRest = range !== null && [undefined, etag].includes(request.headers['if-range'] as string | undefined);
    const start = wantsRest ? Number(range[1]) : 0;
    if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const rest = bytes.subarray(start);
    const partial = wantsRest ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
    const head = { etag, 'accept-ranges': 'bytes', 'content-length': rest.length, ...partial };
    response.writeHead(wantsRest ? 206 : 200, head);
    if (fault === 'truncated' || fault === 'reset') {
      response.write(rest.subarray(0, Math.ceil(rest.length / 2)), () => {
        if (fault === 'reset') response.socket?.resetAndDestroy();
        else response.socket?.end();
      });
    } else if (fault === 'slow') response.write(rest.subarray(0, 1));
    else response.end(rest);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}
