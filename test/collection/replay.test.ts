import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { fileFeatures } from '../../src/cli/features.js';
import { replayInto } from '../../src/collection/replaySession.js';
import { readLabelledMinutes } from '../../src/evaluation/labelledMinutes.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { openPool } from '../../src/storage/pool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const START = 29_500_000;
const MINUTES = 15;
const world = new SimulatedWorld({ seed: 4, startMinute: START });

let database: TestDatabase;
let pool: Pool;
let folder: string;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.pool.options.connectionString!, { name: 'test', onError: () => {} });
  folder = mkdtempSync(join(tmpdir(), 'routewarden-replay-'));
}, 60_000);

afterAll(async () => {
  await pool.end();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function play(stream: string, paths: string[], speed?: number, logger = pino({ level: 'silent' })) {
  return replayInto({
    pool,
    stream,
    paths,
    speed,
    graceSeconds: 30,
    firstDay: START,
    readFeatures: (text) => readLabelledMinutes(text).block,
    logger,
    signal: new AbortController().signal,
  });
}

async function rows(stream: string): Promise<{ minute: number; kind: string; values: number[]; evidence: unknown }[]> {
  const result = await pool.query<{ minute: number; kind: string; values: number[]; evidence: unknown }>(
    `SELECT (extract(epoch FROM minute) / 60)::integer AS minute, kind, values, evidence FROM features
     WHERE stream = $1 ORDER BY minute`,
    [stream],
  );
  return result.rows.map((row) => ({ ...row, values: row.values.map(Math.fround) }));
}

async function expected(path: string) {
  const { minutes } = await fileFeatures(path, 'any');
  return minutes.map(({ minute, kind, values, evidence }) => ({
    minute,
    kind,
    values: [...values],
    evidence: JSON.parse(JSON.stringify(evidence)),
  }));
}

test('recorded messages and MRT files go through collector and aggregator; again, and nothing doubles', async () => {
  const texts = Array.from({ length: MINUTES }, (_, i) => world.minute(START + i)).flat();
  const lines = write('live.jsonl', `${texts.join('\n')}\nnot json\n`);
  const archive = new ArchiveServer({ world, horizon: () => START + MINUTES });
  const files = [0, 5, 10].map((at) => write(`updates.${at}.gz`, archive.file(START + at)));
  expect(await play('live', [lines])).toMatchObject({ messages: texts.length + 1, skipped: 1, gaps: 0 });
  const live = await rows('live');
  expect(live).toEqual(await expected(lines));
  expect(live).toHaveLength(MINUTES);

  expect(await play('mrt', files)).toMatchObject({
    messages: texts.length,
    skipped: 0,
    watermark: START + MINUTES - 1,
  });
  const mrt = await rows('mrt');
  // the archive tells sizes, the feed does not; the rest is the same
  const withoutSize = (list: typeof mrt) => list.map((row) => ({ ...row, values: row.values.slice(0, -1) }));
  expect(withoutSize(mrt)).toEqual(withoutSize(live));
  expect(mrt.every(({ values }) => values.at(-1)! > 19)).toBe(true);

  await play('live', [lines]);
  expect(await rows('live')).toEqual(live);
}, 60_000);

test('files that are played again, from long before the end, are said to change routes alone', async () => {
  const texts = [
    ...world.minute(START),
    ...new SimulatedWorld({ seed: 4, startMinute: START + 90 }).minute(START + 90),
  ];
  const path = write('again.jsonl', texts.join('\n'));
  const said: string[] = [];
  const logger = pino(
    { level: 'warn' },
    { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const words = () => said.filter((line) => line.includes('begin long before the end of the stream'));
  await play('again', [path], undefined, logger);
  expect(words()).toEqual([]);
  const before = await rows('again');
  await play('again', [path], undefined, logger);
  expect(words()).toHaveLength(1);
  expect(await rows('again')).toEqual(before);
}, 60_000);

test('files of another time are refused, with what to do', async () => {
  const later = new SimulatedWorld({ seed: 4, startMinute: START + 90 * 1440 });
  const archive = new ArchiveServer({ world: later, horizon: () => later.startMinute + 5 });
  const far = write('updates.far.gz', archive.file(later.startMinute));
  await expect(play('mrt', [far])).rejects.toThrow(/more than a month .* choose another --stream/);
});

test('feature rows are played as they are, in the time that the speed asks for', async () => {
  const line = (minute: number) => [0, 0, minute, 0, ...Array.from({ length: 37 }, (_, i) => i + minute), -1].join(',');
  const csv = write('labelled.csv', `${[0, 1, 2].map(line).join('\n')}\n`);
  const summary = await play('csv', [csv], 600);
  expect(summary).toMatchObject({ rows: 3, messages: 0 });
  // two minutes at 600 times the clock
  expect(summary.seconds).toBeGreaterThanOrEqual(0.19);
  expect((await rows('csv')).map(({ minute, values }) => [minute - START, values[1]])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
}, 60_000);
