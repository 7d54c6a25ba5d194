import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openRetrainQueue } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import { requestRetrain } from '../../src/retraining/request.js';
import { minuteToDate } from '../../src/storage/minuteColumn.js';
import { RunningSystem, STREAM } from '../support/runningSystem.js';

const KEY = `isolation_forest@${STREAM}`;
const SHADOW_MINUTES = 15;

let running: RunningSystem;
let store: QueueStore;
beforeAll(async () => {
  running = await RunningSystem.start({ retraining: { shadowMinutes: SHADOW_MINUTES }, patience: 170_000 });
  store = new QueueStore(
    { databaseUrl: running.system.database.databaseUrl, queuePrefix: 'routewarden-running' },
    () => {},
  );
  await running.learn();
  await running.play(5);
}, 150_000);
afterAll(async () => {
  await store?.close();
  await running?.stop();
}, 60_000);

test('the running detector lets a shadow score beside the champion, and then it takes over by itself', async () => {
  const { pool, pipeline } = running;
  const stateOf = async (version: number): Promise<string | undefined> =>
    (
      await pool.query<{ state: string }>('SELECT state FROM model_versions WHERE model_key = $1 AND version = $2', [
        KEY,
        version,
      ])
    ).rows[0]?.state;
  const asked = await requestRetrain(
    pool,
    openRetrainQueue(store),
    { modelKey: KEY, trigger: { kind: 'manual', actor: 'test' }, seed: 3 },
    settingsSchema.parse({}).retraining,
  );
  expect(asked).toMatchObject({ admitted: true });
  await pipeline.until('the shadow', 60, async () => (await stateOf(2)) !== undefined);
  expect(await stateOf(2)).toBe('shadow');

  const begun = running.next;
  await running.play(8);
  expect(await running.served(begun)).toEqual([1]);
  const shadowed = async (): Promise<number> =>
    (
      await pool.query(`SELECT 1 FROM shadow_scores WHERE kind = 'isolation_forest' AND minute >= $1`, [
        minuteToDate(begun),
      ])
    ).rows.length;
  await pipeline.until('the scores of the shadow', 30, async () => (await shadowed()) === 8);
  // Verdicts know nothing of it.
  expect(await stateOf(2)).toBe('shadow');

  await running.play(SHADOW_MINUTES);
  await pipeline.until('the take-over', 30, async () => (await stateOf(2)) === 'published');
  const from = running.next;
  await running.play(5);
  expect(await running.served(from)).toEqual([2]);
  const { rows } = await pool.query(
    `SELECT count(*)::int AS scored, count(DISTINCT minute)::int AS minutes FROM scores
     WHERE kind = 'isolation_forest' AND stream = $1 AND minute >= $2`,
    [STREAM, minuteToDate(begun)],
  );
  const played = running.next - begun;
  expect(rows).toEqual([{ scored: played, minutes: played }]);
}, 120_000);
