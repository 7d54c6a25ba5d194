import { createReadStream, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { risLayout } from '../../src/sources/archive/layout.js';
import { GeneratedTable } from '../fullTable/generatedTable.js';

export const COLLECTOR = 'rrc00';

/** An archive on this machine with one file: the newest table dump of a collector. */
export class OneTable {
  private constructor(
    readonly url: string,
    readonly bytes: number,
    private readonly server: Server,
  ) {}

  static async open(folder: string, routes: number, seed: number, peers: number): Promise<OneTable> {
    const layout = risLayout();
    const newest = Math.floor(Date.now() / 60_000 / layout.tableMinutes) * layout.tableMinutes;
    const path = `/${layout.tablePath(COLLECTOR, newest)}`;
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    const table = new GeneratedTable(routes, seed, peers, newest * 60);
    await pipeline(Readable.from(table.dump()), createGzip({ level: 1 }), createWriteStream(file));
    const { size } = statSync(file);
    const server = createServer((request, response) => {
      if (request.url !== path) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-length': size });
      createReadStream(file).pipe(response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new OneTable(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, size, server);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
