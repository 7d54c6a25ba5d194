import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { DetectorStep } from '../../src/detection/detectorStep.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import { BadArtifact, type ModelKey } from '../../src/models/model.js';
import { ChampionChanged, StaleLease, VersionPinned } from '../../src/registry/publish.js';
import { pin, RegistryRefusal, rollback } from '../../src/registry/registry.js';
import { currentActivation } from '../../src/storage/activations.js';
import { acquireLease, type Lease, releaseLease } from '../../src/storage/leases.js';
import { listVersions } from '../../src/storage/modelVersions.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { constantKind as kind } from '../detection/constantKind.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { publishVersion } from './trainedVersion.js';

/** Random interleavings; the thousand: `INTERLEAVINGS=1000`. */
const RUNS = Number(process.env.INTERLEAVINGS ?? 40);
const SEED = Number(process.env.INTERLEAVING_SEED ?? 7);

/** What must hold beside the database. */
interface Expected {
  minutes: number;
}

interface Real {
  pool: Pool;
  stream: string;
  key: ModelKey;
  /** Two detector processes of which one may be killed; they share the model's lock as real ones do. */
  detectors: DetectorStep[];
  /** Trainings under way: a lease, and the champion they began with. */
  trainings: { lease: Lease; parentId: number | null }[];
  runs: number;
}

type Command = fc.AsyncCommand<Expected, Real>;

function detector(pool: Pool, stream: string): DetectorStep {
  return new DetectorStep({
    pool,
    stream,
    kind,
    logger: pino({ level: 'silent' }),
    load: async (_key, versionId) => versionId,
    onBadVersion: async () => {},
  });
}

class FeedGoesOn implements Command {
  constructor(private readonly minutes: number) {}
  check = () => true;
  async run(expected: Expected, { pool, stream }: Real) {
    await pool.query(
      `INSERT INTO features (stream, minute, kind, values)
       SELECT $1, to_timestamp((29000000 + m) * 60::bigint), 'observed', array_fill(0::real, ARRAY[$4::integer])
       FROM generate_series($2::integer, $3::integer) m`,
      [stream, expected.minutes, expected.minutes + this.minutes - 1, FEATURE_COUNT],
    );
    expected.minutes += this.minutes;
  }
  toString = () => `feed(${this.minutes})`;
}

class TrainingBegins implements Command {
  constructor(private readonly trainer: number) {}
  check = () => true;
  async run(_expected: Expected, { pool, key, trainings }: Real) {
    const lease = await acquireLease(pool, key, `trainer ${this.trainer}`, 60_000);
    if (!lease) return;
    trainings.push({ lease, parentId: (await currentActivation(pool, key))?.versionId ?? null });
  }
  toString = () => `train(${this.trainer})`;
}

class LeaseRunsOut implements Command {
  check = () => true;
  async run(_expected: Expected, { pool, key }: Real) {
    await pool.query('UPDATE leases SET expires_at = clock_timestamp() WHERE model_key = $1', [key]);
  }
  toString = () => 'lease runs out';
}

/** Several things at the very same time. */
class AtOnce implements Command {
  constructor(private readonly what: ('publish' | 'rollback' | 'score' | 'pin' | 'unpin')[]) {}
  check = () => true;
  async run(expected: Expected, real: Real) {
    const outcomes = await Promise.allSettled(this.what.map((one, index) => act(one, index, real)));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      const typed = [StaleLease, ChampionChanged, VersionPinned, RegistryRefusal, BadArtifact];
      if (!typed.some((type) => outcome.reason instanceof type)) throw outcome.reason;
    }
    await invariants(expected, real);
  }
  toString = () => `at once(${this.what.join(', ')})`;
}

class DetectorIsKilled implements Command {
  check = () => true;
  async run(_expected: Expected, { pool, stream, detectors }: Real) {
    detectors[0] = detector(pool, stream);
  }
  toString = () => 'detector is killed';
}

async function act(what: string, index: number, real: Real): Promise<unknown> {
  const { pool, key, trainings, detectors } = real;
  const move = { pool, modelKey: key, actor: 'test', reason: 'test' };
  const versions = await listVersions(pool, key);
  switch (what) {
    case 'publish': {
      const training = trainings.splice(index % Math.max(1, trainings.length), 1)[0];
      if (!training) return;
      // As a trainer does: whatever comes of it, the lease is given back.
      return publish(real, training).finally(() => releaseLease(pool, training.lease));
    }
    case 'rollback':
      return rollback(move);
    case 'score':
      return detectors[0]!.step();
    default: {
      const version = versions[0]?.version;
      return version === undefined ? undefined : pin({ ...move, version, pinned: what === 'pin' });
    }
  }
}

