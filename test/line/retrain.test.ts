import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { settingsSchema } from '../../src/config/settings.js';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { System } from '../../src/services/system.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { demoScenario, worldOf } from '../../src/simulation/scenario.js';
import { minuteToDate } from '../../src/storage/minuteColumn.js';
import { openPool } from '../../src/storage/pool.js';
import { jsonOf, routewarden } from '../support/command.js';
import { startRedis, type TestRedis } from '../support/redis.js';

const STREAM = 'demo';
/** So far the feed is played beyond the minutes that are asked for; all of them but the last are closed by it. */
const GRACE_MINUTES = 3;
const QUIET = pino({ level: 'silent' });

let redis: TestRedis | null = null;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
});

describe.each(['postgres', 'redis'] as const)("a retraining's whole life, with the queues on %s", (kind) => {
  let folder: string;
  let feed: RisLiveServer;
  let system: System;
  let pool: Pool;
  let pipeline: Pipeline;
  /** The minute up to which the feed was played. */
  let at = STORY_START + 26 * 60;
  const environment: Record<string, string> = {};
  const skipped = () => kind === 'redis' && redis === null;

  /** Plays on, and waits until every minute is judged. */
  async function play(minutes: number): Promise<void> {
    at += minutes;
    await pipeline.until('the collector', 60, async () => feed.state.subscribers > 0);
    await feed.playUntil(at + GRACE_MINUTES);
    const last = at + GRACE_MINUTES - 2;
    await pipeline.until(`the features of minute ${last}`, 60, () => pipeline.featuresReach(last));
    await pipeline.until(`the verdicts of minute ${at}`, 60, () => pipeline.judged());
  }
  /** The next minute that will be closed. */
  const next = () => at + GRACE_MINUTES - 1;
  const count = async (query: string, values: unknown[] = []): Promise<number> =>
    Number((await pool.query(`SELECT count(*) AS count FROM ${query}`, values)).rows[0].count);
  /** Version by minute of one kind, from a minute on. */
  const versions = async (model: string, from: number): Promise<number[]> =>
    (
      await pool.query<{ version: number }>(
        `SELECT v.version FROM scores s JOIN model_versions v ON v.id = s.version_id
         WHERE s.kind = $1 AND s.minute >= $2 ORDER BY s.minute`,
        [model, minuteToDate(from)],
      )
    ).rows.map(({ version }) => version);

  beforeAll(async () => {
    if (skipped()) return;
    folder = await mkdtemp(join(tmpdir(), 'routewarden-retrain-'));
    Object.assign(environment, {
      ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'data'),
      ROUTEWARDEN_ARTIFACT_DIRECTORY: join(folder, 'artifacts'),
      ROUTEWARDEN_QUEUE_PREFIX: 'routewarden-retrain',
      ...(kind === 'redis' ? { REDIS_URL: redis!.url } : {}),
    });
    feed = new RisLiveServer({
      world: worldOf(
        demoScenario(STORY_START, { seed: 7, historyHours: 26, liveHours: 6, driftHours: 0, incidents: [] }),
      ),
      logger: QUIET,
    });
    system = await System.start({
      settings: settingsSchema.parse({
        dataDirectory: environment.ROUTEWARDEN_DATA_DIRECTORY,
        artifactDirectory: environment.ROUTEWARDEN_ARTIFACT_DIRECTORY,
        redisUrl: environment.REDIS_URL,
        queuePrefix: environment.ROUTEWARDEN_QUEUE_PREFIX,
        streams: [{ name: STREAM }],
        feed: { clock: 'feed', url: await feed.listen() },
        driftCheckIntervalSeconds: 1,
        retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0, leaseSeconds: 4 },
        dashboard: { port: 0, live: false },
      }),
      logger: QUIET,
      onLine: () => {},
      onHopeless: () => {},
      onDatabaseLost: () => {},
    });
    pool = openPool(system.database.databaseUrl, { name: 'test', onError: () => {} });
    pipeline = new Pipeline(pool, STREAM, AbortSignal.timeout(280_000));
    await pipeline.until('the collector', 60, async () => feed.state.subscribers > 0);
    await feed.playUntil(at + GRACE_MINUTES);
    await pipeline.until('the first models', 120, async () =>
      Object.values(await pipeline.activations()).every((activations) => activations === 1),
    );
    await pipeline.until('the first round to end', 60, () => pipeline.checked());
    await play(10);
  }, 240_000);
  afterAll(async () => {
    if (skipped()) return;
    await pool?.end();
    await system?.stop();
    await feed?.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test('by hand: trained, published with its files, loaded between two minutes, and rolled back', async () => {
    if (skipped()) return;
    const from = next();
    const ended = await routewarden(['retrain', 'isolation_forest@demo', '--json'], environment);
    expect(ended.stderr).not.toMatch(/Error/);
    expect(jsonOf(ended)).toMatchObject({ model: 'isolation_forest@demo', state: 'published', version: 2 });
    await play(10);
    const served = await versions('isolation_forest', from);
    expect(served).toHaveLength(10);
    expect(new Set(served)).toEqual(new Set([2]));
    const states = await pool.query(
      `SELECT state FROM retrain_runs WHERE model_key = 'isolation_forest@demo' ORDER BY id DESC LIMIT 6`,
    );
    expect(states.rows.map(({ state }) => state).reverse()).toEqual(
      expect.arrayContaining(['queued', 'training', 'validating', 'published']),
    );
    const copies = join(folder, 'artifacts', 'isolation_forest', STREAM, '2');
    const files = await pool.query<{ name: string; bytes: Buffer }>(
      `SELECT name, bytes FROM model_files f JOIN model_versions v ON v.id = f.version_id
       WHERE v.model_key = 'isolation_forest@demo' AND v.version = 2`,
    );
    expect(files.rows.length).toBeGreaterThanOrEqual(1);
    for (const { name, bytes } of files.rows) expect(readFileSync(join(copies, name)).equals(bytes)).toBe(true);

    const back = await routewarden(['rollback', 'isolation_forest@demo', '--json'], environment);
    expect(jsonOf(back)).toMatchObject({ from: 2, to: 1 });
    await play(10);
    expect(new Set(await versions('isolation_forest', from + 10))).toEqual(new Set([1]));
    expect(await versions('lstm', from)).toHaveLength(20);
    expect(await count(`verdicts WHERE minute >= $1 AND missing = '{}'`, [minuteToDate(from)])).toBe(20);
  }, 120_000);

  test('publishes once when its trainer is killed with -9 in the middle, and leaves no training behind', async () => {
    if (skipped()) return;
    const asked = await routewarden(['retrain', 'lstm@demo', '--detach', '--json'], environment);
    const { job } = jsonOf<{ job: string }>(asked);
    const inState = (state: string) => count('retrain_runs WHERE job_id = $1 AND state = $2', [job, state]);
    await pipeline.until('the training', 60, async () => (await inState('training')) === 1);
    const trainer = system.supervisor.pidOf('trainer')!;
    const sandbox = Number(readFileSync(`/proc/${trainer}/task/${trainer}/children`, 'utf8').trim().split(' ')[0]);
    process.kill(trainer, 'SIGKILL');
    await pipeline.until('the sandbox to end', 20, async () => !isRunning(sandbox));
    await pipeline.until('the second try to publish', 120, async () => (await inState('published')) === 1);
    expect(await inState('training')).toBe(2);
    expect(await count(`model_versions WHERE model_key = 'lstm@demo'`)).toBe(2);
    expect(await count(`activations WHERE model_key = 'lstm@demo'`)).toBe(2);
    const from = next();
    await play(5);
    expect(new Set(await versions('lstm', from))).toEqual(new Set([2]));
  }, 200_000);

  test('nonsense from the feed is counted and skipped, and the rest goes on', async () => {
    if (skipped()) return;
    const from = next();
    for (const text of ['{"type":"ris_message","data":{"timestamp":', '{"type":"ris_weather","data":{}}', '[]', '"x"'])
      feed.sendText(text);
    await play(5);
    expect(await count(`features WHERE minute >= $1 AND kind = 'observed'`, [minuteToDate(from)])).toBe(5);
    await pipeline.until('the heartbeat that tells', 20, async () => {
      const { rows } = await pool.query(
        `SELECT detail->$1->'skipped' AS skipped FROM services WHERE name = 'collector'`,
        [STREAM],
      );
      return Number(rows[0].skipped) >= 3;
    });
  }, 60_000);

  test('what the feed sent while the collector was away is a recorded gap, never a calm minute', async () => {
    if (skipped()) return;
    const lost = at + GRACE_MINUTES;
    feed.faults.refusing = true;
    process.kill(system.supervisor.pidOf('collector')!, 'SIGKILL');
    await pipeline.until('the connection to end', 20, async () => feed.state.clients === 0);
    at += 5;
    await feed.playUntil(at + GRACE_MINUTES);
    feed.faults.refusing = false;
    await play(10);
    const { rows } = await pool.query<{ kind: string }>(
      'SELECT kind FROM features WHERE minute >= $1 AND minute < $2 ORDER BY minute',
      [minuteToDate(lost), minuteToDate(lost + 5)],
    );
    expect(rows.map((row) => row.kind)).toEqual(['gap', 'gap', 'gap', 'gap', 'gap']);
    expect(
      await count('feed_gaps WHERE since <= $1 AND until >= $2', [minuteToDate(lost), minuteToDate(lost + 5)]),
    ).toBe(1);
    expect(await count('scores WHERE minute >= $1 AND minute < $2', [minuteToDate(lost), minuteToDate(lost + 5)])).toBe(
      0,
    );
  }, 60_000);
});

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
