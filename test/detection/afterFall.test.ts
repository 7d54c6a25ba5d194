import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { DetectorStep } from '../../src/detection/detectorStep.js';
import { EnsembleStep } from '../../src/detection/ensembleStep.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { AnyModelKind } from '../../src/models/kinds.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { constantKind } from './constantKind.js';

const FIRST = 29_000_000;
const ROWS = 30;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', onError: () => {} });
  await pool.query(
    `WITH made AS (
       INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
         format, code_version, fencing_token)
       VALUES ('heuristic@test', 'heuristic', 'test', 1, 'published', now(), now(), 1, 1, 1, 1, 'x', 1) RETURNING id)
     INSERT INTO activations (model_key, version_id, from_minute, reason)
     SELECT 'heuristic@test', id, to_timestamp($1::bigint * 60), 'test' FROM made`,
    [FIRST],
  );
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values)
     SELECT 'test', to_timestamp(($1::bigint + m) * 60), 'observed', array_fill(0::real, ARRAY[$3::integer])
     FROM generate_series(0, $2::integer - 1) m`,
    [FIRST, ROWS, FEATURE_COUNT],
  );
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

/** Every minute is as surprising; the volume has fallen from the tenth to the fifteenth. */
const storm = {
  ...constantKind,
  score: async (_model: unknown, { minutes }: { minutes: Int32Array }, first: number) => {
    const of = minutes.subarray(first);
    return {
      score: new Float64Array(of.length).fill(5),
      surprise: new Float64Array(of.length).fill(5),
      afterFall: Float64Array.from(of, (minute) => (minute >= FIRST + 10 && minute < FIRST + 15 ? 1.5 : Number.NaN)),
    };
  },
} as unknown as AnyModelKind;

test('what a detector says of a fall is stored, and verdicts pause for it', async () => {
  const detector = new DetectorStep({
    pool,
    stream: 'test',
    kind: storm,
    logger: pino({ level: 'silent' }),
    load: async (_key, versionId) => versionId,
    onBadVersion: async () => undefined,
  });
  while (await detector.step());
  const ensemble = new EnsembleStep({ pool, stream: 'test', waitSeconds: 0, falseAlarmsPerDay: 0.5 });
  while (await ensemble.step());
  const { rows } = await pool.query<{ anomalous: boolean; after_fall: number | null }>(
    'SELECT v.anomalous, s.after_fall FROM verdicts v JOIN scores s USING (stream, minute) ORDER BY minute',
  );
  expect(rows).toHaveLength(ROWS);
  rows.forEach(({ anomalous, after_fall }, row) => {
    const isFallen = row >= 10 && row < 15;
    expect({ row, anomalous, after_fall }).toEqual({ row, anomalous: !isFallen, after_fall: isFallen ? 1.5 : null });
  });
});
