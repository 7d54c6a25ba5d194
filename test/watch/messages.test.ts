import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { incident } from '../../src/dashboard/queries/incidents.js';
import { FileChannel } from '../../src/incidents/alerts/channels/file.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import { incidentSettings } from '../../src/incidents/settings.js';
import { Declaration } from '../../src/incidents/watch/declaration.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { WatchStep } from '../../src/incidents/watch/watchStep.js';
import { listIncidents } from '../../src/storage/incidents.js';
import { registerStream } from '../../src/storage/streams.js';
import { appendEntries } from '../../src/storage/updateBatches.js';
import { routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { announced, BASE, line, OURS, STRANGER, watched, withdrawn } from './routes.js';

const OWN = '198.51.100.0/24';
const WATCH = { asNumbers: [OURS], prefixes: [OWN] };
const TABLE = announced(5, OWN, OURS);
const timeOf = (at: number) => new Date((BASE + at) * 1000).toISOString();
/** What peer N said of it. */
const taken = (at: number, peer: number, prefix = OWN) => ({
  ...{ at: timeOf(at), peer: `192.0.2.${peer}`, kind: 'announcement', prefix },
  path: [64495 + peer, 65000, STRANGER],
});

describe('the messages that led to an incident', () => {
  const hijack = [...TABLE, ...announced(60, OWN, STRANGER, [2, 4, 5])];

  test('are those of the peers that took the route, in order, and of nobody else', () => {
    const { incidents } = watched(hijack, { watch: WATCH, until: 70 });
    expect(incidents[0]!.detail.messages).toEqual([taken(60, 2), taken(60.5, 4), taken(61, 5)]);
  });

  test('are the same however the log is cut and the service restarted, and stay when the routes go back', () => {
    const over = [...hijack, ...announced(100, OWN, OURS)];
    for (const options of [{}, { batch: 1 }, { batch: 1, restart: true }]) {
      const { incidents } = watched(over, { watch: WATCH, until: 300, ...options });
      expect(incidents).toMatchObject([{ endedAt: expect.any(Number) }]);
      expect(incidents[0]!.detail.messages).toEqual([taken(60, 2), taken(60.5, 4), taken(61, 5)]);
    }
  });

  test('of a loss are the withdrawals, with the path that each peer had', () => {
    const { incidents } = watched([...TABLE, ...withdrawn(60, OWN, [1, 2, 3, 4])], { watch: WATCH, until: 400 });
    expect(incidents).toMatchObject([{ class: 'outage' }]);
    expect(incidents[0]!.detail.messages).toEqual(
      [1, 2, 3, 4].map((peer, n) => ({
        ...{ at: timeOf(60 + n / 2), peer: `192.0.2.${peer}`, kind: 'withdrawal', prefix: OWN },
        path: [64495 + peer, 65000, OURS],
      })),
    );
  });

  test('are at most the first twenty, however many prefixes are taken', () => {
    const prefixes = Array.from({ length: 40 }, (_, n) => `100.64.${n}.0/24`);
    const messages = prefixes.flatMap((prefix, n) => announced(60 + 5 * n, prefix, STRANGER, [1, 2]));
    const { incidents } = watched(messages, { watch: { asNumbers: [OURS], prefixes }, until: 400 });
    expect(incidents[0]!.detail.watched).toHaveLength(40);
    expect(incidents[0]!.detail.messages).toEqual(
      prefixes.slice(0, 10).flatMap((prefix, n) => [taken(60 + 5 * n, 1, prefix), taken(60.5 + 5 * n, 2, prefix)]),
    );
  });

  test('say so where a table dump brought the route', () => {
    const { watcher } = watched([{ at: 1, peer: 1, announce: ['203.0.113.0/24'] }], { watch: WATCH, until: 2 });
    watcher.seed([{ prefix: OWN, peer: '192.0.2.9', origin: STRANGER, hops: [64504, STRANGER] }], (BASE + 2) * 1000);
    const { incidents } = watched([{ at: 3, peer: 1, announce: ['203.0.113.0/24'] }], {
      ...{ watch: WATCH, until: 5, from: watcher },
    });
    expect(incidents[0]!.detail.messages).toMatchObject([{ peer: '192.0.2.9', kind: 'table dump', prefix: OWN }]);
  });

  test('of a neighbour that should not be there are those whose path has it, of prefixes of others too', () => {
    const foreign = announced(60, '192.0.2.0/24', 65010, [1, 2], [64999, OURS]);
    const { incidents } = watched([...TABLE, ...foreign], { watch: { ...WATCH, upstreams: [65000] }, until: 70 });
    expect(incidents).toMatchObject([{ class: 'leak' }]);
    expect(incidents[0]!.detail.messages).toMatchObject([
      { at: timeOf(60), peer: '192.0.2.1', prefix: '192.0.2.0/24', path: [64496, 64999, OURS, 65010] },
      { at: timeOf(60.5), peer: '192.0.2.2', path: [64497, 64999, OURS, 65010] },
    ]);
  });
});

describe('stored and sent', () => {
  let database: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-messages-'));
  beforeAll(async () => {
    database = await openTestDatabase();
  }, 60_000);
  afterAll(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('they are in the notice, on the page and in the command', async () => {
    const { pool } = database;
    const now = () => new Date((BASE + 90) * 1000);
    const builder = new UpdateBatchBuilder();
    for (const one of [...TABLE, ...announced(60, OWN, STRANGER, [2, 4])]) decodeRisLiveMessage(line(one), builder);
    await registerStream(pool, 's', { kind: 'simulated' });
    const times = { sinceMs: (BASE + 5) * 1000, untilMs: (BASE + 80) * 1000 };
    const entry = { position: 1, kind: 'updates' as const, messages: 8, payload: builder.finish(), ...times };
    await appendEntries(pool, 's', [entry]);
    await new WatchStep({
      pool,
      stream: 's',
      declaration: new Declaration(watchSettings.parse(WATCH)),
      live: true,
      validityOf: () => undefined,
      settings: incidentSettings.parse({}),
      now,
      historyBefore: () => Number.NEGATIVE_INFINITY,
    }).step();
    const path = join(folder, 'alerts.jsonl');
    const settings = alertSettings.parse({ channels: [{ type: 'file', name: 'file', path }], groupSeconds: 0 });
    const channels = [new FileChannel({ type: 'file', name: 'file', path })];
    const log = { warn: () => {} };
    await new AlertOutbox({ pool, settings, channels, now, random: () => 0, log }).deliverDue();
    const expected = [taken(60, 2), taken(60.5, 4)];
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ messages: expected });
    const [{ id } = { id: 0 }] = await listIncidents(pool);
    const inMs = expected.map((one) => ({ ...one, at: Date.parse(one.at) }));
    expect((await incident(pool, id))?.messages).toEqual(inMs);
    const env = { DATABASE_URL: database.url };
    const shown = await routewarden(['incidents', 'show', String(id)], env);
    expect(shown.stdout).toContain(
      'message    00:01:00 192.0.2.2 announcement 198.51.100.0/24, path 64497 65000 64666\n',
    );
    const json = await routewarden(['incidents', 'show', String(id), '--json'], env);
    expect(JSON.parse(json.stdout)).toMatchObject({ detail: { messages: expected } });
  }, 60_000);
});
