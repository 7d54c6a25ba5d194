import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { checkArtifacts } from '../../src/cli/doctorChecks.js';
import { rollback as rollbackAlerts } from '../../src/incidents/alerts/watches/rollback.js';
import { BadArtifact, type ModelKey, type ModelKind } from '../../src/models/model.js';
import { healVersionFiles } from '../../src/registry/artifactFiles.js';
import { CopyKeeper } from '../../src/registry/copyKeeper.js';
import { loadActive } from '../../src/registry/load.js';
import { prune } from '../../src/registry/pruning.js';
import { acceptHeld, list, pin, RegistryRefusal, rollback } from '../../src/registry/registry.js';
import { endFailedRun, forgetFailures } from '../../src/retraining/failure.js';
import { retrainPayload } from '../../src/retraining/payload.js';
import { PublishWatch } from '../../src/retraining/publishWatch.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { noRoom } from '../../src/retraining/storm.js';
import { runTraining } from '../../src/retraining/training.js';
import type { TrainingRun } from '../../src/retraining/trainingRun.js';
import { WATCH_ACTOR, watchPublished } from '../../src/retraining/watch.js';
import { Rounds } from '../../src/services/rounds.js';
import { currentActivation } from '../../src/storage/activations.js';
import { releaseLease } from '../../src/storage/leases.js';
import { versionsWithFiles } from '../../src/storage/modelVersions.js';
import { pendingRuns } from '../../src/storage/pendingRuns.js';
import { deadLetters, runHistory } from '../../src/storage/retrainRuns.js';
import { registerStream } from '../../src/storage/streams.js';
import { acquireSlot } from '../../src/storage/trainingSlots.js';
import { meanKind } from '../drift/meanKind.js';
import { copyFeatures, START, scoreLive, writeFeatures } from '../drift/seededStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const DAY = 1440;
const kind = meanKind() as ModelKind<unknown>;

