import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ShadowScoring } from '../../src/detection/shadowScoring.js';
import type { ModelKey, ModelKind } from '../../src/models/model.js';
import { parseModelKey } from '../../src/models/modelKey.js';
import { list, pin, rollback } from '../../src/registry/registry.js';
import { takeOver } from '../../src/registry/shadow.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { judgeShadow } from '../../src/retraining/shadow.js';
import { ShadowWatch } from '../../src/retraining/shadowWatch.js';
import { runTraining } from '../../src/retraining/training.js';
import type { TrainingRun } from '../../src/retraining/trainingRun.js';
import { currentActivation } from '../../src/storage/activations.js';
import { pendingRuns } from '../../src/storage/pendingRuns.js';
import { runHistory } from '../../src/storage/retrainRuns.js';
import { listShadows } from '../../src/storage/shadows.js';
import { modelStatus } from '../../src/storage/statusQueries.js';
import { registerStream } from '../../src/storage/streams.js';
import { meanKind } from '../drift/meanKind.js';
import { copyFeatures, START, scoreLive, writeFeatures } from '../drift/seededStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const DAY = 1440;
const LIVE = START + 2 * DAY;
const SHADOW_MINUTES = 120;
const kind = meanKind() as ModelKind<unknown>;
const logger = pino({ level: 'silent' });
const settings = retrainingSettings.parse({ leaseWaitSeconds: 0, shadowMinutes: SHADOW_MINUTES, trainingDays: 2 });
/** A gate that lets anything pass, so that the time beside the champion decides. */
const open = { ...settings, maximumAnomalyRate: 1, championMargin: 1, examMargin: 1, sensitivityBudget: 1 };

let database: TestDatabase;
let directory: string;
let runs = 0;
beforeAll(async () => {
  database = await openTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'routewarden-shadow-'));
  await writeFeatures(database.pool, 'seeded', START, LIVE, { seed: 3 });
}, 60_000);
afterAll(async () => {
  await database?.close();
  await rm(directory, { recursive: true, force: true });
});

const train = (key: ModelKey, change: Partial<TrainingRun> = {}) =>
  runTraining({
    pool: database.pool,
    payload: { modelKey: key, trigger: { kind: 'manual', actor: 'test' } },
    kinds: { isolation_forest: kind },
    settings,
    artifactDirectory: directory,
    run: `run ${++runs}`,
    holder: 'test',
    incidentPatienceMinutes: 720,
    codeVersion: 'test',
    ...change,
  });

/** A stream whose first version serves, and a second one that shadows it. */
async function shadowed(name: string, change: Partial<TrainingRun> = {}): Promise<ModelKey> {
  const key: ModelKey = `isolation_forest@${name}`;
  await registerStream(database.pool, name, {});
  await copyFeatures(database.pool, 'seeded', name);
  expect(await train(key)).toMatchObject({ state: 'published', version: 1 });
  expect(await train(key, change)).toMatchObject({ state: 'shadow', version: 2, activeFrom: null });
  expect((await currentActivation(database.pool, key))?.version).toBe(1);
  return key;
}

/** Minutes [from, until) after the training come, and the champion scores them. */
async function live(key: ModelKey, from: number, until: number, factor = 1): Promise<void> {
  const { stream } = parseModelKey(key);
  await writeFeatures(database.pool, stream, LIVE + from, LIVE + until, { seed: from + 7, factor });
  await scoreLive(database.pool, key, kind, LIVE + from, LIVE + until);
}

async function scoreShadows(of: ModelKind<unknown> = kind): Promise<void> {
  const streams = (await listShadows(database.pool)).map(({ modelKey }) => parseModelKey(modelKey).stream);
  const scoring = new ShadowScoring({ pool: database.pool, kind: of, streams, logger });
  while (await scoring.step());
}

const watch = () => new ShadowWatch({ pool: database.pool, settings, artifactDirectory: directory, logger });
const lastOf = async (key: ModelKey, version: number) =>
  (await list(database.pool, key)).find((one) => one.version === version);

