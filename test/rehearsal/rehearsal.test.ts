import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AnyModelKind, modelKinds } from '../../src/models/kinds.js';
import { rehearse } from '../../src/rehearsal/rehearsal.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import type { Pool } from '../../src/storage/pool.js';
import { ScratchSchema } from '../../src/storage/scratchSchema.js';
import { START, writeFeatures } from '../drift/seededStream.js';
import { jsonOf, routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const PARTS = ['training', 'validation', 'backup', 'hot swap', 'rollback'];
const STREAM = 'rrc00';

let folder: string;
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-rehearsal-'));
  database = await openTestDatabase();
  ({ pool } = database);
  await writeFeatures(pool, STREAM, START, START + 1_600, { seed: 8 });
  await writeFeatures(pool, 'short', START, START + 200, { seed: 8 });
}, 60_000);
afterAll(async () => {
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

const rehearsal = (kinds: readonly AnyModelKind[], more: object = {}) =>
  rehearse({
    pool,
    databaseUrl: database.url,
    stream: STREAM,
    kinds,
    settings: retrainingSettings.parse({ trainingDays: 1, heldBackMinutes: 240 }),
    incidentPatienceMinutes: 720,
    codeVersion: 'test',
    seed: 3,
    onError: (error) => {
      throw error;
    },
    ...more,
  });

/** Rows and schemas of the database, and folders: what a rehearsal could leave behind. */
async function traces() {
  const count = async (table: string) =>
    (await pool.query(`SELECT count(*)::integer AS count FROM ${table}`)).rows[0].count as number;
  return {
    versions: await count('model_versions'),
    activations: await count('activations'),
    scores: await count('scores'),
    runs: await count('retrain_runs'),
    leases: await count('leases'),
    schemas: (await pool.query(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^routewarden_scratch'`)).rows,
    folders: (await readdir(tmpdir())).filter((name) => name.startsWith('routewarden-test-retraining-')),
  };
}
const NOTHING = { versions: 0, activations: 0, scores: 0, runs: 0, leases: 0, schemas: [] };

describe('a rehearsal of retraining', () => {
  test('passes in all parts, and leaves nothing behind', async () => {
    const heard = new Set<string>();
    const report = await rehearsal(modelKinds().slice(0, 2), { onProgress: (kind: string) => heard.add(kind) });
    expect(report.models.map(({ kind }) => kind)).toEqual(['heuristic', 'isolation_forest']);
    for (const { kind, parts } of report.models) {
      expect(parts.map(({ part }) => part)).toEqual(PARTS);
      for (const { part, passed, words } of parts)
        expect([kind, part, passed, words]).toEqual([kind, part, true, words]);
    }
    expect(report.passed).toBe(true);
    expect(heard.has('isolation_forest')).toBe(true);
    expect(await traces()).toMatchObject(NOTHING);
  }, 180_000);

  test('says which part fails, and reaches none without a first version', async () => {
    const [heuristic] = modelKinds();
    const changes: [string, Partial<AnyModelKind>, RegExp][] = [
      ['training', { fit: async () => Promise.reject(new Error('no convergence')) }, /no convergence/],
      ['training', { threshold: () => Number.NaN }, /rejected: its threshold is not finite/],
      ['backup', { decode: decodesTimes(heuristic!, 5) }, /worn out/],
    ];
    for (const [part, change, words] of changes) {
      const { passed, models } = await rehearsal([{ ...heuristic!, ...change }]);
      expect(passed).toBe(false);
      const failed = models[0]!.parts.findIndex((one) => one.passed === false);
      expect(models[0]!.parts[failed]).toMatchObject({ part });
      expect(models[0]!.parts[failed]!.words).toMatch(words);
      if (part === 'training')
        expect(models[0]!.parts.slice(failed + 1).every((one) => one.passed === null)).toBe(true);
    }
    expect(await traces()).toMatchObject(NOTHING);
  }, 120_000);

  test('a second version that the gate refuses is told with its reasons, and the other parts are tried all the same', async () => {
    const [heuristic] = modelKinds();
    let fits = 0;
    let blind: unknown = null;
    const changed: AnyModelKind = {
      ...heuristic!,
      fit: async (window, options) => {
        const model = await heuristic!.fit(window, options);
        if (++fits === 2) blind = model;
        return model;
      },
      threshold: (model) => (model === blind ? Number.MAX_VALUE : heuristic!.threshold(model)),
    };
    const { passed, models } = await rehearsal([changed]);
    expect(passed).toBe(false);
    expect(models[0]!.parts.map((one) => one.passed)).toEqual([true, false, true, true, true]);
    expect(models[0]!.parts[1]!.words).toMatch(/the gate refuses a second version .* finds 0.00 % of the exam's/);
    expect(await traces()).toMatchObject(NOTHING);
  }, 120_000);

  test('stopped in the middle, it leaves nothing behind; what a killed one left, the next one drops', async () => {
    const stopping = new AbortController();
    const [heuristic] = modelKinds();
    const slow: AnyModelKind = {
      ...heuristic!,
      fit: async (window, options) => {
        stopping.abort(new Error('stopped by hand'));
        return heuristic!.fit(window, options);
      },
    };
    await expect(rehearsal([slow], { signal: stopping.signal })).rejects.toThrow('stopped by hand');
    expect(await traces()).toMatchObject(NOTHING);

    await pool.query('CREATE SCHEMA routewarden_scratch_0123456789ab');
    const first = await ScratchSchema.open(pool, database.url, () => {});
    const second = await ScratchSchema.open(pool, database.url, () => {});
    // The one that lives is not taken for a leftover.
    expect((await first.pool.query('SELECT count(*) FROM model_versions')).rows).toHaveLength(1);
    expect((await traces()).schemas.map(({ nspname }) => nspname).sort()).toEqual([first.name, second.name].sort());
    await first.close();
    await second.close();
    expect(await traces()).toMatchObject(NOTHING);
  }, 120_000);

  test('with too few minutes it says how many it needs and how to get them', async () => {
    const ended = await routewarden(['test-retraining', '--stream', 'short', '--json'], {
      DATABASE_URL: database.url,
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /stream short has 170 usable minutes in its training window, .* needs \d+: .*routewarden backfill --stream short/,
    );
  }, 60_000);

  test('as a command it tries all three kinds and prints one JSON object', async () => {
    const ended = await routewarden(['test-retraining', '--stream', STREAM, '--seed', '3', '--json'], {
      DATABASE_URL: database.url,
      ROUTEWARDEN_RETRAINING_TRAINING_DAYS: '1',
      ROUTEWARDEN_RETRAINING_HELD_BACK_MINUTES: '240',
    });
    const report = jsonOf<{ passed: boolean; models: { kind: string; parts: unknown[] }[] }>(ended);
    expect(report.models.map(({ kind }) => kind)).toEqual(['heuristic', 'isolation_forest', 'lstm']);
    for (const { parts } of report.models) expect(parts).toMatchObject(PARTS.map((part) => ({ part, passed: true })));
    expect(report).toMatchObject({ stream: STREAM, passed: true });
    expect(ended.code).toBe(0);
    expect(await traces()).toMatchObject(NOTHING);
  }, 180_000);
});

/** Decodes so many times, then no more: the files of a backup come after those of the detector and the gate. */
function decodesTimes(kind: AnyModelKind, times: number): AnyModelKind['decode'] {
  let left = times;
  return async (files) => {
    if (left-- <= 0) throw new Error('worn out');
    return kind.decode(files);
  };
}
