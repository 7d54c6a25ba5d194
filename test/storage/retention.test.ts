import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { settingsSchema } from '../../src/config/settings.js';
import { keptBy, retentionRound } from '../../src/services/retentionRound.js';
import { pruneAll, prunings } from '../../src/storage/retention.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const DAY = 1440;
const NEWEST = 29_000_000;
const keep = {
  updateBatchHours: 1,
  featureDays: 2,
  incidentDays: 2,
  historyDays: 30,
  reportDays: 30,
  versions: 1,
  readers: ['aggregator'],
};

let database: TestDatabase;

async function count(table: string, where = 'true'): Promise<number> {
  const { rows } = await database.pool.query(`SELECT count(*)::integer AS count FROM ${table} WHERE ${where}`);
  return rows[0].count;
}

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database?.close());

beforeEach(async () => {
  const { pool } = database;
  await pool.query(
    'TRUNCATE streams, features, scores, verdicts, update_batches, cursors, incidents, retrain_runs, alerts, model_versions, activations CASCADE',
  );
  await pool.query(`INSERT INTO streams (name) VALUES ('old'), ('new')`);
  // The stream `old` is a replay whose newest minute lies 3 days before that of `new`.
  for (const [stream, newest] of [
    ['old', NEWEST - 3 * DAY],
    ['new', NEWEST],
  ]) {
    await pool.query(
      `INSERT INTO features (stream, minute, kind, values)
       SELECT $1, to_timestamp(m * 60), 'observed', '{1}' FROM generate_series($2::bigint - 5 * 1440 + 1, $2) m`,
      [stream, newest],
    );
    await pool.query(
      `INSERT INTO scores (stream, kind, minute, version_id, score, surprise, threshold, anomalous)
       SELECT stream, 'heuristic', minute, 1, 0, 0, 1, false FROM features WHERE stream = $1`,
      [stream],
    );
    await pool.query(
      `INSERT INTO update_batches (stream, position, kind, since, until, payload, received_at)
       SELECT $1, p, 'updates', now(), now(), 'x', now() - make_interval(hours => 10 - p) FROM generate_series(1, 10) p`,
      [stream],
    );
  }
  await pool.query(`INSERT INTO cursors (stage, stream, position) VALUES ('aggregator', 'new', 6)`);
});