async function publish(real: Real, { lease, parentId }: Real['trainings'][number]) {
  real.runs += 1;
  return publishVersion(real.pool, {
    modelKey: real.key,
    lease,
    run: `${real.stream} run ${real.runs}`,
    parentId,
    dataFrom: 28_990_000,
    dataUntil: 29_000_000,
  });
}

/** One active version a minute, tokens that rise, each scored row's version existed and was active at its minute. */
async function invariants(_expected: Expected, { pool, key, stream }: Real): Promise<void> {
  const versions = await listVersions(pool, key);
  const tokens = versions.map(({ fencingToken }) => fencingToken).reverse();
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  expect(new Set(versions.map(({ version }) => version)).size).toBe(versions.length);
  const { rows: wrong } = await pool.query(
    `SELECT s.minute, s.version_id, a.version_id AS active FROM scores s LEFT JOIN LATERAL (
       SELECT version_id FROM activations WHERE model_key = $1 AND from_minute <= s.minute
       ORDER BY from_minute DESC, id DESC LIMIT 1) a ON true
     WHERE s.stream = $2 AND s.version_id IS DISTINCT FROM a.version_id`,
    [key, stream],
  );
  expect(wrong).toEqual([]);
  const { rows: pointers } = await pool.query(
    `SELECT a.id FROM activations a LEFT JOIN model_versions v ON v.id = a.version_id AND v.model_key = a.model_key
     WHERE a.model_key = $1 AND (v.id IS NULL OR v.state <> 'published')`,
    [key],
  );
  expect(pointers).toEqual([]);
  // Minutes are scored in order and without holes from the first activation on.
  const { rows: holes } = await pool.query(
    `SELECT max(minute) IS DISTINCT FROM min(minute) + make_interval(mins => count(*)::integer - 1) AS holes, count(*)
     FROM scores WHERE stream = $1`,
    [stream],
  );
  if (holes[0].count > 0) expect(holes[0].holes).toBe(false);
}

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', maximum: 10, onError: () => {} });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

test('publishes, rollbacks, pins and reloads at once leave one active version, rising tokens and true scores', async () => {
  const what = fc.constantFrom(
    'publish' as const,
    'rollback' as const,
    'score' as const,
    'score' as const,
    'pin' as const,
    'unpin' as const,
  );
  let streams = 0;
  const begin = () => {
    streams += 1;
    const stream = `race${streams}`;
    const key = `heuristic@${stream}` as ModelKey;
    const real: Real = { pool, stream, key, detectors: [detector(pool, stream)], trainings: [], runs: 0 };
    return { model: { minutes: 0 }, real };
  };
  // One after the other first: on a busy machine none of the rollbacks below may find a version to go back to.
  await fc.asyncModelRun(begin, [
    new FeedGoesOn(3),
    ...[1, 2].flatMap(() => [new TrainingBegins(0), new AtOnce(['publish'])]),
    new AtOnce(['rollback']),
    new AtOnce(['score']),
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.commands(
        [
          fc.integer({ min: 1, max: 5 }).map((minutes) => new FeedGoesOn(minutes)),
          fc.integer({ min: 0, max: 2 }).map((trainer) => new TrainingBegins(trainer)),
          fc.constant(new LeaseRunsOut()),
          fc.constant(new DetectorIsKilled()),
          fc.array(what, { minLength: 1, maxLength: 5 }).map((all) => new AtOnce(all)),
          fc.array(what, { minLength: 2, maxLength: 5 }).map((all) => new AtOnce(all)),
        ],
        { maxCommands: 30, size: 'max' },
      ),
      (commands) => fc.asyncModelRun(begin, commands),
    ),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  // The commands did something: there were publishes, rollbacks and scores.
  const { rows } = await pool.query(
    `SELECT (SELECT count(*) FROM model_versions) AS versions, (SELECT count(*) FROM scores) AS scores,
       (SELECT count(*) FROM activations a WHERE EXISTS (
          SELECT 1 FROM activations b WHERE b.version_id = a.version_id AND b.id < a.id)) AS rollbacks`,
  );
  expect(rows[0].versions).toBeGreaterThan(RUNS / 4);
  expect(rows[0].scores).toBeGreaterThan(RUNS / 4);
  expect(rows[0].rollbacks).toBeGreaterThan(0);
}, 3_600_000);
