import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/storage/freePort.js';

/** A Redis of the test's own, empty and without persistence. */
export interface TestRedis {
  url: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

/**
 * @returns null, with the reason on the console, where redis-server is not installed
 * @throws Error where it is not installed but must be (in CI)
 */
export async function startRedis(): Promise<TestRedis | null> {
  const folder = await mkdtemp(join(tmpdir(), 'routewarden-redis-'));
  const port = await freePort();
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--dir', folder, '--save', '', '--bind', '127.0.0.1', '--maxmemory-policy', 'noeviction'],
    { stdio: 'ignore' },
  );
  const failed = await Promise.race([once(server, 'error').then(() => true), once(server, 'spawn').then(() => false)]);
  if (failed) {
    await rm(folder, { recursive: true, force: true });
    if (process.env.CI) throw new Error('redis-server is not installed');
    console.warn('skipped: redis-server is not installed');
    return null;
  }
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  probe.on('error', () => {}); // it is still starting
  await probe.ping();
  probe.disconnect();
  return {
    url,
    process: server,
    async stop() {
      server.kill('SIGTERM');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
