import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ModelKind } from '../../src/models/model.js';
import { minutesOverLimit } from '../../src/retraining/onePeer.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { runTraining } from '../../src/retraining/training.js';
import { versionById } from '../../src/storage/modelVersions.js';
import { registerStream } from '../../src/storage/streams.js';
import { meanKind } from '../drift/meanKind.js';
import { START, writeFeatures } from '../drift/seededStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const DAY = 1440;
const kind = meanKind() as ModelKind<unknown>;

describe('the share of one peer in a training window', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(async () => {
    await database?.close();
  });

  /** Five peers with ten routes a minute each; `flood` says how many the first has besides. */
  async function train(stream: string, flood: (minute: number) => number) {
    const { pool } = database;
    await registerStream(pool, stream, {});
    await writeFeatures(pool, stream, START, START + 8 * DAY, { seed: 3 });
    const minutes = Array.from({ length: 8 * DAY }, (_, i) => START + i);
    await pool.query(
      `UPDATE features f SET evidence = jsonb_build_object('peers', jsonb_build_array(
         jsonb_build_object('name', 'noisy', 'count', 10 + t.flood), jsonb_build_object('name', 'b', 'count', 10),
         jsonb_build_object('name', 'c', 'count', 10), jsonb_build_object('name', 'd', 'count', 10),
         jsonb_build_object('name', 'e', 'count', 10)))
       FROM unnest($2::integer[], $3::integer[]) AS t (minute, flood)
       WHERE f.stream = $1 AND f.minute = to_timestamp(t.minute::bigint * 60)`,
      [stream, minutes, minutes.map((minute) => flood(minute - START))],
    );
    const result = await runTraining({
      pool,
      payload: { modelKey: `isolation_forest@${stream}`, trigger: { kind: 'manual', actor: 'test' } },
      kinds: { isolation_forest: kind },
      settings: retrainingSettings.parse({}),
      artifactDirectory: null,
      run: `run ${stream}`,
      holder: 'test',
      incidentPatienceMinutes: 720,
      codeVersion: 'test',
    });
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM model_versions WHERE stream = $1', [stream]);
    return { result, version: await versionById(pool, Number(rows[0]!.id)) };
  }

  test('is nothing to speak of on ordinary days', async () => {
    const { result, version } = await train('even', () => 0);
    expect(result.state).toBe('published');
    expect(version?.metrics.onePeer).toBeNull();
  });

  test('is kept under the limit by leaving its busiest minutes out', async () => {
    // One minute in ten, in the seven days of the window, with as many routes as fifty ordinary ones.
    const { result, version } = await train('flooded', (minute) => (minute % 10 === 0 ? 2500 : 0));
    expect(result.state).toBe('published');
    const onePeer = version?.metrics.onePeer as { share: number; shareAfter: number; leftOut: number; peer: string };
    expect(onePeer.peer).toBe('noisy');
    expect(onePeer.share).toBeGreaterThan(0.8);
    expect(onePeer.shareAfter).toBeLessThanOrEqual(0.5);
    expect(onePeer.leftOut).toBeGreaterThan(0);
    expect(onePeer.leftOut).toBeLessThanOrEqual(0.1 * 7 * DAY);
  });

  test('that cannot be kept under the limit waits for a person', async () => {
    const { result, version } = await train('dominated', () => 400);
    expect(result.state).toBe('held');
    expect(result.reasons[0]).toMatch(/peer noisy gave 91\.11 % .* a person must accept it/);
    expect(version?.state).toBe('held');
  });
});

test('no minute is left out in vain, and never more than a quarter', () => {
  const minutes = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(minutes, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (list, limit) => {
      const given = list.map(([ofPeer, others], i) => ({ minute: i, ofPeer, routes: ofPeer + others }));
      const over = minutesOverLimit(given, limit);
      expect(over.minutes.size).toBeLessThanOrEqual(given.length / 4);
      if (over.share <= limit) expect(over.minutes.size).toBe(0);
      // Only the quarter may keep it from the limit.
      if (over.minutes.size < Math.floor(given.length / 4)) expect(over.shareAfter).toBeLessThanOrEqual(limit + 1e-9);
      for (const minute of over.minutes) expect(given[minute]!.ofPeer).toBeGreaterThan(limit * given[minute]!.routes);
    }),
  );
});
