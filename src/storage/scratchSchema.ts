import { randomBytes } from 'node:crypto';
import type { Minute } from '../features/row.js';
import { migrateInto } from './migrations.js';
import { minuteToDate } from './minuteColumn.js';
import { openPool, type Pool, type PoolClient } from './pool.js';

const PREFIX = 'routewarden_scratch_';
const LOCK = `SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken`;

/**
 * All tables of the program, empty, beside those of the running system, which never looks at them. The schema lives as
 * long as the connection that made it: what a killed process left is dropped by the next one.
 */
export class ScratchSchema {
  private constructor(
    readonly name: string,
    /** Sees the scratch tables alone. */
    readonly pool: Pool,
    private readonly owner: PoolClient,
  ) {}

  /** @throws the database's error, such as when its user may not create schemas */
  static async open(pool: Pool, databaseUrl: string, onError: (error: Error) => void): Promise<ScratchSchema> {
    const name = `${PREFIX}${randomBytes(6).toString('hex')}`;
    const owner = await pool.connect();
    try {
      await dropLeftovers(owner);
      await owner.query(LOCK, [name]);
      await migrateInto(databaseUrl, name, (message) => onError(new Error(message)));
      return new ScratchSchema(name, openPool(databaseUrl, { name: 'scratch', schema: name, onError }), owner);
    } catch (error) {
      await drop(owner, name);
      owner.release();
      throw error;
    }
  }

  /** Copies the rows of [from, until) of a stream of the running system to one of the scratch tables. */
  async copyFeatures(stream: string, to: string, from: Minute, until: Minute): Promise<void> {
    const { name } = this;
    await this.owner.query(
      `INSERT INTO ${name}.features (stream, minute, kind, values)
       SELECT $2, minute, kind, values FROM features WHERE stream = $1 AND minute >= $3 AND minute < $4`,
      [stream, to, minuteToDate(from), minuteToDate(until)],
    );
  }

  /** Drops it all. */
  async close(): Promise<void> {
    try {
      await this.pool.end();
      await drop(this.owner, this.name);
    } finally {
      this.owner.release();
    }
  }
}

async function dropLeftovers(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^${PREFIX}[0-9a-f]{12}$'`,
  );
  for (const { name } of rows) {
    const { rows: lock } = await client.query<{ taken: boolean }>(LOCK, [name]);
    if (lock[0]!.taken) await drop(client, name);
  }
}

/** The lock goes with the schema. */
async function drop(client: PoolClient, name: string): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
}
