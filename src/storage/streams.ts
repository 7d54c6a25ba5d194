import type { Db } from './pool.js';

export async function registerStream(db: Db, name: string, source: unknown): Promise<void> {
  await db.query(
    'INSERT INTO streams (name, source) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET source = excluded.source',
    [name, JSON.stringify(source)],
  );
}

/** Takes a stream away into which nothing has come. Gives whether it is gone. */
export async function forgetEmptyStream(db: Db, name: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `DELETE FROM streams WHERE name = $1
       AND NOT EXISTS (SELECT 1 FROM update_batches WHERE stream = $1)
       AND NOT EXISTS (SELECT 1 FROM features WHERE stream = $1)`,
    [name],
  );
  return rowCount === 1;
}

export async function listStreams(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>('SELECT name FROM streams ORDER BY name');
  return rows.map((row) => row.name);
}

/** Names of all streams that were registered or that any stage has read, in order. */
export async function streamNames(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT name FROM streams UNION SELECT name FROM (SELECT DISTINCT stream AS name FROM cursors) known ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}