describe('a version that shadows the one that serves', () => {
  test('scores the same minutes, takes over by itself after its time, and is seen all along', async () => {
    const key = await shadowed('steady', { run: 'shadow run' });
    expect(await train(key, { run: 'shadow run' })).toMatchObject({ state: 'shadow', version: 2 });
    expect((await pendingRuns(database.pool, key)).length).toBe(0);
    expect((await modelStatus(database.pool)).find(({ model }) => model === key)).toMatchObject({
      version: 1,
      shadow: 2,
      retrain: 'shadow',
    });
    await live(key, 0, SHADOW_MINUTES - 1);
    await scoreShadows();
    expect(await watch().look()).toBe(0);
    await live(key, SHADOW_MINUTES - 1, SHADOW_MINUTES);
    await scoreShadows();
    // Two monitors at once: it takes over once.
    const ended = await Promise.all([watch().look(), watch().look()]);
    expect(ended.sort()).toEqual([0, 1]);
    expect(await currentActivation(database.pool, key)).toMatchObject({ version: 2, from: LIVE + SHADOW_MINUTES });
    const states = (await runHistory(database.pool, 'shadow run')).map(({ state }) => state);
    expect(states.slice(-2)).toEqual(['shadow', 'published']);
    expect(await listShadows(database.pool, { key })).toEqual([]);
    const folder = join(directory, 'isolation_forest', 'steady');
    expect((await readdir(folder)).sort()).toEqual(['1', '2', 'backups']);
    const { rows } = await database.pool.query(
      `SELECT count(*)::integer AS count FROM scores s JOIN shadow_scores h USING (stream, kind, minute) WHERE stream = 'steady'`,
    );
    expect(rows[0].count).toBe(SHADOW_MINUTES);
    // The way back is the champion that it replaced.
    expect(await rollback({ pool: database.pool, modelKey: key, actor: 'ada', reason: 'test' })).toMatchObject({
      from: 2,
      to: { version: 1 },
    });
  });

  test('that is worse than the champion is kept, rejected with its numbers', async () => {
    const wild: ModelKind<unknown> = { ...kind, threshold: () => 0.5 };
    const key = await shadowed('wild', { kinds: { isolation_forest: wild }, settings: open });
    await live(key, 0, SHADOW_MINUTES);
    await scoreShadows(wild);
    expect(await watch().look()).toBe(1);
    expect(await lastOf(key, 2)).toMatchObject({ state: 'rejected', active: false });
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
    const end = (await runHistory(database.pool, `run ${runs}`)).at(-1)!;
    expect(end.state).toBe('rejected');
    expect(String((end.detail.reasons as string[])[0])).toMatch(/found \d+\.\d+ % of 120 minutes .* the champion/);
  });

  test('that cannot be scored is given up, and the champion serves on', async () => {
    const key = await shadowed('silent');
    await database.pool.query(
      `UPDATE model_files SET bytes = 'x' WHERE version_id = (SELECT version_id FROM shadows WHERE model_key = $1)`,
      [key],
    );
    await live(key, 0, SHADOW_MINUTES + 59);
    await scoreShadows();
    expect(await watch().look()).toBe(0);
    await live(key, SHADOW_MINUTES + 59, SHADOW_MINUTES + 60);
    expect(await watch().look()).toBe(1);
    expect(await lastOf(key, 2)).toMatchObject({ state: 'rejected' });
  });

  test('waits while the champion is pinned, and ends when another version comes', async () => {
    const key = await shadowed('pinned');
    await live(key, 0, SHADOW_MINUTES);
    await scoreShadows();
    const move = { pool: database.pool, modelKey: key, actor: 'ada', reason: 'test', version: 1 };
    await pin({ ...move, pinned: true });
    expect(await watch().look()).toBe(0);
    await pin({ ...move, pinned: false });
    expect(await train(key)).toMatchObject({ state: 'shadow', version: 3 });
    expect(await lastOf(key, 2)).toMatchObject({ state: 'rejected' });
    const [shadow] = await listShadows(database.pool, { key });
    expect(shadow).toMatchObject({ version: 3, from: LIVE + SHADOW_MINUTES, minutes: SHADOW_MINUTES });
    // Without a shadow asked for it serves at once, and nothing shadows it.
    expect(await train(key, { settings: { ...settings, shadowMinutes: 0 } })).toMatchObject({ state: 'published' });
    expect(await listShadows(database.pool, { key })).toEqual([]);
    expect(await takeOver(database.pool, shadow!, { reason: 'late', actor: 'test', detail: {} })).toEqual({
      state: 'over',
    });
    expect((await currentActivation(database.pool, key))?.version).toBe(4);
  });
});

test('minutes in incidents, and what both versions find anomalous, do not count against it', () => {
  const of = (change: object) =>
    judgeShadow(
      100,
      { champion: 100, both: 100, ordinary: 100, championAnomalous: 1, shadowAnomalous: 1, ...change },
      settings,
    );
  expect(of({}).state).toBe('published');
  expect(of({ shadowAnomalous: 30 }).state).toBe('rejected');
  expect(of({ championAnomalous: 30, shadowAnomalous: 30 }).state).toBe('published');
  expect(of({ ordinary: 0, championAnomalous: 0, shadowAnomalous: 0 }).state).toBe('published');
  expect(of({ both: 99 }).state).toBe('waiting');
});
