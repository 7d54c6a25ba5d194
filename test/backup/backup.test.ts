import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { writeBackup } from '../../src/backup/backup.js';
import { BadBackup } from '../../src/backup/format.js';
import { gzippedLines } from '../../src/backup/lines.js';
import { restoreBackup } from '../../src/backup/restore.js';
import { verified } from '../../src/registry/artifactFiles.js';
import { sha256 } from '../../src/registry/publish.js';
import { readCursor, WATCH_STAGE } from '../../src/storage/cursors.js';
import { acquireLease } from '../../src/storage/leases.js';
import { migrate } from '../../src/storage/migrations.js';
import { findVersion, versionFiles } from '../../src/storage/modelVersions.js';
import { openPool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let server: TestDatabase;
let folder: string;
let source: Pool;
let file: string;
const pools: Pool[] = [];

/** A new, migrated database on the test's server. */
async function database(): Promise<Pool> {
  const url = await server.createBare();
  await migrate(url, () => {});
  const pool = openPool(url, { name: 'test', onError: () => {} });
  pools.push(pool);
  return pool;
}

async function contents(pool: Pool): Promise<Record<string, string>> {
  const tables = [
    'streams',
    'features',
    'model_versions',
    'model_files',
    'activations',
    'scores',
    'incidents',
    'leases',
  ];
  const found: Record<string, string> = {};
  for (const table of [...tables, 'cursors', 'audit']) {
    const { rows } = await pool.query(`SELECT t::text AS row FROM ${table} t ORDER BY t::text`);
    found[table] = rows.map(({ row }) => row).join('\n');
  }
  return found;
}

beforeAll(async () => {
  server = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'routewarden-backup-'));
  file = join(folder, 'all.gz');
  source = await database();
  const bytes = Buffer.from([0, 1, 2, 255, 10, 13, 34, 92]);
  await source.query(`
    INSERT INTO streams (name, source) VALUES ('rrc00', '{"host": "rrc00"}');
    INSERT INTO features (stream, minute, kind, values, evidence)
      SELECT 'rrc00', to_timestamp(m * 60), 'observed', ARRAY[m, 0.1, 1.17549435e-38, 'NaN', '-Infinity']::real[],
        '{"text": "line\\nbreak \\"quoted\\" \\u00e9"}'
      FROM generate_series(29000000, 29002000) m;
    INSERT INTO model_versions (id, model_key, kind, stream, version, parent_id, state, data_from, data_until, samples,
        seed, threshold, format, code_version, fencing_token)
      VALUES (7, 'lstm@rrc00', 'lstm', 'rrc00', 1, 9, 'published', now(), now(), 1, 1, 0.1 + 0.2::double precision, 1, 'x', 3),
             (9, 'lstm@rrc00', 'lstm', 'rrc00', 2, 7, 'published', now(), now(), 1, 1, 'Infinity', 1, 'x', 4);
    INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', 9, now(), 'test');
    INSERT INTO cursors (stage, stream, position, state) VALUES ('aggregator', 'rrc00', 5, 'x'), ('ensemble', 'rrc00', 6, NULL),
      ('watch', 'rrc00', 5, 'what is open');
    INSERT INTO leases VALUES ('lstm@rrc00', 'somebody', 41, '-infinity');
    INSERT INTO update_batches (stream, position, kind, since, until) VALUES ('rrc00', 1, 'clock', now(), now());
    INSERT INTO incidents (stream, started_at, last_minute, peak_minute, peak_score, severity, class)
      VALUES ('rrc00', now(), now(), now(), 1, 'minor', 'leak')`);
  await source.query('INSERT INTO model_files VALUES (9, $1, $2, $3)', ['model.bin', sha256(bytes), bytes]);
  await writeBackup(source, file, { program: '0.1.0', now: () => new Date(0) });
});

