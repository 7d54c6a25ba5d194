import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { openDatabase } from '../../src/storage/database.js';
import { openPool } from '../../src/storage/pool.js';
import { type Started, startRoutewarden } from '../support/command.js';
import { all, inOrder } from './documented.js';
import { HIJACK, HISTORY_HOURS, ReadersFolder } from './readersFolder.js';
import { SETTINGS } from './settings.js';

let folder: ReadersFolder;
let system: Started | undefined;
let pool: Pool | undefined;

beforeAll(async () => {
  folder = await ReadersFolder.open();
}, 60_000);
afterAll(async () => {
  system?.process.kill('SIGTERM');
  await system?.ended;
  await pool?.end();
  await folder?.close();
}, 60_000);

/** Starts the system in the folder, and plays it a day of history, the first models and a hijack. */
async function startSystem(): Promise<Started> {
  const started = startRoutewarden(['start'], {}, folder.path);
  await started.saying('page: ');
  // the settings that some commands below read
  const drill = startRoutewarden(['drill'], {}, folder.path);
  await drill.saying(/reload\n/);
  drill.process.kill('SIGTERM');
  await drill.ended;
  const database = await openDatabase(
    { dataDirectory: join(folder.path, '.routewarden') },
    { share: true, log: () => undefined },
  );
  folder.databaseUrl = database.databaseUrl;
  const opened = openPool(folder.databaseUrl, { name: 'test', onError: () => undefined });
  pool = opened;
  const pipeline = new Pipeline(opened, 'rrc00', AbortSignal.timeout(240_000));
  await pipeline.until('the collector', 60, async () => folder.feed.state.subscribers > 0);
  let at = STORY_START + HISTORY_HOURS * 60;
  await folder.feed.playUntil(at + 3);
  await pipeline.until('the first models', 150, async () => {
    const activations = await pipeline.activations();
    return Object.keys(activations).length === 3 && Object.values(activations).every((count) => count === 1);
  });
  at += HIJACK.startMinute + HIJACK.durationMinutes + 40;
  await folder.feed.playUntil(at + 3);
  await pipeline.until('the verdicts', 60, async () => (await pipeline.featuresReach(at + 1)) && pipeline.judged());
  writeFileSync(join(folder.path, 'minutes.csv'), await labelledRows(opened));
  for (const number of [2, 3, 7]) await holdVersion(opened, 'lstm@rrc00', number);
  for (const number of [7, 8]) await holdVersion(opened, 'isolation_forest@rrc00', number);
  return started;
}

/**
 * The stream's minutes over and over, the last hour labelled anomalous, in the format of the published data sets: a day to
 * test on, and six hours to train on, since what is tested here is the command.
 */
async function labelledRows(from: Pool): Promise<string> {
  const { rows } = await from.query<{ values: number[] }>(
    `SELECT values FROM features WHERE stream = 'rrc00' AND kind = 'observed' ORDER BY minute`,
  );
  const twice = [...rows, ...rows].slice(-(6 * 60 + 24 * 60 + 60));
  return twice
    .map(({ values }, index) => {
      const [hour, minute] = [Math.floor(index / 60) % 24, index % 60];
      return [hour * 100 + minute, hour, minute, 0, ...values, index >= twice.length - 60 ? 1 : -1].join(',');
    })
    .join('\n');
}

/** A version as the gate holds it for a person: the first one's bytes under another number. */
async function holdVersion(into: Pool, key: string, number: number): Promise<void> {
  await into.query(
    `WITH source AS (SELECT * FROM model_versions WHERE model_key = $1 AND version = 1),
      copy AS (INSERT INTO model_versions SELECT (jsonb_populate_record(NULL::model_versions, to_jsonb(source)
          || jsonb_build_object('id', nextval('model_versions_id_seq'), 'version', $2::int, 'state', 'held'))).*
        FROM source RETURNING id)
     INSERT INTO model_files (version_id, name, sha256, bytes)
       SELECT copy.id, f.name, f.sha256, f.bytes FROM model_files f, source, copy WHERE f.version_id = source.id`,
    [key, number],
  );
}

describe('every documented command', () => {
  test('has a setting in which it is run', () => {
    expect(all.length).toBeGreaterThan(45);
    expect(all.filter(({ setting }) => setting === undefined)).toEqual([]);
  });

  test('and every setting has a command', () => {
    const idle = SETTINGS.filter((setting) => !all.some((one) => one.setting === setting));
    expect(idle.map(({ line }) => line.source)).toEqual([]);
  });

  describe('on a running system', () => {
    beforeAll(async () => {
      system = await startSystem();
    }, 300_000);

    test.each(inOrder('running'))(
      '$line ($where)',
      async ({ line, words, setting }) => {
        if (line === 'start') {
          expect(system!.said()).toMatch(setting!.shows);
          return;
        }
        await folder.check(words, setting!);
        if (line === 'stop') expect((await system!.ended).code).toBe(0);
      },
      300_000,
    );
  });

  describe('after it', () => {
    test.each(inOrder('after'))('$line ($where)', async ({ words, setting }) => folder.check(words, setting!), 60_000);
  });

  test('a test alert and those of the hijack have reached the channel', () => {
    expect(folder.receiver.messages.some((text) => text.includes('hijack'))).toBe(true);
  });
});
