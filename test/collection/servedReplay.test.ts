import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { fileFeatures } from '../../src/cli/features.js';
import { settingsSchema } from '../../src/config/settings.js';
import { System } from '../../src/services/system.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { openPool } from '../../src/storage/pool.js';
import { jsonOf, routewarden } from '../support/command.js';

const START = 29_500_000;
const MINUTES = 12;
const STREAM = 'played';

let folder: string;
let system: System;
let pool: Pool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-served-'));
  const given = {
    dataDirectory: join(folder, 'data'),
    artifactDirectory: join(folder, 'artifacts'),
    streams: [{ name: STREAM, replay: true }],
  };
  await writeFile(join(folder, 'routewarden.config.json'), JSON.stringify(given));
  system = await System.start({
    settings: settingsSchema.parse(given),
    logger: pino({ level: 'silent' }),
    services: ['collector', 'aggregator'],
    onLine: () => {},
    onHopeless: () => {},
    onDatabaseLost: () => {},
  });
  pool = openPool(system.database.databaseUrl, { name: 'test', onError: () => {} });
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('a file is played into a stream whose aggregator runs, which makes the very rows of the file', async () => {
  const world = new SimulatedWorld({ seed: 4, startMinute: START });
  const path = join(folder, 'live.jsonl');
  const texts = Array.from({ length: MINUTES }, (_, i) => world.minute(START + i)).flat();
  await writeFile(path, `${texts.join('\n')}\n`);
  const ended = await routewarden(['replay', path, '--stream', STREAM, '--json'], {}, folder);
  expect(ended).toMatchObject({ code: 0 });
  expect(jsonOf(ended)).toMatchObject({
    messages: texts.length,
    watermark: new Date((START + MINUTES - 1) * 60_000).toISOString(),
  });
  const { minutes } = await fileFeatures(path, 'any');
  const { rows } = await pool.query(
    `SELECT (extract(epoch FROM minute) / 60)::integer AS minute, values FROM features WHERE stream = $1 ORDER BY minute`,
    [STREAM],
  );
  expect(rows.map((row) => [row.minute, row.values.map(Math.fround)])).toEqual(
    minutes.map(({ minute, values }) => [minute, [...values]]),
  );
}, 60_000);
