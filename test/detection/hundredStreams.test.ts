import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { DetectorStep } from '../../src/detection/detectorStep.js';
import { ScoringRound } from '../../src/detection/scoringRound.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { AnyModelKind } from '../../src/models/kinds.js';
import type { Engine } from '../../src/models/lstm/engine.js';
import { FusedEngine } from '../../src/models/lstm/engineFused.js';
import { createLstm, type LstmModel } from '../../src/models/lstm/index.js';
import { featureBlock } from '../../src/storage/features.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { block } from '../models/lstm/rows.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const STREAMS = 100;
const FIRST = 29_000_000;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', onError: () => {} });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

/** Ordinary minutes of every stream, each at a level of its own. */
async function minutes(from: number, until: number): Promise<void> {
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values)
     SELECT 's' || s, to_timestamp(($1::bigint + m) * 60), 'observed',
       array(SELECT (100 + s + 10 * sin(m + f))::real FROM generate_series(1, $4::integer) f)
     FROM generate_series(1, $5::integer) s, generate_series($2::integer, $3::integer - 1) m`,
    [FIRST, from, until, FEATURE_COUNT, STREAMS],
  );
}

/** The kernel, with a count of the calls that measure windows. */
class CountedEngine implements Engine {
  readonly name = 'counted';
  calls = 0;
  readonly #engine = new FusedEngine();

  async open(...given: Parameters<Engine['open']>): ReturnType<Engine['open']> {
    const session = await this.#engine.open(...given);
    const { errors } = session;
    session.errors = (...asked) => {
      this.calls++;
      return errors.apply(session, asked);
    };
    return session;
  }
}

test("a hundred streams' minutes are scored in one call, each by its own model and as if it were alone", async () => {
  const alone = createLstm(new FusedEngine());
  const model = await alone.fit(block(600, 1), {
    seed: 1,
    falseAlarmsPerDay: 1,
    settings: { epochs: 1, windowsPerEpoch: 64, hidden: 8 },
  });
  const { rows: versions } = await pool.query<{ id: number; stream: string }>(
    `WITH made AS (
       INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
         format, code_version, fencing_token)
       SELECT 'lstm@s' || s, 'lstm', 's' || s, 1, 'published', now(), now(), 1, 1, 1, 1, 'x', 1
       FROM generate_series(1, $1::integer) s RETURNING id, stream, model_key),
     activated AS (
       INSERT INTO activations (model_key, version_id, from_minute, reason)
       SELECT model_key, id, to_timestamp($2::bigint * 60), 'test' FROM made)
     SELECT id, stream FROM made`,
    [STREAMS, FIRST],
  );
  // Nothing is anomalous: explaining takes calls of its own.
  const models = new Map<number, LstmModel>(
    versions.map(({ id }, i) => [
      id,
      { ...model, threshold: Number.MAX_VALUE, weights: model.weights.map((w) => w * (1 + i / 1000)) },
    ]),
  );
  const engine = new CountedEngine();
  const kind = createLstm(engine) as unknown as AnyModelKind;
  const round = new ScoringRound();
  const detectors = versions.map(
    ({ stream }) =>
      new DetectorStep({
        pool,
        stream,
        kind,
        round,
        logger: pino({ level: 'silent' }),
        load: async (_key, versionId) => models.get(versionId),
        onBadVersion: async () => {},
      }),
  );
  const drain = () =>
    Promise.all(
      detectors.map(async (detector) => {
        while (await detector.step());
      }),
    );
  await minutes(0, kind.context + 1);
  await drain();
  for (let minute = kind.context + 1; minute < kind.context + 4; minute++) {
    await minutes(minute, minute + 1);
    engine.calls = 0;
    await drain();
    expect(engine.calls).toBe(1);
  }
  const { rows } = await pool.query<{ stream: string; scores: number[]; minutes: number; version_id: number }>(
    `SELECT stream, version_id, count(*)::integer AS minutes, array_agg(score ORDER BY minute) AS scores FROM scores
     GROUP BY stream, version_id ORDER BY stream`,
  );
  expect(rows.length).toBe(STREAMS);
  for (const { stream, scores, version_id } of rows) {
    const own = await featureBlock(pool, stream, FIRST, FIRST + kind.context + 4);
    const { score } = await alone.score(models.get(version_id)!, own, 0);
    expect(scores).toEqual([...score].filter(Number.isFinite));
  }
}, 60_000);
