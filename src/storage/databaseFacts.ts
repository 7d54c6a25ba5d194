import type { Db } from './pool.js';

export interface DatabaseFacts {
  /** Of PostgreSQL. */
  version: string;
  /** By the server's clock. */
  now: Date;
  migrated: number;
  bytes: number;
}

/** What the database says of itself. */
export async function databaseFacts(db: Db): Promise<DatabaseFacts> {
  const { rows } = await db.query<DatabaseFacts>(
    `SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
       (SELECT count(*)::integer FROM routewarden_migrations) AS migrated,
       pg_database_size(current_database())::float8 AS bytes`,
  );
  return rows[0]!;
}

export async function hasSchema(db: Db, name: string): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [name]);
  return rows[0]!.there;
}