afterAll(async () => {
  for (const pool of pools) await pool.end();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('backup and restore', () => {
  test('a round trip keeps every row, artifacts verified, and ids and tokens go on rising', async () => {
    const target = await database();
    const rows = await restoreBackup(target, file);
    expect(rows).toMatchObject({ features: 2001, model_versions: 2, model_files: 1, cursors: 2, incidents: 1 });
    const [before, after] = [await contents(source), await contents(target)];
    expect(after.cursors).toMatch(/ensemble/);
    expect(after.cursors).not.toMatch(/aggregator/);
    // The log begins anew: who reads it does so from its first entry, with what it knew.
    expect(await readCursor(target, WATCH_STAGE, 'rrc00')).toEqual({
      position: 0,
      state: Buffer.from('what is open'),
    });
    expect({ ...after, cursors: '' }).toEqual({ ...before, cursors: '' });
    const version = (await findVersion(target, 'lstm@rrc00', 2))!;
    expect(verified(version, await versionFiles(target, version.id))).toHaveLength(1);
    const { rows: next } = await target.query(
      `INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', 7, now(), 'next') RETURNING id`,
    );
    expect(next[0].id).toBe(2);
    expect((await acquireLease(target, 'lstm@rrc00', 'next', 1_000))?.token).toBe(42);
    // Constraints are as before: an unknown version is refused at once.
    await expect(
      target.query(
        `INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ('lstm@rrc00', 1000, now(), 'x')`,
      ),
    ).rejects.toThrow(/foreign key/);
  });

  test('two backups of the same rows are the same bytes', async () => {
    const again = join(folder, 'again.gz');
    await writeBackup(source, again, { program: '0.1.0', now: () => new Date(0) });
    expect(await readFile(again)).toEqual(await readFile(file));
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a damaged, cut, foreign or newer file changes nothing and says what it is', async () => {
    const empty = await database();
    const whole = await readFile(file);
    const text = gunzipSync(whole).toString();
    const lines = text.trimEnd().split('\n');
    const changed = (change: (all: string[]) => string[]) => gzipSync(`${change([...lines]).join('\n')}\n`);
    const header = JSON.parse(lines[0]!);
    const cases: [Buffer, RegExp][] = [
      [Buffer.from('no gzip at all'), /damaged or no gzip/],
      [whole.subarray(0, whole.length - 20), /damaged or no gzip/],
      [gzipSync('{"hello": 1}\n'), /is it a Routewarden backup/],
      [gzipSync('hello\n'), /not JSON/],
      [gzipSync(''), /cut off/],
      [changed((all) => all.slice(0, -1)), /cut off/],
      [changed((all) => [...all, '{}']), /more after its end/],
      [gzipSync(text.replace('line\\\\nbreak', 'line\\\\nBreak').replace('1970-01-01', '1971-01-01')), /SHA-256/],
      [changed((all) => [JSON.stringify({ ...header, routewarden_backup: 2 }), ...all.slice(1)]), /upgrade first/],
      [changed((all) => [JSON.stringify({ ...header, schema: ['9999_x'] }), ...all.slice(1)]), /newer Routewarden/],
      [changed((all) => [all[0]!, '{"table":"pg_class","columns":["a"]}', ...all.slice(1)]), /unknown table/],
      [changed((all) => [all[0]!, '{"table":"audit","columns":["x"]}', ...all.slice(1)]), /unknown columns/],
      [changed((all) => [all[0]!, '{"a":1}', ...all.slice(1)]), /rows before a table/],
      [changed((all) => [all[0]!, all[1]!, '{"id":"x"}', ...all.slice(2)]), /database refuses/],
    ];
    for (const [bytes, expected] of cases) {
      const bad = join(folder, 'bad.gz');
      await writeFile(bad, bytes);
      const error = await restoreBackup(empty, bad).then(
        () => null,
        (failure: unknown) => failure,
      );
      expect(error).toBeInstanceOf(BadBackup);
      expect((error as Error).message).toMatch(expected);
    }
    expect((await contents(empty)).features).toBe('');
    expect(await restoreBackup(empty, file)).toMatchObject({ features: 2001 });
  });

  test('a database with rows, or on which the system runs, is refused', async () => {
    await expect(restoreBackup(source, file)).rejects.toThrow(/not empty/);
    const busy = await database();
    await busy.query(
      `INSERT INTO services (instance, name, host, pid, state) VALUES ('a', 'aggregator', 'h', 1, 'running')`,
    );
    await expect(restoreBackup(busy, file)).rejects.toThrow(/aggregator.*stop it first/);
  });

  test('a line without end is refused before it fills the memory', async () => {
    const bomb = join(folder, 'bomb.gz');
    await writeFile(bomb, gzipSync(Buffer.alloc(4_000_000, 'x')));
    const read = async () => {
      for await (const line of gzippedLines(bomb, 1_000_000)) expect(line.length).toBe(0);
    };
    await expect(read()).rejects.toThrow(BadBackup);
  });
});
