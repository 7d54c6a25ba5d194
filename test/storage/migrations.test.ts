import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runner } from 'node-pg-migrate';
import { migrate } from '../../src/storage/migrations.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

/** The last migration of each released version: a database of that version must come up to date with its rows. */
const RELEASED = { '0.1.0': '0003_cancellations' };
const DIRECTORY = 'src/storage/migrations';

let server: TestDatabase;
const pools: Pool[] = [];
let names: string[];

async function database(): Promise<{ url: string; pool: Pool }> {
  const url = await server.createBare();
  const pool = openPool(url, { name: 'test', onError: () => {} });
  pools.push(pool);
  return { url, pool };
}

function run(databaseUrl: string, direction: 'up' | 'down', count: number) {
  return runner({
    databaseUrl,
    dir: DIRECTORY,
    direction,
    count,
    migrationsTable: 'routewarden_migrations',
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  } as Parameters<typeof runner>[0]);
}

/** Columns, indexes and constraints in words. */
async function schemaOf(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(
    `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
     FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace
     ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

beforeAll(async () => {
  server = await openTestDatabase();
  names = (await readdir(DIRECTORY))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -4))
    .sort();
}, 60_000);
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await server?.close();
});

describe('migrations', () => {
  test.each(Object.entries(RELEASED))('a database of %s comes up to date with its rows', async (_, last) => {
    const { url, pool } = await database();
    const count = names.indexOf(last) + 1;
    expect(count).toBeGreaterThan(0);
    await run(url, 'up', count);
    await pool.query(`
      INSERT INTO streams (name) VALUES ('rrc00');
      INSERT INTO features (stream, minute, kind, values) VALUES ('rrc00', '2026-01-01T00:00Z', 'observed', '{1,2,3}');
      INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
          format, code_version, fencing_token)
        VALUES ('lstm@rrc00', 'lstm', 'rrc00', 1, 'published', now(), now(), 1, 1, 1, 1, '0.1.0', 1);
      INSERT INTO activations (model_key, version_id, from_minute, reason) SELECT model_key, id, now(), 'x' FROM model_versions;
      INSERT INTO retrain_runs (run, model_key, state) VALUES ('a.1', 'lstm@rrc00', 'published');
      INSERT INTO incidents (stream, started_at, last_minute, peak_minute, peak_score, severity, class)
        VALUES ('rrc00', now(), now(), now(), 1, 'minor', 'leak')`);
    expect(await migrate(url, () => {})).toEqual(names.slice(count));
    expect(await migrate(url, () => {})).toEqual([]);
    const { rows } = await pool.query(
      `SELECT (SELECT values::text FROM features) AS values, (SELECT count(*) FROM activations) AS activations,
         (SELECT count(*) FROM retrain_runs) AS runs, (SELECT count(*) FROM incidents) AS incidents`,
    );
    expect(rows[0]).toEqual({ values: '{1,2,3}', activations: 1, runs: 1, incidents: 1 });
    const fresh = await database();
    await migrate(fresh.url, () => {});
    expect(await schemaOf(pool)).toEqual(await schemaOf(fresh.pool));
  });

  test('go down and up again to the same schema', async () => {
    const { url, pool } = await database();
    await migrate(url, () => {});
    const before = await schemaOf(pool);
    await run(url, 'down', names.length);
    expect((await schemaOf(pool)).filter((line) => !line.includes('routewarden_migrations'))).toEqual([]);
    await migrate(url, () => {});
    expect(await schemaOf(pool)).toEqual(before);
  });

  test('a database of a newer program is refused, with what to do', async () => {
    const { url, pool } = await database();
    await migrate(url, () => {});
    await pool.query(`INSERT INTO routewarden_migrations (name, run_on) VALUES ('9999_future', now())`);
    await expect(migrate(url, () => {})).rejects.toThrow(/newer Routewarden \(9999_future\): upgrade/);
  });
});
