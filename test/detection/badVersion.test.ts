import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { DetectorStep } from '../../src/detection/detectorStep.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import { BadArtifact } from '../../src/models/model.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { constantKind as kind } from './constantKind.js';

const FIRST = 29_000_000;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', onError: () => {} });
  for (const version of [1, 2, 3]) {
    await pool.query(
      `WITH made AS (
         INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
           format, code_version, fencing_token)
         VALUES ('heuristic@test', 'heuristic', 'test', $1::integer, 'published', now(), now(), 1, 1, 1, 1, 'x', $1::integer) RETURNING id)
       INSERT INTO activations (model_key, version_id, from_minute, reason)
       SELECT 'heuristic@test', id, to_timestamp($2::bigint * 60), 'test' FROM made`,
      [version, FIRST + (version - 1) * 10],
    );
  }
  await minutes(0, 5);
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

async function minutes(from: number, until: number): Promise<void> {
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values)
     SELECT 'test', to_timestamp(($1::bigint + m) * 60), 'observed', array_fill(0::real, ARRAY[$4::integer])
     FROM generate_series($2::integer, $3::integer - 1) m`,
    [FIRST, from, until, FEATURE_COUNT],
  );
}

/** @param bad versions that are of a newer format, or damaged */
function detector(bad: number[], told: number[], away = false): DetectorStep {
  return new DetectorStep({
    pool,
    stream: 'test',
    kind,
    logger: pino({ level: 'silent' }),
    load: async (_key, versionId) => {
      if (away) throw Object.assign(new Error('the database system is starting up'), { code: '57P03' });
      if (bad.includes(versionId)) throw new BadArtifact(`version ${versionId} has format 999`);
      return versionId;
    },
    onBadVersion: async (_key, { version }) => void told.push(version),
  });
}

async function scoredBy(): Promise<number[]> {
  const { rows } = await pool.query<{ version_id: number }>('SELECT version_id FROM scores ORDER BY minute');
  return rows.map((row) => row.version_id);
}

async function drain(step: DetectorStep): Promise<void> {
  while (await step.step());
}

test('a version that cannot be read is told once, and the newest that can serves on, also in a detector that has just started', async () => {
  const told: number[] = [];
  const running = detector([2, 3], told);
  await drain(running);
  expect(await scoredBy()).toEqual(Array(5).fill(1));
  await minutes(5, 15);
  await drain(running);
  expect(await scoredBy()).toEqual(Array(15).fill(1));
  await minutes(15, 25);
  await drain(detector([2, 3], told));
  expect(await scoredBy()).toEqual(Array(25).fill(1));
  // The running one told of version 2; the one that started told of 2 again, and of 3 when its minutes came.
  expect(told).toEqual([2, 2, 3]);
  await minutes(25, 30);
  await drain(detector([3], told));
  expect((await scoredBy()).slice(25)).toEqual(Array(5).fill(2));
});

test('a store that is away is no reason to refuse a version', async () => {
  await minutes(30, 35);
  const told: number[] = [];
  await expect(detector([], told, true).step()).rejects.toThrow(/starting up/);
  expect(told).toEqual([]);
  await drain(detector([], told));
  expect((await scoredBy()).slice(30)).toEqual(Array(5).fill(3));
});
