import type { Pool, PoolClient } from './pool.js';

export async function registerStream(pool: Pool | PoolClient, name: string, source: unknown): Promise<void> {
  await pool.query(
    'INSERT INTO streams (name, source) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET source = excluded.source',
    [name, JSON.stringify(source)],
  );
}

export async function listStreams(pool: Pool | PoolClient): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM streams ORDER BY name');
  return rows.map((row) => row.name);
}
