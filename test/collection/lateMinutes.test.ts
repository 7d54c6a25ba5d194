import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { storeLate } from '../../src/collection/backfill.js';
import { settingsSchema } from '../../src/config/settings.js';
import { DetectorStep } from '../../src/detection/detectorStep.js';
import { voteFor } from '../../src/detection/ensemble.js';
import { EnsembleStep } from '../../src/detection/ensembleStep.js';
import { LATE_SCORING } from '../../src/detection/lateStages.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureRow, Minute } from '../../src/features/row.js';
import { emptyEvidence } from '../../src/features/row.js';
import { correlateNext } from '../../src/incidents/correlationStep.js';
import { CORRELATOR, correlateLate } from '../../src/incidents/lateCorrelation.js';
import { WatchList } from '../../src/incidents/watchList.js';
import type { AnyModelKind } from '../../src/models/kinds.js';
import { Random } from '../../src/random/random.js';
import { featureBlock, insertFeatures } from '../../src/storage/features.js';
import { inTransaction, openPool } from '../../src/storage/pool.js';
import { meanKind } from '../drift/meanKind.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const STREAM = 'rrc00';
const START = 29_500_000;
const SERVES_FROM = START + 300;
const GAP_FROM = START + 400;
const GAP_UNTIL = GAP_FROM + 6;
const UNTIL = START + 450;

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.pool.options.connectionString!, { name: 'test', onError: () => {} });
}, 60_000);

afterAll(async () => {
  await pool.end();
  await database.close();
});

function row(minute: Minute, kind: FeatureRow['kind'], level: number): FeatureRow {
  const values = new Float32Array(FEATURE_COUNT).fill(level);
  return { stream: STREAM, minute, kind, values, evidence: emptyEvidence() };
}

async function table(name: string): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `SELECT *, (extract(epoch FROM ${name === 'incidents' ? 'started_at' : 'minute'}) / 60)::integer AS at FROM ${name} ORDER BY at`,
  );
  return rows;
}

test('healed minutes get their scores, verdicts and incident late; nothing else changes', async () => {
  const random = new Random(3);
  const rows = Array.from({ length: UNTIL - START }, (_, i) => {
    const gap = START + i >= GAP_FROM && START + i < GAP_UNTIL;
    return row(START + i, gap ? 'gap' : 'observed', gap ? 0 : 10 + random.next());
  });
  await insertFeatures(pool, rows);
  const base = meanKind('heuristic');
  const kind = {
    ...base,
    // sure enough of itself to carry the vote alone
    score: async (...given: Parameters<typeof base.score>) => {
      const scores = await base.score(...given);
      return { ...scores, surprise: scores.surprise.map((value) => 3 * value) };
    },
  } as unknown as AnyModelKind;
  const model = await kind.fit(await featureBlock(pool, STREAM, START, SERVES_FROM), {
    seed: 1,
    falseAlarmsPerDay: 0.001,
  } as never);
  const { rows: versions } = await pool.query<{ id: number }>(
    `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
       format, code_version, fencing_token)
     VALUES ('heuristic@rrc00', 'heuristic', 'rrc00', 1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1) RETURNING id`,
  );
  await pool.query(
    `INSERT INTO activations (model_key, version_id, from_minute, reason)
     VALUES ('heuristic@rrc00', $1, to_timestamp($2), 'test')`,
    [versions[0]!.id, SERVES_FROM * 60],
  );
  const detector = new DetectorStep({
    pool,
    stream: STREAM,
    kind,
    logger: pino({ level: 'silent' }),
    load: async () => model,
    onBadVersion: async (_key, _activation, error) => {
      throw error;
    },
  });
  // kinds without a model look at nothing, and must not hold the ensemble up for ever
  const others = (['isolation_forest', 'lstm'] as const).map(
    (name) =>
      new DetectorStep({
        pool,
        stream: STREAM,
        kind: meanKind(name) as unknown as AnyModelKind,
        logger: pino({ level: 'silent' }),
        load: async () => model,
        onBadVersion: async () => undefined,
      }),
  );
  const ensemble = new EnsembleStep({ pool, stream: STREAM, waitSeconds: 60, falseAlarmsPerDay: 5 });
  const settings = settingsSchema.parse({});
  const options = {
    settings: settings.incidents,
    watchList: new WatchList(settings.watch),
    validityOf: () => undefined,
    now: () => new Date(0),
  };
  const run = async () => {
    for (let i = 0; i < 3; i++) {
      for (const one of [detector, ...others]) await one.step();
      await ensemble.step();
      while ((await correlateNext(pool, STREAM, options)).minutes > 0);
      await correlateLate(pool, STREAM, LATE_SCORING, options);
    }
  };
  await run();
  const before = {
    scores: await table('scores'),
    verdicts: await table('verdicts'),
    incidents: await table('incidents'),
  };
  // what is asked of the verdicts fixes where an incident begins
  expect(before.verdicts.length).toBeGreaterThan(0);
  expect(before.verdicts[0]!.threshold).toBeCloseTo(voteFor(5).threshold);
  const healed = (list: Record<string, unknown>[]) =>
    list.filter(({ at }) => (at as number) >= GAP_FROM && (at as number) < GAP_UNTIL);
  expect(before.scores).toHaveLength(UNTIL - SERVES_FROM - (GAP_UNTIL - GAP_FROM));
  expect(healed(before.verdicts)).toEqual([]);
  expect(before.incidents).toEqual([]);

  const lost = Array.from({ length: GAP_UNTIL - GAP_FROM }, (_, i) => row(GAP_FROM + i, 'observed', 5_000));
  expect(await inTransaction(pool, (client) => storeLate(client, STREAM, lost, [...LATE_SCORING, CORRELATOR]))).toBe(6);
  await run();
  const after = {
    scores: await table('scores'),
    verdicts: await table('verdicts'),
    incidents: await table('incidents'),
  };
  expect(healed(after.scores).map(({ anomalous }) => anomalous)).toEqual(Array(6).fill(true));
  expect(healed(after.verdicts)).toHaveLength(6);
  const untouched = (list: Record<string, unknown>[]) => list.filter((one) => !healed(list).includes(one));
  expect(untouched(after.scores)).toEqual(before.scores);
  expect(untouched(after.verdicts)).toEqual(before.verdicts);
  expect(after.incidents).toHaveLength(1);
  expect(after.incidents[0]).toMatchObject({ at: GAP_FROM });
  expect(after.incidents[0]!.ended_at).toEqual(new Date(GAP_UNTIL * 60_000));
  const cursor = await pool.query('SELECT stage, stream, minute FROM late_minutes');
  expect(cursor.rows).toEqual([]);
}, 60_000);
