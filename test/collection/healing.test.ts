import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { settingsSchema } from '../../src/config/settings.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { System } from '../../src/services/system.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { openPool } from '../../src/storage/pool.js';

const START = 29_500_000;
const CUT = START + 72;
const BACK = START + 84;
const UNTIL = START + 110;
const LATER = START + 150;
const logger = pino({ level: 'silent' });
const script = { seed: 11, startMinute: START, resetsPerWeek: 0 };

let folder: string;
let feed: RisLiveServer;
let archive: ArchiveServer;
let system: System;
let pool: Pool;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'routewarden-healing-'));
  feed = new RisLiveServer({ world: new SimulatedWorld(script), logger });
  archive = new ArchiveServer({ world: new SimulatedWorld(script), horizon: () => feed.state.position });
  // The archive comes late: nothing can be healed before the test says so.
  archive.fault = () => 'missing';
  const settings = settingsSchema.parse({
    dataDirectory: join(folder, 'data'),
    artifactDirectory: join(folder, 'artifacts'),
    streams: [{ name: 'rrc00', host: 'rrc00' }],
    feed: { url: await feed.listen(), clock: 'feed' },
    archive: { url: await archive.listen(), delayMinutes: 0, intervalSeconds: 0.2, attempts: 50 },
  });
  system = await System.start({
    settings,
    logger,
    services: ['collector', 'aggregator'],
    onLine: () => {},
    onHopeless: () => {},
    onDatabaseLost: () => {},
  });
  pool = openPool(system.database.databaseUrl, { name: 'test', onError: () => {} });
}, 60_000);

afterAll(async () => {
  await feed?.close();
  await archive?.close();
  await pool?.end();
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

interface Row {
  minute: number;
  kind: string;
  values: number[];
  evidence: unknown;
}

async function rows(): Promise<Row[]> {
  const result = await pool.query<Row>(
    `SELECT (extract(epoch FROM minute) / 60)::integer AS minute, kind, values, evidence FROM features ORDER BY minute`,
  );
  // PostgreSQL writes a real as its shortest decimal
  return result.rows.map((row) => ({ ...row, values: row.values.map(Math.fround) }));
}

async function until(what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
  const began = performance.now();
  while (!(await reached())) {
    if (performance.now() - began > 40_000) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Values and evidence of every minute, had nothing ever been away. */
function undisturbed(): Map<number, { values: number[]; evidence: unknown }> {
  const world = new SimulatedWorld(script);
  const aggregator = new MinuteAggregator({ stream: 'rrc00' });
  const builder = new UpdateBatchBuilder();
  for (let minute = START; minute < LATER; minute++) {
    for (const text of world.minute(minute)) decodeRisLiveMessage(text, builder);
    if (builder.messages > 0) aggregator.add(new UpdateBatch(builder.takeColumns()));
  }
  return new Map(
    aggregator
      .take()
      .map(({ minute, values, evidence }) => [
        minute,
        { values: [...values], evidence: JSON.parse(JSON.stringify(evidence)) },
      ]),
  );
}

test('minutes lost by a killed collector are healed from the archive as if it had lived', async () => {
  await until('the collector', () => feed.state.subscribers === 1);
  await feed.playUntil(CUT);
  await until('the minutes before the cut', async () => (await rows()).length >= CUT - START - 2);
  process.kill(system.supervisor.pidOf('collector')!, 'SIGKILL');
  await until('the collector to be gone', () => feed.state.clients === 0);
  // nobody listens: what is played now is lost
  feed.faults.refusing = true;
  await feed.playUntil(BACK);
  feed.faults.refusing = false;
  await until('the collector to be back', () => feed.state.subscribers === 1);
  await feed.playUntil(UNTIL);
  await until('the minutes after the cut', async () => (await rows()).length >= UNTIL - START - 2);

  const before = await rows();
  const gaps = before.filter(({ kind }) => kind === 'gap').map(({ minute }) => minute);
  expect(gaps.length).toBeGreaterThanOrEqual(BACK - CUT);
  archive.fault = () => 'none';
  await until('the gap to be healed', async () => {
    const { rows: unhealed } = await pool.query('SELECT 1 FROM feed_gaps WHERE healed_at IS NULL');
    return unhealed.length === 0;
  });

  const after = await rows();
  const expected = undisturbed();
  expect(after.map(({ minute }) => minute)).toEqual(before.map(({ minute }) => minute));
  for (const row of after) {
    if (!gaps.includes(row.minute)) continue;
    expect(row).toMatchObject({ kind: 'healed', ...expected.get(row.minute) });
  }
  const others = (list: Row[]) => list.filter(({ minute }) => !gaps.includes(minute));
  expect(others(after)).toEqual(others(before));

  // By now the live aggregator knows the routes that changed in the gap.
  await feed.playUntil(LATER);
  await until('the minutes after that', async () => (await rows()).length >= LATER - START - 2);
  const later = (await rows()).filter(({ minute }) => minute >= UNTIL);
  expect(later.length).toBeGreaterThan(30);
  for (const row of later) expect(row).toMatchObject({ kind: 'observed', ...expected.get(row.minute) });
}, 120_000);
