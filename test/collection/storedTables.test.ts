import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { GeneratedTable } from '../../bench/fullTable/generatedTable.js';
import { AggregatorStep } from '../../src/collection/aggregatorStep.js';
import { packageRoot } from '../../src/config/paths.js';
import { BadSnapshot } from '../../src/features/byteStream.js';
import { pageHash } from '../../src/features/pageHash.js';
import type { FeatureRow } from '../../src/features/row.js';
import { inTransaction } from '../../src/storage/pool.js';
import { StoredTables } from '../../src/storage/storedTables.js';
import { appendEntries } from '../../src/storage/updateBatches.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { knowingTable, ROUTES } from './killedAggregator.js';

const table = new GeneratedTable(ROUTES, 1);
const updates = [...table.updates(40_000, 250)];

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database?.close());
beforeEach(() => database.pool.query('TRUNCATE cursors, aggregator_pages, features, update_batches'));

async function rows(): Promise<unknown[]> {
  const query = 'SELECT minute, values, evidence FROM features ORDER BY minute';
  return (await database.pool.query(query)).rows;
}

/** @returns whether it was killed */
async function aggregated(killAt: string): Promise<boolean> {
  const script = join(packageRoot, 'dist/test/collection/killedAggregator.js');
  const child = spawn(process.execPath, [script, database.url, killAt], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === null) expect(code).toBe(0);
  return signal === 'SIGKILL';
}

async function logged(): Promise<void> {
  const entries = updates.map((batch, at) => ({
    position: at + 1,
    kind: 'updates' as const,
    sinceMs: batch.columns.time[0]!,
    untilMs: batch.columns.time.at(-1)!,
    messages: batch.messages,
    payload: batch.encode(),
  }));
  for (let at = 0; at < entries.length; at += 40) {
    await appendEntries(database.pool, 's', entries.slice(at, at + 40));
  }
}

test('an aggregator killed while it loads a table, stores it or reads it back gives equal rows, once', async () => {
  await logged();
  expect(await aggregated('')).toBe(false);
  const wanted = await rows();
  expect(wanted.length).toBeGreaterThan(5);
  await database.pool.query('TRUNCATE cursors, aggregator_pages, features');
  const kills = [
    'learns:4',
    'INSERT INTO aggregator_pages:2',
    'INSERT INTO features:1',
    'INSERT INTO cursors:2',
    'FROM aggregator_pages:2',
  ];
  for (const kill of kills) expect([kill, await aggregated(kill)]).toEqual([kill, true]);
  expect(await aggregated('')).toBe(false);
  expect(await rows()).toEqual(wanted);
}, 120_000);

test('what was stored goes on with equal rows, and only what changed is written', async () => {
  const whole = await knowingTable(table, () => {});
  let parts = await knowingTable(table, () => {});
  const stored = new StoredTables('s');
  const sizes: number[] = [];
  const store = async (into: StoredTables) => {
    await inTransaction(database.pool, async (client) => sizes.push(await into.write(client, sizes.length, parts)));
    into.stored();
  };
  await store(stored);
  const taken: FeatureRow[] = [];
  for (const [at, batch] of updates.entries()) {
    whole.add(batch);
    parts.add(batch);
    if (at % 40 !== 39) continue;
    taken.push(...parts.take());
    await store(stored);
    const again = new StoredTables('s');
    const stand = await again.read(database.pool, { stream: 's', graceSeconds: 30 });
    expect(stand!.position).toBe(sizes.length - 1);
    parts = stand!.aggregator;
    expect(parts.holdings.routes).toBe(whole.holdings.routes);
    const before = sizes.length;
    await store(again);
    // nothing has changed since
    expect(sizes[before]).toBe(0);
    await store(stored);
  }
  whole.finish();
  parts.finish();
  expect([...taken, ...parts.take()]).toEqual(whole.take());
  expect(parts.counts).toEqual(whole.counts);
}, 60_000);

test('a stand of another version, or one that lacks a page, is not read: the log is gone over again', async () => {
  const aggregator = await knowingTable(table, () => {});
  const options = { stream: 's', graceSeconds: 30 };
  const store = () =>
    inTransaction(database.pool, (client) => new StoredTables('s').write(client, 7, aggregator).then(() => undefined));
  const damages = [
    'DELETE FROM aggregator_pages WHERE part = 0 AND page = 0',
    'UPDATE aggregator_pages SET bytes = set_byte(bytes, 9, 255 - get_byte(bytes, 9)) WHERE part = 0 AND page = 0',
    // as the version before wrote it
    "UPDATE cursors SET state = '\\x4010000000000000000000000000204100'",
  ];
  await logged();
  for (const damage of damages) {
    await store();
    await database.pool.query(damage);
    await expect(new StoredTables('s').read(database.pool, options)).rejects.toThrow(BadSnapshot);
    const said: string[] = [];
    const unread = ({ message }: Error) => said.push(message);
    const step = new AggregatorStep({ pool: database.pool, stream: 's', graceSeconds: 30, now: Date.now, unread });
    await step.step();
    expect(said).toHaveLength(1);
    expect(step.holdings!.routes).toBeGreaterThan(0);
  }
  expect((await rows()).length).toBeGreaterThan(0);
}, 60_000);

test('a page that differs in one bit has another hash', () => {
  const page = Uint8Array.from({ length: 4_099 }, (_, at) => (at * 31) & 255);
  const seen = new Set([pageHash(page)]);
  for (let bit = 0; bit < page.length * 8; bit += 7) {
    page[bit >> 3]! ^= 1 << (bit & 7);
    seen.add(pageHash(page));
    page[bit >> 3]! ^= 1 << (bit & 7);
  }
  expect(seen.size).toBe(1 + Math.ceil((page.length * 8) / 7));
});
