import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ModelKey } from '../../src/models/model.js';
import { StaleLease } from '../../src/registry/publish.js';
import { currentActivation } from '../../src/storage/activations.js';
import { acquireLease, type Lease, releaseLease, renewLease } from '../../src/storage/leases.js';
import { listVersions } from '../../src/storage/modelVersions.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { publishVersion } from './trainedVersion.js';

/** What must hold, kept beside the database: one holder, tokens that rise, one version a successful publish. */
interface Expected {
  holder: number | null;
  token: number;
  published: number;
}

interface Trainers {
  database: TestDatabase;
  key: ModelKey;
  /** What each trainer believes it holds: a paused one wakes with an old lease. */
  leases: (Lease | null)[];
}

async function publish({ database, key, leases }: Trainers, trainer: number, run: string) {
  const lease = leases[trainer];
  if (!lease) throw new Error('no lease');
  return publishVersion(database.pool, {
    modelKey: key,
    lease,
    run,
    parentId: (await currentActivation(database.pool, key))?.versionId ?? null,
    dataFrom: 0,
    dataUntil: 1,
  });
}

type Command = fc.AsyncCommand<Expected, Trainers>;

class Acquire implements Command {
  constructor(private readonly trainer: number) {}
  check = () => true;
  async run(expected: Expected, real: Trainers) {
    const lease = await acquireLease(real.database.pool, real.key, `trainer ${this.trainer}`, 60_000);
    expect(lease === null).toBe(expected.holder !== null);
    if (!lease) return;
    expect(lease.token).toBeGreaterThan(expected.token);
    real.leases[this.trainer] = lease;
    expected.holder = this.trainer;
    expected.token = lease.token;
  }
  toString = () => `acquire(${this.trainer})`;
}

/** The holder is paused or killed so long that its lease runs out; it still believes that it holds it. */
class RunOut implements Command {
  check = (expected: Readonly<Expected>) => expected.holder !== null;
  async run(expected: Expected, real: Trainers) {
    await real.database.pool.query(`UPDATE leases SET expires_at = clock_timestamp() WHERE model_key = $1`, [real.key]);
    expected.holder = null;
  }
  toString = () => 'run out';
}

class Release implements Command {
  constructor(private readonly trainer: number) {}
  check = () => true;
  async run(expected: Expected, real: Trainers) {
    const lease = real.leases[this.trainer];
    if (!lease) return;
    await releaseLease(real.database.pool, lease);
    if (expected.holder === this.trainer && expected.token === lease.token) expected.holder = null;
  }
  toString = () => `release(${this.trainer})`;
}

class Renew implements Command {
  constructor(private readonly trainer: number) {}
  check = () => true;
  async run(expected: Expected, real: Trainers) {
    const lease = real.leases[this.trainer];
    if (!lease) return;
    const holds = expected.holder === this.trainer && expected.token === lease.token;
    expect(await renewLease(real.database.pool, lease, 60_000)).toBe(holds);
  }
  toString = () => `renew(${this.trainer})`;
}

let runs = 0;

class Publish implements Command {
  constructor(private readonly trainer: number) {}
  check = () => true;
  async run(expected: Expected, real: Trainers) {
    const lease = real.leases[this.trainer];
    if (!lease) return;
    const run = `race ${++runs}`;
    if (expected.holder === this.trainer && expected.token === lease.token) {
      await publish(real, this.trainer, run);
      expected.published++;
      // The same job delivered again is refused by the database.
      await expect(publish(real, this.trainer, run)).rejects.toThrow('retrain_runs_published_once');
    } else await expect(publish(real, this.trainer, run)).rejects.toThrow(StaleLease);
    const versions = await listVersions(real.database.pool, real.key);
    expect(versions).toHaveLength(expected.published);
    const active = await currentActivation(real.database.pool, real.key);
    expect(active?.versionId ?? null).toBe(versions[0]?.id ?? null);
    const tokens = versions.map((version) => version.fencingToken).reverse();
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  }
  toString = () => `publish(${this.trainer})`;
}

describe('lease and publish', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(async () => {
    await database?.close();
  });

  test('hold in any order of three trainers, whose leases run out, wake late and publish', async () => {
    const trainer = fc.integer({ min: 0, max: 2 });
    let stream = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [
            trainer.map((n) => new Acquire(n)),
            trainer.map((n) => new Publish(n)),
            trainer.map((n) => new Renew(n)),
            trainer.map((n) => new Release(n)),
            fc.constant(new RunOut()),
          ],
          { maxCommands: 25 },
        ),
        async (commands) => {
          const key: ModelKey = `isolation_forest@race${++stream}`;
          await fc.asyncModelRun(
            () => ({
              model: { holder: null, token: 0, published: 0 },
              real: { database, key, leases: [null, null, null] },
            }),
            commands,
          );
        },
      ),
      { numRuns: 30, seed: 7 },
    );
  });

  test('ten trainers at once: one takes the lease; ten publishes of one run at once: one counts', async () => {
    const key: ModelKey = 'isolation_forest@crowd';
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) => acquireLease(database.pool, key, `trainer ${n}`, 60_000)),
    );
    const held = all.filter((lease) => lease !== null);
    expect(held).toHaveLength(1);
    const real: Trainers = { database, key, leases: [held[0]!] };
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => publish(real, 0, 'one run')));
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
    expect(await listVersions(database.pool, key)).toHaveLength(1);
  });
});
