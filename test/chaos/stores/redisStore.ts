import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { Redis } from 'ioredis';
import { freePort } from '../../../src/storage/freePort.js';
import { TcpProxy } from './tcpProxy.js';

/** A Redis server with an append-only file, behind a proxy for the services; `steadyUrl` is for the harness. */
export class RedisStore {
  private server: ChildProcess | null = null;
  proxy!: TcpProxy;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** @returns null when there is no redis-server on this machine */
  static async start(folder: string): Promise<RedisStore | null> {
    mkdirSync(folder, { recursive: true });
    const store = new RedisStore(folder, await freePort());
    if (!(await store.startServer())) return null;
    store.proxy = await TcpProxy.listen(() => store.port);
    return store;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  get steadyUrl(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async startServer(): Promise<boolean> {
    const server = spawn(
      'redis-server',
      ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--appendonly', 'yes', '--save', ''],
      { stdio: 'ignore' },
    );
    const started = await Promise.race([
      once(server, 'spawn').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    if (!started) return false;
    this.server = server;
    await this.command(async (redis) => {
      while ((await redis.ping().catch(() => '')) !== 'PONG') await new Promise((done) => setTimeout(done, 50));
    });
    return true;
  }

  async stopServer(how: 'fast' | 'kill'): Promise<void> {
    const server = this.server!;
    const ended = once(server, 'exit');
    server.kill(how === 'fast' ? 'SIGTERM' : 'SIGKILL');
    await ended;
  }

  /** Everything is gone: schedules, waiting jobs, deduplication keys, locks. */
  async flush(): Promise<void> {
    await this.command((redis) => redis.flushall());
  }

  private async command(work: (redis: Redis) => Promise<unknown>): Promise<void> {
    const redis = new Redis(this.steadyUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    redis.on('error', () => {});
    try {
      await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.stopServer('fast');
  }
}
