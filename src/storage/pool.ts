import pg from 'pg';
import { gaveNoAnswer } from './storeAway.js';

export type { Pool, PoolClient } from 'pg';

/** What a statement can be sent to: the pool, or the connection of a transaction. */
export type Db = pg.Pool | pg.ClientBase;

const FLOAT4_ARRAY = 1021;
const INT8 = 20;

/** real[] arrives as `{1,2.5,NaN}`; the general array parser of pg is some ten times slower on feature rows. */
function parseRealArray(text: string): number[] {
  return text.length <= 2 ? [] : text.slice(1, -1).split(',').map(Number);
}

const types: pg.CustomTypesConfig = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && id === FLOAT4_ARRAY) return parseRealArray;
    // Positions, ids and tokens stay far below 2^53.
    if (format !== 'binary' && id === INT8) return Number;
    return pg.types.getTypeParser(id, format as 'text');
  },
} as pg.CustomTypesConfig;

/** For every connection: a server that takes it and says nothing, or a path that swallows it, is found out. */
export const CONNECTION_LIMITS = {
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

/**
 * Opens a pool whose bigint columns come as numbers and whose real[] columns as number[].
 * The pool reports broken idle connections to `onError` and makes new ones by itself.
 */
export function openPool(
  databaseUrl: string,
  options: {
    name: string;
    maximum?: number;
    /** Schema of the tables; absent: the database's own search path. */
    schema?: string;
    /** A statement that has no answer for so long fails, and its connection is given up; without it, never. */
    answerSeconds?: number;
    onError: (error: Error) => void;
  },
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: `routewarden ${options.name}`,
    max: options.maximum ?? 4,
    ...CONNECTION_LIMITS,
    ...(options.answerSeconds === undefined ? {} : { query_timeout: options.answerSeconds * 1000 }),
    types,
    ...(options.schema === undefined ? {} : { options: `-c search_path=${options.schema}` }),
  });
  pool.on('error', options.onError);
  // The pool hears idle connections only: one that is cut between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', options.onError));
  return pool;
}

/** Runs `work` in one transaction; an error rolls it back and is thrown on. */
export function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return transaction(pool, work, () => 'COMMIT');
}

/** As `inTransaction`; what gives null has found nothing to do, and leaves nothing behind. */
export function inTransactionUnlessNull<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T | null>,
): Promise<T | null> {
  return transaction(pool, work, (result) => (result === null ? 'ROLLBACK' : 'COMMIT'));
}

async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  endOf: (result: T) => 'COMMIT' | 'ROLLBACK',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query(endOf(result));
    return result;
  } catch (error) {
    // Who gave no answer once is not asked again: the connection's end rolls back as well.
    if (gaveNoAnswer(error)) broken = error as Error;
    else
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback;
      });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `work` on one connection that sees the database as of one moment and writes nothing. */
export async function asOfOneMoment<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await work(client);
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => {
      broken = error;
    });
    client.release(broken);
  }
}

/** @throws the database's error when it does not answer */
export async function askForAnswer(db: Db): Promise<void> {
  await db.query('SELECT 1');
}
