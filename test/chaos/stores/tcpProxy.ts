import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';

/** A connection through the proxy. */
interface Passage {
  client: Socket;
  server: Socket;
}

/**
 * Stands between services and a store on loopback, so that faults can cut, delay or refuse connections while the store
 * itself is well. Services know the proxy's port alone, so the store may come back on another.
 */
export class TcpProxy {
  /** Each block of bytes is held back for so long, in order. */
  delayMilliseconds = 0;
  /** New connections are closed at once. */
  refusing = false;
  private readonly passages = new Set<Passage>();

  private constructor(
    private readonly listener: Server,
    readonly port: number,
  ) {}

  /**
   * @param target the store's port, or its Unix socket's path, now
   * @param answers a filter on what a store sends, one a connection
   */
  static async listen(target: () => number | string, answers?: () => Transform): Promise<TcpProxy> {
    const listener = createServer();
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
    const proxy = new TcpProxy(listener, (listener.address() as { port: number }).port);
    listener.on('connection', (client) => proxy.pass(client, target(), answers));
    return proxy;
  }

  private pass(client: Socket, target: number | string, answers?: () => Transform): void {
    if (this.refusing) return void client.destroy();
    const server = createConnection(
      typeof target === 'string' ? { path: target } : { host: '127.0.0.1', port: target },
    );
    const passage = { client, server };
    this.passages.add(passage);
    const end = () => {
      this.passages.delete(passage);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.pipe(this.held()).pipe(server);
    const held = server.pipe(this.held());
    if (answers) held.pipe(answers()).pipe(client);
    else held.pipe(client);
  }

  private held(): Transform {
    const proxy = this;
    return new Transform({
      transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
        if (proxy.delayMilliseconds === 0) done(null, chunk);
        else setTimeout(() => done(null, chunk), proxy.delayMilliseconds);
      },
    });
  }

  /** Cuts connections without a goodbye. @returns how many */
  cut(chosen: () => boolean): number {
    let cut = 0;
    for (const { client, server } of [...this.passages]) {
      if (!chosen()) continue;
      client.resetAndDestroy();
      server.destroy(); // a Unix socket has no reset
      cut += 1;
    }
    return cut;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.listener.close(done));
    this.cut(() => true);
    await closed;
  }
}
