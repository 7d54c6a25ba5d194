import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { AggregatorStep } from '../../src/collection/aggregatorStep.js';
import { BadSnapshot } from '../../src/features/byteStream.js';
import { pageHash } from '../../src/features/pageHash.js';
import type { FeatureRow } from '../../src/features/row.js';
import { inTransaction } from '../../src/storage/pool.js';
import { StoredTables } from '../../src/storage/storedTables.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { knowingTable } from './killedAggregator.js';
import { aggregated, KILLS, logUpdates, rowsOf, table, updates } from './tableKills.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database?.close());
beforeEach(() => database.pool.query('TRUNCATE cursors, aggregator_pages, features, update_batches'));

const rows = () => rowsOf(database.pool);

test('an aggregator killed while it loads a table, stores it or reads it back gives equal rows, once', async () => {
  await logUpdates(database.pool);
  expect(await aggregated(database.url, '')).toBe(false);
  const wanted = await rows();
  expect(wanted.length).toBeGreaterThan(5);
  await database.pool.query('TRUNCATE cursors, aggregator_pages, features');
  for (const kill of KILLS) expect([kill, await aggregated(database.url, kill)]).toEqual([kill, true]);
  expect(await aggregated(database.url, '')).toBe(false);
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
  await logUpdates(database.pool);
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