describe('retention', () => {
  test('keeps as many days of minutes before each stream’s own watermark, in bounded statements', async () => {
    const gone = await pruneAll(database.pool, prunings(keep), { rows: 1_000 });
    expect(gone.features).toBe(2 * (3 * DAY - 1));
    expect(gone.scores).toBe(gone.features);
    for (const [stream, newest] of [
      ['old', NEWEST - 3 * DAY],
      ['new', NEWEST],
    ] as const) {
      expect(await count('features', `stream = '${stream}'`)).toBe(2 * DAY + 1);
      expect(
        await count('features', `stream = '${stream}' AND minute >= to_timestamp(${(newest - 2 * DAY) * 60})`),
      ).toBe(2 * DAY + 1);
    }
    expect(await pruneAll(database.pool, prunings(keep))).toEqual({});
  });

  test('a round is bounded, and the next one goes on', async () => {
    const all = prunings(keep).filter(({ table }) => table === 'features');
    expect(await pruneAll(database.pool, all, { rows: 100, statements: 3 })).toEqual({ features: 300 });
    expect(await pruneAll(database.pool, all, { rows: 100, statements: 3 })).toEqual({ features: 300 });
  });

  test('the log keeps what is young and what is not aggregated, and its last entry', async () => {
    await pruneAll(database.pool, prunings({ ...keep, updateBatchHours: 2.5 }));
    // Nobody has read stream `old`.
    expect(await count('update_batches', `stream = 'old'`)).toBe(10);
    expect(await count('update_batches', `stream = 'new' AND position >= 6`)).toBe(5);
    expect(await count('update_batches', `stream = 'new'`)).toBe(5);
    await database.pool.query(`UPDATE cursors SET position = 10`);
    await pruneAll(database.pool, prunings({ ...keep, updateBatchHours: 2.5 }));
    expect(await count('update_batches', `stream = 'new'`)).toBe(3);
    await pruneAll(database.pool, prunings({ ...keep, updateBatchHours: 0.001 }));
    expect(await count('update_batches', `stream = 'new' AND position = 10`)).toBe(1);
  });

  test('incidents go when they ended long ago, and leave no relation behind', async () => {
    const at = (minute: number) => new Date(minute * 60_000);
    const insert = async (started: number, ended: number | null, related: number | null) =>
      (
        await database.pool.query(
          `INSERT INTO incidents (stream, started_at, ended_at, last_minute, peak_minute, peak_score, severity, class, related_to)
           VALUES ('new', $1, $2, $1, $1, 1, 'minor', 'leak', $3) RETURNING id`,
          [at(started), ended === null ? null : at(ended), related],
        )
      ).rows[0].id;
    const old = await insert(NEWEST - 4 * DAY, NEWEST - 3 * DAY, null);
    await insert(NEWEST - 4 * DAY + 1, NEWEST - 3 * DAY + 1, old);
    await insert(NEWEST - DAY, NEWEST - DAY + 5, old);
    await insert(NEWEST - 10 * DAY, null, old);
    expect(await pruneAll(database.pool, prunings(keep))).toMatchObject({ incidents: 2 });
    expect(await count('incidents')).toBe(2);
    expect(await count('incidents', 'related_to IS NOT NULL')).toBe(0);
  });

  test('of the history of retrainings each model’s last end stays, and runs that have not ended', async () => {
    const state = (run: string, name: string, days: number) =>
      database.pool.query(
        `INSERT INTO retrain_runs (run, model_key, state, at) VALUES ($1, 'lstm@new', $2, now() - make_interval(days => $3))`,
        [run, name, days],
      );
    await state('a', 'queued', 90);
    await state('a', 'published', 90);
    await state('b', 'queued', 80);
    await state('b', 'rejected', 80);
    await state('c', 'queued', 70);
    expect(await pruneAll(database.pool, prunings(keep))).toMatchObject({ retrain_runs: 3 });
    const { rows } = await database.pool.query('SELECT run, state FROM retrain_runs ORDER BY id');
    expect(rows).toEqual([
      { run: 'b', state: 'rejected' },
      { run: 'c', state: 'queued' },
    ]);
  });

  test('versions go with their files when nothing refers to them, never one that a kept minute was scored by', async () => {
    const { pool } = database;
    const ids: number[] = [];
    for (const [version, state, pinned] of [
      [1, 'published', false],
      [2, 'published', true],
      [3, 'published', false],
      [4, 'held', false],
      [5, 'published', false],
      [6, 'rejected', false],
      [7, 'published', false],
    ] as const) {
      const { rows } = await pool.query<{ id: number }>(
        `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
           format, code_version, fencing_token, pinned, parent_id, created_at)
         VALUES ('lstm@new', 'lstm', 'new', $1, $2, now(), now(), 1, 1, 1, 1, 'test', 1, $3, $4, now() - interval '90 days')
         RETURNING id`,
        [version, state, pinned, ids.at(-1) ?? null],
      );
      ids.push(rows[0]!.id);
      await pool.query(`INSERT INTO model_files VALUES ($1, 'model', 'x', 'x')`, [rows[0]!.id]);
    }
    // 3 still scored kept minutes: 5 took over one day before the newest.
    for (const [version, days] of [
      [1, 5],
      [2, 4],
      [3, 3],
      [5, 1],
    ] as const)
      await pool.query(
        `INSERT INTO activations (model_key, version_id, from_minute, reason, at)
         VALUES ('lstm@new', $1, to_timestamp($2::bigint * 60), 'x', now() - interval '90 days')`,
        [ids[version - 1], NEWEST - days * DAY],
      );
    expect(await pruneAll(pool, prunings(keep))).toMatchObject({ activations: 2, model_versions: 2 });
    const { rows } = await pool.query<{ version: number; parent: number | null; files: number }>(
      `SELECT v.version, p.version AS parent, (SELECT count(*) FROM model_files WHERE version_id = v.id)::integer AS files
       FROM model_versions v LEFT JOIN model_versions p ON p.id = v.parent_id ORDER BY 1`,
    );
    expect(rows).toEqual([
      { version: 2, parent: null, files: 1 },
      { version: 3, parent: 2, files: 1 },
      { version: 4, parent: 3, files: 1 },
      { version: 5, parent: 4, files: 1 },
      { version: 7, parent: null, files: 1 },
    ]);
    expect(await pruneAll(pool, prunings({ ...keep, historyDays: 100 }))).toEqual({});
  });

  test('every table is bounded: pruned, or named here with what bounds it', async () => {
    const bounded: Record<string, string> = {
      aggregator_pages: 'what a stream holds, by features.routes',
      cursors: 'a row a stage and stream',
      dead_letters: 'a row a model',
      exams: 'a row a lineage, which begins when a person accepts a version',
      late_minutes: 'minutes that are kept, once a stage',
      leases: 'a row a model',
      model_files: 'keepVersions, see test/registry',
      refusal_answers: 'a row a model',
      shadows: 'a row a model',
      streams: 'settings',
      watch_states: 'a row a stream',
      routewarden_migrations: 'a row a migration',
    };
    const { rows } = await database.pool.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    );
    const pruned = prunings(keep).map(({ table }) => table);
    expect(rows.map(({ name }) => name).filter((name) => !pruned.includes(name) && !(name in bounded))).toEqual([]);
  });

  test('a round deletes old report files and the copies of versions beyond those kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'routewarden-retention-'));
    try {
      const settings = settingsSchema.parse({ artifactDirectory: folder, retraining: { keepVersions: 1 } });
      await writeFile(join(folder, 'drift_report_old.json'), '{}');
      await writeFile(join(folder, 'drift_report_new.json'), '{}');
      await utimes(join(folder, 'drift_report_old.json'), 1, 1);
      for (const version of [1, 2, 3]) {
        await mkdir(join(folder, 'lstm', 'new', String(version)), { recursive: true });
        await database.pool.query(
          `WITH v AS (INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed,
             threshold, format, code_version, fencing_token)
             VALUES ('lstm@new', 'lstm', 'new', $1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1) RETURNING id),
           a AS (INSERT INTO activations (model_key, version_id, from_minute, reason)
             SELECT 'lstm@new', id, to_timestamp($2::bigint * 60), 'x' FROM v WHERE $1 = 2)
           INSERT INTO model_files SELECT id, 'model', 'x', 'x' FROM v`,
          [version, NEWEST],
        );
      }
      const gone = await retentionRound(database.pool, settings, { now: () => new Date() });
      expect(gone).toMatchObject({ model_files: 1, report_files: 1 });
      expect(await readdir(folder)).toEqual(['drift_report_new.json', 'lstm']);
      expect((await readdir(join(folder, 'lstm', 'new'))).sort()).toEqual(['2', '3']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a table that fails stops no other, and is named', async () => {
    const broken = { table: 'nowhere', prune: () => Promise.reject(new Error('no such table')) };
    const features = prunings(keep).filter(({ table }) => table === 'features');
    await expect(pruneAll(database.pool, [broken, ...features])).rejects.toThrow('pruning nowhere: no such table');
    expect(await count('features')).toBe(2 * (2 * DAY + 1));
  });

  test('never keeps less than training and drift checks look back', () => {
    const settings = settingsSchema.parse({ retention: { featureDays: 1, incidentDays: 1 } });
    expect(keptBy(settings)).toMatchObject({ featureDays: 9, incidentDays: 9 });
  });
});
