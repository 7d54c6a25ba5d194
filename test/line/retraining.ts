import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { openRetrainQueue } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import type { Pipeline } from '../../src/demo/pipeline.js';
import { kindOf } from '../../src/models/kinds.js';
import { requestRetrain } from '../../src/retraining/request.js';
import type { System } from '../../src/services/system.js';
import type { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { minuteToDate } from '../../src/storage/minuteColumn.js';
import { jsonOf, routewarden } from '../support/command.js';
import type { TestRedis } from '../support/redis.js';
import { type RunningSystem, STREAM } from '../support/runningSystem.js';

const SHADOW_MINUTES = 15;
/**
 * @param started a system that may have learnt; it goes on with its queues on the other store, so that its history is
 * played and learnt once
 * @param redis null where it is not installed
 */
export function describeRetraining(started: () => RunningSystem, redis: () => TestRedis | null): void {
  describe.each(['postgres', 'redis'] as const)("a retraining's whole life, with the queues on %s", (kind) => {
    let running: RunningSystem;
    let feed: RisLiveServer;
    let system: System;
    let pool: Pool;
    let pipeline: Pipeline;
    let environment: Record<string, string>;
    const skipped = () => kind === 'redis' && redis() === null;
    const play = (minutes: number) => running.play(minutes);
    const count = async (query: string, values: unknown[] = []): Promise<number> =>
      Number((await pool.query(`SELECT count(*) AS count FROM ${query}`, values)).rows[0].count);

    /** Of a model: the newest of its versions, and the one that serves. */
    const versionsOf = async (key: string): Promise<{ newest: number; active: number }> => {
      const { rows } = await pool.query<{ newest: number; active: number }>(
        `SELECT (SELECT max(version) FROM model_versions WHERE model_key = $1) AS newest,
         (SELECT v.version FROM activations a JOIN model_versions v ON v.id = a.version_id
          WHERE a.model_key = $1 ORDER BY a.from_minute DESC, a.id DESC LIMIT 1) AS active`,
        [key],
      );
      return rows[0]!;
    };

    beforeAll(async () => {
      if (skipped()) return;
      running = started();
      if (kind === 'redis') await running.restart({ redisUrl: redis()!.url });
      else await running.learn();
      ({ feed, system, pool, pipeline, environment } = running);
      // Those that the LSTM looks back on have no gap of an earlier test among them.
      await play(kind === 'redis' ? kindOf('lstm').context + 10 : 10);
    }, 240_000);

    test('by hand: trained, published with its files, loaded between two minutes, and rolled back', async () => {
      if (skipped()) return;
      const from = running.next;
      const before = await versionsOf('isolation_forest@demo');
      const version = before.newest + 1;
      const ended = await routewarden(['retrain', 'isolation_forest@demo', '--json'], environment);
      expect(ended.stderr).not.toMatch(/Error/);
      expect(jsonOf(ended)).toMatchObject({ model: 'isolation_forest@demo', state: 'published', version });
      expect(await versionsOf('isolation_forest@demo')).toEqual({ newest: version, active: version });
      await play(10);
      const served = await running.scoredBy(from, 'isolation_forest');
      expect(served).toHaveLength(10);
      expect(new Set(served)).toEqual(new Set([version]));
      const states = await pool.query(
        `SELECT state FROM retrain_runs WHERE model_key = 'isolation_forest@demo' ORDER BY id DESC LIMIT 6`,
      );
      expect(states.rows.map(({ state }) => state).reverse()).toEqual(
        expect.arrayContaining(['queued', 'training', 'validating', 'published']),
      );
      const copies = join(running.settings.artifactDirectory, 'isolation_forest', STREAM, String(version));
      const files = await pool.query<{ name: string; bytes: Buffer }>(
        `SELECT name, bytes FROM model_files f JOIN model_versions v ON v.id = f.version_id
       WHERE v.model_key = 'isolation_forest@demo' AND v.version = $1`,
        [version],
      );
      expect(files.rows.length).toBeGreaterThanOrEqual(1);
      for (const { name, bytes } of files.rows) expect(readFileSync(join(copies, name)).equals(bytes)).toBe(true);

      const back = await routewarden(['rollback', 'isolation_forest@demo', '--json'], environment);
      expect(jsonOf(back)).toMatchObject({ from: version, to: before.active });
      await play(10);
      expect(await running.served(from + 10)).toEqual([before.active]);
      expect(await running.scoredBy(from, 'lstm')).toHaveLength(20);
      expect(await count(`verdicts WHERE minute >= $1 AND missing = '{}'`, [minuteToDate(from)])).toBe(20);
    }, 120_000);

    test('publishes once when its trainer is killed with -9 in the middle, and leaves no training behind', async () => {
      if (skipped()) return;
      const { newest } = await versionsOf('lstm@demo');
      const activations = await count(`activations WHERE model_key = 'lstm@demo'`);
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
      expect(await count(`model_versions WHERE model_key = 'lstm@demo'`)).toBe(newest + 1);
      expect(await count(`activations WHERE model_key = 'lstm@demo'`)).toBe(activations + 1);
      const from = running.next;
      await play(5);
      expect(await running.served(from, 'lstm')).toEqual([newest + 1]);
    }, 200_000);

    // Shadows live in the database: the store of the queues makes no difference to them.
    if (kind === 'postgres')
      test('in the shadow: it scores beside the champion, unheard by the verdicts, and then takes over by itself', async () => {
        const key = `isolation_forest@${STREAM}`;
        const { newest, active } = await versionsOf(key);
        const shadowing = { ...running.settings.retraining, shadowMinutes: SHADOW_MINUTES };
        await system.reload({ ...running.settings, retraining: shadowing });
        const stateOf = async (version: number): Promise<string | undefined> =>
          (
            await pool.query<{ state: string }>(
              'SELECT state FROM model_versions WHERE model_key = $1 AND version = $2',
              [key, version],
            )
          ).rows[0]?.state;
        const { databaseUrl } = system.database;
        const store = new QueueStore({ databaseUrl, queuePrefix: running.settings.queuePrefix }, () => {});
        const asked = await requestRetrain(
          pool,
          openRetrainQueue(store),
          { modelKey: key, trigger: { kind: 'manual', actor: 'test' }, seed: 3 },
          shadowing,
        );
        await store.close();
        expect(asked).toMatchObject({ admitted: true });
        await pipeline.until('the shadow', 60, async () => (await stateOf(newest + 1)) !== undefined);
        expect(await stateOf(newest + 1)).toBe('shadow');

        const begun = running.next;
        await play(8);
        expect(await running.served(begun)).toEqual([active]);
        const shadowed = () =>
          count(`shadow_scores WHERE kind = 'isolation_forest' AND minute >= $1`, [minuteToDate(begun)]);
        await pipeline.until('the scores of the shadow', 30, async () => (await shadowed()) === 8);
        // Verdicts know nothing of it.
        expect(await stateOf(newest + 1)).toBe('shadow');

        await play(SHADOW_MINUTES);
        await pipeline.until('the take-over', 30, async () => (await stateOf(newest + 1)) === 'published');
        const from = running.next;
        await play(5);
        expect(await running.served(from)).toEqual([newest + 1]);
        const { rows } = await pool.query(
          `SELECT count(*)::int AS scored, count(DISTINCT minute)::int AS minutes FROM scores
       WHERE kind = 'isolation_forest' AND stream = $1 AND minute >= $2`,
          [STREAM, minuteToDate(begun)],
        );
        const played = running.next - begun;
        expect(rows).toEqual([{ scored: played, minutes: played }]);
      }, 120_000);

    test('nonsense from the feed is counted and skipped, and the rest goes on', async () => {
      if (skipped()) return;
      const from = running.next;
      for (const text of [
        '{"type":"ris_message","data":{"timestamp":',
        '{"type":"ris_weather","data":{}}',
        '[]',
        '"x"',
      ])
        feed.sendText(text);
      await play(5);
      expect(await count(`features WHERE minute >= $1 AND kind = 'observed'`, [minuteToDate(from)])).toBe(5);
      await pipeline.until('the heartbeat that tells', 20, async () => {
        const { rows } = await pool.query(
          `SELECT detail->$1->'skipped' AS skipped FROM services WHERE name = 'collector' ORDER BY started_at DESC LIMIT 1`,
          [STREAM],
        );
        return Number(rows[0].skipped) >= 3;
      });
    }, 60_000);

    test('what the feed sent while the collector was away is a recorded gap, never a calm minute', async () => {
      if (skipped()) return;
      const lost = running.next + 1;
      feed.faults.refusing = true;
      process.kill(system.supervisor.pidOf('collector')!, 'SIGKILL');
      await pipeline.until('the connection to end', 20, async () => feed.state.clients === 0);
      await running.playUnheard(5);
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
      expect(
        await count('scores WHERE minute >= $1 AND minute < $2', [minuteToDate(lost), minuteToDate(lost + 5)]),
      ).toBe(0);
    }, 60_000);
  });
}

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