describe('a training run', () => {
  let database: TestDatabase;
  let directory: string;
  let runs = 0;
  beforeAll(async () => {
    database = await openTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'routewarden-artifacts-'));
    await writeFeatures(database.pool, 'seeded', START, START + 8 * DAY, { seed: 3 });
  });
  afterAll(async () => {
    await database?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const train = (key: ModelKey, change: Partial<TrainingRun> = {}) =>
    runTraining({
      pool: database.pool,
      payload: { modelKey: key, trigger: { kind: 'manual', actor: 'test' } },
      kinds: { isolation_forest: kind },
      settings: retrainingSettings.parse({ leaseWaitSeconds: 0 }),
      artifactDirectory: directory,
      run: `run ${++runs}`,
      holder: 'test',
      incidentPatienceMinutes: 720,
      codeVersion: 'test',
      ...change,
    });

  async function stream(name: string): Promise<ModelKey> {
    await registerStream(database.pool, name, {});
    await copyFeatures(database.pool, 'seeded', name);
    return `isolation_forest@${name}`;
  }

  test('publishes with files, history and activation; delivered twice, it publishes once', async () => {
    const key = await stream('whole');
    const first = await train(key, { run: 'same job' });
    expect(first).toMatchObject({ state: 'published', version: 1, activeFrom: START + 8 * DAY });
    const states = (await runHistory(database.pool, 'same job')).map((event) => event.state);
    expect(states).toEqual(['waiting for lease', 'selecting window', 'training', 'validating', 'published']);
    expect(await train(key, { run: 'same job' })).toMatchObject({ state: 'published', version: 1 });
    expect(await list(database.pool, key)).toHaveLength(1);

    const manifest = JSON.parse(await readFile(join(first.directory ?? '', 'manifest.json'), 'utf8'));
    expect(manifest.files[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    const [version] = await list(database.pool, key);
    expect(await healVersionFiles(database.pool, directory, version!)).toBe(false);
    await writeFile(join(first.directory ?? '', 'model.json'), 'broken');
    expect(await healVersionFiles(database.pool, directory, version!)).toBe(true);
    expect(await healVersionFiles(database.pool, directory, version!)).toBe(false);
  });

  test('a first version that was asked for twice is published once', async () => {
    const key = await stream('twice');
    const payload = { modelKey: key, trigger: { kind: 'first' as const } };
    expect(await train(key, { payload })).toMatchObject({ state: 'published', version: 1 });
    await expect(train(key, { payload, run: 'late look' })).rejects.toThrow(`${key} has a first version by now`);
    expect((await runHistory(database.pool, 'late look')).at(-1)).toMatchObject({ state: 'cancelled' });
    expect(await list(database.pool, key)).toHaveLength(1);
  });

  test('a run that was given up while it trained publishes nothing, and a job tried again by hand does', async () => {
    const key = await stream('abandoned');
    const run = 'given up';
    const givenUp = () => endFailedRun(database.pool, { run, modelKey: key, jobId: null }, 'its trainer is gone', 9);
    const slow: ModelKind<unknown> = {
      ...kind,
      fit: async (...input) => {
        expect((await givenUp()).ended).toBe(true);
        return kind.fit(...input);
      },
    };
    await expect(train(key, { run, kinds: { isolation_forest: slow } })).rejects.toThrow('was given up');
    expect(await list(database.pool, key)).toEqual([]);
    expect(await pendingRuns(database.pool, key)).toEqual([]);
    expect((await givenUp()).ended).toBe(false);
    // "Retry" in Bull Board: the same job, and so the same run.
    expect(await train(key, { run })).toMatchObject({ state: 'published', version: 1 });
    expect((await givenUp()).ended).toBe(false);
  });

  test('copies are kept as the database has them; what is damaged there is named, by doctor too, and spares no copy', async () => {
    const key = await stream('copied');
    const { directory: folder } = await train(key);
    const rounds = new Rounds(() => new Date());
    const said: string[] = [];
    const log = { warn: (_context: object, words: string) => void said.push(words) };
    const keeper = new CopyKeeper({ pool: database.pool, root: directory, log, rounds });
    await keeper.look();
    said.length = 0;
    expect(await keeper.look()).toBe(0);

    const file = join(folder ?? '', 'model.json');
    const whole = await readFile(file);
    const flipped = Buffer.from(whole);
    flipped[3]! ^= 1;
    await writeFile(file, flipped);
    expect(await keeper.look()).toBe(1);
    expect(await readFile(file)).toEqual(whole);
    await rm(folder ?? '', { recursive: true });
    expect(await keeper.look()).toBe(1);
    expect(await readFile(file)).toEqual(whole);
    expect(said).toHaveLength(2);
    expect(rounds.failing()).toEqual([]);
    expect(await checkArtifacts(database.pool)).toMatchObject({ ok: true });

    const [version] = await list(database.pool, key);
    const put = (bytes: Buffer) =>
      database.pool.query("UPDATE model_files SET bytes = $2 WHERE version_id = $1 AND name = 'model.json'", [
        version!.id,
        bytes,
      ]);
    await put(flipped);
    expect(await keeper.look()).toBe(0);
    await keeper.look();
    expect(await readFile(file)).toEqual(whole);
    const what = `active version 1 of ${key}`;
    expect(rounds.failing()).toMatchObject([{ what, failures: 2, error: expect.stringContaining('SHA-256') }]);
    const doctor = await checkArtifacts(database.pool);
    expect(doctor).toMatchObject({ ok: false, remedy: expect.stringContaining(`routewarden rollback ${key}`) });
    expect(doctor.finding).toContain(`model.json of version 1 of ${key}`);
    await put(whole);
    expect(await keeper.look()).toBe(0);
    expect(rounds.failing()).toEqual([]);
    expect(await checkArtifacts(database.pool)).toMatchObject({ ok: true });
    await database.pool.query('DELETE FROM model_files WHERE version_id = $1', [version!.id]);
    expect((await checkArtifacts(database.pool)).finding).toContain('has no files');
  });

  test('the same run gives the same bytes', async () => {
    const key = await stream('bytes');
    await train(key, { payload: { modelKey: key, trigger: { kind: 'first' }, seed: 5 } });
    await train(key, { payload: { modelKey: key, trigger: { kind: 'manual', actor: 'test' }, seed: 5 } });
    const { rows } = await database.pool.query(
      `SELECT count(DISTINCT sha256)::integer AS different, count(*)::integer AS files FROM model_files f
       JOIN model_versions v ON v.id = f.version_id WHERE v.model_key = $1`,
      [key],
    );
    expect(rows[0]).toEqual({ different: 1, files: 2 });
  });

  test('cancelled, it leaves nothing but its states, and the lease is free', async () => {
    const key = await stream('cancelled');
    const controller = new AbortController();
    const stopping: ModelKind<unknown> = {
      ...kind,
      fit: async (window, options) => {
        controller.abort(new Error('a person cancelled'));
        return kind.fit(window, options);
      },
    };
    await expect(
      train(key, { run: 'cancel', kinds: { isolation_forest: stopping }, signal: controller.signal }),
    ).rejects.toThrow('a person cancelled');
    expect((await runHistory(database.pool, 'cancel')).at(-1)?.state).toBe('cancelled');
    expect(await list(database.pool, key)).toEqual([]);
    expect(await train(key)).toMatchObject({ state: 'published' });
  });

  test('a trainer whose lease passed to another publishes nothing', async () => {
    const key = await stream('stale');
    const slow: ModelKind<unknown> = {
      ...kind,
      fit: async (window, options) => {
        const model = await kind.fit(window, options);
        await database.pool.query(`UPDATE leases SET expires_at = '-infinity' WHERE model_key = $1`, [key]);
        await train(key, { run: 'other' });
        return model;
      },
    };
    await expect(train(key, { kinds: { isolation_forest: slow } })).rejects.toThrow('no longer');
    expect(await list(database.pool, key)).toHaveLength(1);
  });

  test('rejects a challenger that is not sane, and the champion serves on', async () => {
    const key = await stream('sane');
    await train(key);
    const wild: ModelKind<unknown> = { ...kind, threshold: () => -1 };
    const rejected = await train(key, { kinds: { isolation_forest: wild } });
    expect(rejected.state).toBe('rejected');
    expect(rejected.reasons.join()).toMatch(/it would flag .* held-back minutes/);
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
  });

  test('holds a challenger whose lineage has lost its sensitivity, until a person accepts it', async () => {
    const key = await stream('poisoned');
    await train(key);
    // The baseline is moved upwards; the new ordinary is what the exam calls anomalous.
    await writeFeatures(database.pool, 'poisoned', START + 8 * DAY, START + 16 * DAY, { seed: 4, factor: 6 });
    await scoreLive(database.pool, key, kind, START + 8 * DAY, START + 16 * DAY);
    const held = await train(key);
    expect(held.state).toBe('held');
    expect(held.reasons[0]).toContain('a person must accept it');
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
    const move = { pool: database.pool, modelKey: key, actor: 'ada', reason: 'a new exchange point' };
    await expect(rollback({ ...move, version: held.version })).rejects.toThrow(RegistryRefusal);
    await acceptHeld({ ...move, version: held.version });
    expect((await list(database.pool, key))[0]).toMatchObject({ active: true, lineage: 2 });
    // The new lineage is measured against what the person accepted.
    expect((await train(key)).state).toBe('published');
  });

  test('rolls back, pins and prunes', async () => {
    const key = await stream('moved');
    for (let i = 0; i < 3; i++) expect((await train(key)).state).toBe('published');
    const move = { pool: database.pool, modelKey: key, actor: 'ada', reason: 'test' };
    expect(await rollback(move)).toMatchObject({ from: 3, to: { version: 2 } });
    expect((await loadActive(database.pool, key, START + 9 * DAY, kind))?.version).toBe(2);
    await pin({ ...move, version: 2, pinned: true });
    await expect(train(key)).rejects.toThrow('pinned');
    await pin({ ...move, version: 2, pinned: false });
    await pin({ ...move, version: 1, pinned: true });
    expect(await prune({ pool: database.pool, root: directory, keep: 0, key })).toMatchObject([{ version: 3 }]);
    await expect(rollback({ ...move, version: 3 })).rejects.toThrow('pruned');
    await expect(rollback({ ...move, version: 9 })).rejects.toThrow('no version 9');
    expect(await rollback({ ...move, version: 1 })).toMatchObject({ to: { version: 1 } });
  });

  test('keeps the newest versions and a backup of each that was replaced, here and on disk', async () => {
    const key = await stream('kept');
    const settings = retrainingSettings.parse({ leaseWaitSeconds: 0, keepVersions: 2 });
    const move = { pool: database.pool, modelKey: key, actor: 'ada', reason: 'test' };
    for (let i = 0; i < 2; i++) await train(key, { settings });
    await pin({ ...move, version: 1, pinned: true });
    for (let i = 0; i < 4; i++) await train(key, { settings });
    const folder = join(directory, 'isolation_forest', 'kept');
    const kept = async () => (await readdir(folder)).filter((name) => /^\d+$/.test(name)).sort();
    const inDatabase = async () => {
      const versions = await versionsWithFiles(database.pool, key);
      return [...versions].filter(([, has]) => has).map(([version]) => String(version));
    };
    expect(await kept()).toEqual(['1', '5', '6']);
    expect((await inDatabase()).sort()).toEqual(['1', '5', '6']);
    const backups = await readdir(join(folder, 'backups'));
    expect(backups.map((name) => name.replace(/^\d{8}T\d{6}Z-/, '')).sort()).toEqual(['version-4', 'version-5']);
    const manifest = JSON.parse(
      await readFile(join(folder, 'backups', backups.sort().at(-1)!, 'manifest.json'), 'utf8'),
    );
    expect(manifest).toMatchObject({ version: 5, replacedBy: 6, modelKey: key });
    // Back to 5, whose predecessor 4 is gone already: what serves, and what is pinned, stays however little is kept.
    await rollback(move);
    await prune({ pool: database.pool, root: directory, keep: 0 });
    expect(await kept()).toEqual(['1', '5']);
    // Another machine pruned: this one's copy follows. What the database does not know is not touched.
    await mkdir(join(folder, '6'));
    await mkdir(join(folder, '99'));
    await prune({ pool: database.pool, root: directory, keep: 0, key });
    expect(await kept()).toEqual(['1', '5', '99']);
  });

  test('refuses bytes that are not what was published', async () => {
    const key = await stream('broken');
    await train(key);
    await database.pool.query(
      `UPDATE model_files SET bytes = 'x' WHERE version_id = (SELECT id FROM model_versions WHERE model_key = $1)`,
      [key],
    );
    await expect(loadActive(database.pool, key, START + 9 * DAY, kind)).rejects.toThrow(BadArtifact);
  });

  test('a runaway version is rolled back once', async () => {
    const key = await stream('runaway');
    await train(key);
    const open = { maximumAnomalyRate: 1, championMargin: 1, examMargin: 1, sensitivityBudget: 1 };
    const wild: ModelKind<unknown> = {
      ...kind,
      fit: async (window, options) => ({ ...((await kind.fit(window, options)) as object), threshold: 0.5 }),
    };
    await train(key, { kinds: { isolation_forest: wild }, settings: retrainingSettings.parse(open) });
    const settings = retrainingSettings.parse({});
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => lines.push(line) });
    const watch = new PublishWatch({ pool: database.pool, settings, kinds: { isolation_forest: kind }, logger });
    expect(await watch.look()).toBe(0);
    await writeFeatures(database.pool, 'runaway', START + 8 * DAY, START + 8 * DAY + 120, { seed: 5 });
    await scoreLive(database.pool, key, kind, START + 8 * DAY, START + 8 * DAY + 120);
    // Two monitors at once: it is rolled back once.
    const other = new PublishWatch({ pool: database.pool, settings, kinds: { isolation_forest: kind }, logger });
    const moves = await Promise.all([watch.look(), other.look()]);
    expect(moves.sort()).toEqual([0, 1]);
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
    expect(lines.join()).toMatch(/rolled back from version 2 to 1: \d+ of the first \d+ minutes/);
    const alarms = await rollbackAlerts.look({ pool: database.pool, steadySeconds: 0 });
    const alarm = alarms?.troubles.filter(({ request }) => request.stream === 'runaway');
    expect(alarm).toMatchObject([{ request: { kind: 'rollback', facts: { from: 2, to: 1, actor: WATCH_ACTOR } } }]);
    // The version that serves again finds the same minutes anomalous, and is not moved.
    await writeFeatures(database.pool, 'runaway', START + 8 * DAY + 120, START + 8 * DAY + 240, { seed: 6, factor: 9 });
    await scoreLive(database.pool, key, kind, START + 8 * DAY + 120, START + 8 * DAY + 240);
    expect(await watch.look()).toBe(0);
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
  });

  test('an incident right after a publish is no reason to go back: the version before sees it too', async () => {
    const key = await stream('incident');
    await train(key);
    await train(key);
    const settings = retrainingSettings.parse({});
    const logger = pino({ level: 'silent' });
    await writeFeatures(database.pool, 'incident', START + 8 * DAY, START + 8 * DAY + 120, { seed: 5, factor: 9 });
    await scoreLive(database.pool, key, kind, START + 8 * DAY, START + 8 * DAY + 120);
    const kinds = { isolation_forest: kind };
    expect(await new PublishWatch({ pool: database.pool, settings, kinds, logger }).look()).toBe(0);
    const outcome = await watchPublished(database.pool, key, START + 8 * DAY + 119, settings, kinds);
    expect(outcome).toMatchObject({ state: 'traffic', reason: expect.stringContaining('for the version before') });
    expect((await currentActivation(database.pool, key))?.version).toBe(2);
  });

  test('limits hold in all and by kind, and a slot is kept for a person who waits', async () => {
    const settings = retrainingSettings.parse({
      concurrency: 3,
      concurrencyByKind: { heuristic: 3, isolation_forest: 2, lstm: 1 },
    });
    const ask = (key: ModelKey, byPerson = false) =>
      acquireSlot(database.pool, {
        key,
        holder: 'test',
        milliseconds: 60_000,
        byPerson,
        refuse: (kind, running) => noRoom(kind, running, settings),
      });
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(`isolation_forest@slot${n}`)));
    const [first, second] = all.flatMap(({ lease }) => (lease ? [lease] : []));
    expect(all.filter(({ lease }) => lease)).toHaveLength(2);
    expect(all.find(({ lease }) => !lease)).toMatchObject({
      full: expect.stringContaining('of kind isolation_forest'),
    });
    const lstm = await ask('lstm@slot');
    expect(lstm.lease).not.toBeNull();
    expect(await ask('heuristic@slot', true)).toMatchObject({ full: expect.stringContaining('of 3 at once in all') });
    // The slot that becomes free is the person's, whoever comes first.
    await releaseLease(database.pool, first!);
    expect((await ask('heuristic@other')).lease).toBeNull();
    const person = await ask('heuristic@slot', true);
    expect(person.lease).not.toBeNull();
    for (const lease of [second!, lstm.lease!, person.lease!]) await releaseLease(database.pool, lease);
    expect((await ask('heuristic@other')).lease).not.toBeNull();
    await database.pool.query(`DELETE FROM leases`);
  });

  test('lets a rejected version serve when a person says so for a rejected one, in a lineage of its own', async () => {
    const key = await stream('refused');
    await train(key);
    const wild: ModelKind<unknown> = { ...kind, threshold: () => -1 };
    const { version } = await train(key, { kinds: { isolation_forest: wild } });
    const move = { pool: database.pool, modelKey: key, actor: 'ada', reason: 'the days before were wrong', version };
    await expect(acceptHeld(move)).rejects.toThrow(`has no held version ${version}`);
    expect((await currentActivation(database.pool, key))?.version).toBe(1);
    const { activeFrom } = await acceptHeld({ ...move, rejectedToo: true });
    expect(activeFrom).toBe(START + 8 * DAY);
    expect(await currentActivation(database.pool, key)).toMatchObject({ version, actor: 'ada', reason: move.reason });
    const [accepted, first] = await list(database.pool, key);
    expect(accepted).toMatchObject({ version, state: 'published', active: true, lineage: 2 });
    expect(first).toMatchObject({ version: 1, active: false, lineage: 1 });
    const { rows } = await database.pool.query(`SELECT action FROM audit WHERE target = $1 AND actor = 'ada'`, [
      `${key} ${version}`,
    ]);
    expect(rows).toEqual([{ action: 'accept' }]);
    // Accepted once; and what the person accepted can be taken back.
    await expect(acceptHeld({ ...move, rejectedToo: true })).rejects.toThrow(RegistryRefusal);
    expect(await rollback({ ...move, version: 1 })).toMatchObject({ to: { version: 1 } });
  });

  test('too little data fails with words; repeated failures make a dead letter', async () => {
    const empty: ModelKey = 'isolation_forest@empty';
    await expect(train(empty)).rejects.toThrow('not enough usable minutes');
    const key = await stream('failing');
    const failing: ModelKind<unknown> = { ...kind, fit: () => Promise.reject(new Error('no memory')) };
    for (let i = 0; i < 3; i++) {
      expect(await deadLetters(database.pool)).toEqual([]);
      const run = `failing ${i}`;
      // Each job is tried several times and counts once, however often its end is told.
      for (let attempt = 0; attempt < 2; attempt++)
        await expect(train(key, { run, kinds: { isolation_forest: failing } })).rejects.toThrow('no memory');
      const ends = [1, 2].map(() => endFailedRun(database.pool, { run, modelKey: key, jobId: null }, 'no memory', 3));
      expect((await Promise.all(ends)).filter(({ ended }) => ended)).toHaveLength(1);
    }
    const early = { run: 'early', modelKey: empty, jobId: null };
    await expect(train(empty, { run: 'early' })).rejects.toThrow('not enough');
    expect(await endFailedRun(database.pool, early, 'not enough', 1)).toEqual({ ended: true, failures: null });
    expect(await deadLetters(database.pool)).toMatchObject([{ modelKey: key, failures: 3, lastError: 'no memory' }]);
    expect(await forgetFailures(database.pool, key, 'ada')).toBe(true);
    expect(await forgetFailures(database.pool, key, 'ada')).toBe(false);
    const audit = await database.pool.query(`SELECT actor, target FROM audit WHERE action = 'clear failures'`);
    expect(audit.rows).toEqual([{ actor: 'ada', target: key }]);
    expect(await deadLetters(database.pool)).toEqual([]);
    await train(key);
  });

  test('a version that cannot be read, as after an upgrade, is replaced by a retraining; a pinned one is not', async () => {
    const key = await stream('older');
    await train(key);
    const spoil = () =>
      database.pool.query(
        `UPDATE model_files SET bytes = '{"format":0}' WHERE version_id = (SELECT max(id) FROM model_versions WHERE model_key = $1)`,
        [key],
      );
    await spoil();
    await expect(loadActive(database.pool, key, START + 9 * DAY, kind)).rejects.toThrow(BadArtifact);
    const said: string[] = [];
    const second = await train(key, { onLog: (words) => void said.push(words) });
    expect(second).toMatchObject({ state: 'published', version: 2 });
    expect(said.join('\n')).toMatch(/^version 1 cannot be read, trained as if there were none: /m);
    expect(await loadActive(database.pool, key, START + 9 * DAY, kind)).toMatchObject({ version: 2 });

    await spoil();
    await pin({ pool: database.pool, modelKey: key, version: 2, pinned: true, actor: 'ada', reason: 'test' });
    await expect(train(key)).rejects.toThrow('pinned');
  });

  test('a growing regime keeps its beginning, and the days before it, in the same lineage', async () => {
    const key = await stream('grown');
    await train(key);
    const since = START + 7 * DAY;
    const payload = { modelKey: key, trigger: { kind: 'growth' as const, since } };
    // Twice: the regime of a version that grew once is not lost, or it would never grow to a week.
    for (const version of [2, 3]) {
      expect(await train(key, { payload })).toMatchObject({ state: 'published', version });
      const grown = (await list(database.pool, key)).find((one) => one.version === version);
      expect(grown).toMatchObject({ dataFrom: START + DAY, lineage: 1, metrics: { regime: { since, step: null } } });
    }
    // A person names no change. The days before it, as they were, would teach the old level next to none of the new one.
    expect(await train(key)).toMatchObject({ state: 'published', version: 4 });
    const [asked] = await list(database.pool, key);
    expect(asked).toMatchObject({ version: 4, lineage: 1, metrics: { regime: { since, step: null } } });
  });
});

test('a payload is refused with what is wrong', () => {
  const refused = retrainPayload.safeParse({ modelKey: 'lstm', trigger: { kind: 'manual', actor: 'ada' }, now: true });
  expect(refused.success).toBe(false);
  expect(refused.error?.issues.map((issue) => issue.message).join()).toContain('expected KIND@STREAM');
});
