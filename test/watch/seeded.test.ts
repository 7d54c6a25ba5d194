import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { incidentSettings } from '../../src/incidents/settings.js';
import { Declaration } from '../../src/incidents/watch/declaration.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { WatchStep } from '../../src/incidents/watch/watchStep.js';
import { readCursor, WATCH_STAGE } from '../../src/storage/cursors.js';
import { listIncidents } from '../../src/storage/incidents.js';
import { inTransaction } from '../../src/storage/pool.js';
import { StoredTables } from '../../src/storage/storedTables.js';
import { appendEntries } from '../../src/storage/updateBatches.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { announced, BASE, line, OURS, PEERS, type Said, STRANGER } from './routes.js';

const OWN = '198.51.100.0/24';
const LATER = '203.0.113.0/24';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database?.close());

function encoded(messages: readonly Said[]): Uint8Array {
  const builder = new UpdateBatchBuilder();
  for (const message of messages) decodeRisLiveMessage(line(message), builder);
  return builder.finish();
}

function step(stream: string, prefixes: string[]): WatchStep {
  return new WatchStep({
    pool: database.pool,
    stream,
    declaration: new Declaration(watchSettings.parse({ asNumbers: [OURS], prefixes })),
    live: true,
    validityOf: () => undefined,
    settings: incidentSettings.parse({}),
    now: () => new Date((BASE + 600) * 1000),
    historyBefore: () => Number.NEGATIVE_INFINITY,
  });
}

async function log(stream: string, position: number, messages: readonly Said[]): Promise<void> {
  const times = messages.map(({ at }) => (BASE + at) * 1000);
  const entry = { position, kind: 'updates' as const, messages: messages.length, payload: encoded(messages) };
  await appendEntries(database.pool, stream, [{ ...entry, sinceMs: times[0]!, untilMs: times.at(-1)! }]);
}

test('a hijack that stood before the log began is told from what the aggregator knows of the table', async () => {
  const aggregator = new MinuteAggregator({ stream: 'dumped' });
  aggregator.add(
    UpdateBatch.decode(encoded([...announced(1, OWN, OURS, [1, 2]), ...announced(2, OWN, STRANGER, [3, 4])])),
  );
  await inTransaction(database.pool, (client) => new StoredTables('dumped').write(client, 0, aggregator));
  await log('dumped', 1, announced(100, '10.1.0.0/16', 65011));
  await step('dumped', [OWN]).step();
  const incidents = await listIncidents(database.pool, { stream: 'dumped' });
  expect(incidents).toMatchObject([{ class: 'hijack', severity: 'critical', endedAt: null }]);
  expect(incidents[0]!.reasons[0]!.words).toMatch(/AS64666, seen by 2 of \d peers/);
});

test('a prefix that is declared only now is judged by what the log still holds, and open incidents go on', async () => {
  await log('changed', 1, [...announced(1, LATER, STRANGER), ...announced(10, OWN, STRANGER)]);
  const first = step('changed', [OWN]);
  await first.step();
  expect(await listIncidents(database.pool, { stream: 'changed' })).toHaveLength(1);
  const second = step('changed', [OWN, LATER]);
  await log('changed', 2, announced(120, '10.1.0.0/16', 65011, PEERS));
  const { changes } = await second.step();
  expect(changes.map(({ type }) => type)).toEqual(['grown']);
  const [incident, ...others] = await listIncidents(database.pool, { stream: 'changed' });
  expect(others).toEqual([]);
  expect(incident!.detail.watched.map(({ prefix }) => prefix).sort()).toEqual([OWN, LATER]);
});

test('a step that fails writes nothing, and the next one tells all of it once', async () => {
  await log('broken', 1, announced(1, OWN, STRANGER));
  const watch = step('broken', [OWN]);
  await database.pool.query('ALTER TABLE watch_states RENAME TO away');
  await expect(watch.step()).rejects.toThrow(/watch_states/);
  await database.pool.query('ALTER TABLE away RENAME TO watch_states');
  expect(await listIncidents(database.pool, { stream: 'broken' })).toEqual([]);
  expect(await readCursor(database.pool, WATCH_STAGE, 'broken')).toBeNull();
  await watch.step();
  await watch.step();
  const { rows } = await database.pool.query(
    `SELECT body->>'times' AS times FROM alerts WHERE body->>'stream' = 'broken'`,
  );
  expect(rows).toEqual([{ times: '1' }]);
});
