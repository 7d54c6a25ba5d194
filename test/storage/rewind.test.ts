import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { AggregatorStep } from '../../src/collection/aggregatorStep.js';
import { Collector } from '../../src/collection/collector.js';
import { readCursor, WATCH_STAGE, writeCursor } from '../../src/storage/cursors.js';
import { registerStream } from '../../src/storage/streams.js';
import { routewarden } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const MINUTE = 60_000;
let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database.close());

const message = (timeMs: number) =>
  JSON.stringify({
    type: 'ris_message',
    data: {
      timestamp: timeMs / 1000,
      peer: '192.0.2.1',
      peer_asn: '64500',
      host: 'rrc00',
      type: 'UPDATE',
      path: [64500, 64501],
      announcements: [{ next_hop: '192.0.2.1', prefixes: ['198.51.100.0/24'] }],
    },
  });

test('a stream that ran half a day ahead goes on from now, by one command, and keeps what was true', async () => {
  const { pool, url } = database;
  await registerStream(pool, 'rrc00', {});
  await registerStream(pool, 'other', {});
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const collect = async (clock: 'wall' | 'feed', times: number[]) => {
    const said: string[] = [];
    const collector = new Collector({
      pool,
      stream: 'rrc00',
      logger: pino({ level: 'error' }, { write: (line: string) => void said.push(line) }),
      clock,
      flushMilliseconds: 0,
      flushMessages: 1,
      now: Date.now,
      elapsed: () => performance.now(),
    });
    await collector.open();
    for (const time of times) await collector.message(message(time));
    await collector.flush();
    const step = new AggregatorStep({ pool, stream: 'rrc00', graceSeconds: 0, now: Date.now });
    while (await step.step(true));
    return said;
  };
  // Without a limit, as before: true minutes, then steps of ten minutes.
  const ahead = Array.from({ length: 72 }, (_, step) => now + step * 600_000);
  await collect('feed', [...Array.from({ length: 60 }, (_, m) => now - (60 - m) * MINUTE), ...ahead]);
  await writeCursor(pool, 'ensemble', 'rrc00', now / MINUTE + 700);
  await writeCursor(pool, WATCH_STAGE, 'rrc00', 130, Buffer.from('open'));
  await writeCursor(pool, 'ensemble', 'other', now / MINUTE + 700);
  await pool.query(
    `INSERT INTO incidents (stream, started_at, last_minute, peak_minute, peak_score, severity, class)
     VALUES ('rrc00', $1, $2, $2, 1, 'minor', 'leak'), ('rrc00', $2, $2, $2, 1, 'minor', 'leak')`,
    [new Date(now - 10 * MINUTE), new Date(now + 90 * MINUTE)],
  );
  expect((await collect('wall', [Date.now()])).join()).toContain('routewarden rewind rrc00');
  const minutes = async () =>
    (
      await pool.query<{ before: number; after: number }>(
        `SELECT count(*) FILTER (WHERE minute < $1)::integer AS before, count(*) FILTER (WHERE minute >= $1)::integer AS after
         FROM features WHERE stream = 'rrc00'`,
        [new Date(now)],
      )
    ).rows[0]!;
  expect(await minutes()).toEqual({ before: 60, after: 710 });

  const environment = { DATABASE_URL: url };
  await pool.query(
    "INSERT INTO services (instance, name, host, pid, state) VALUES ('a', 'aggregator', 'h', 1, 'running')",
  );
  expect(await routewarden(['rewind', 'rrc00'], environment)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('stop it first'),
  });
  await pool.query('TRUNCATE services');
  expect((await routewarden(['rewind', 'nowhere'], environment)).stderr).toContain('unknown stream nowhere');
  const words = ['rewind', 'rrc00', '--to', new Date(now).toISOString(), '--json'];
  const { code, stdout } = await routewarden(words, environment);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ rows: { features: 710, incidents: 1 }, trainedLater: [] });
  expect(await minutes()).toEqual({ before: 60, after: 0 });
  expect((await readCursor(pool, 'ensemble', 'rrc00'))?.position).toBe(now / MINUTE - 1);
  expect((await readCursor(pool, 'ensemble', 'other'))?.position).toBe(now / MINUTE + 700);
  expect(await readCursor(pool, WATCH_STAGE, 'rrc00')).toEqual({ position: 0, state: Buffer.from('open') });
  const { rows } = await pool.query("SELECT target FROM audit WHERE action = 'rewind'");
  expect(rows).toEqual([{ target: 'rrc00' }]);

  // True messages count again.
  expect(await collect('wall', [now - 2 * MINUTE, now - MINUTE, now])).toEqual([]);
  const { rows: newest } = await pool.query("SELECT max(minute) AS minute FROM features WHERE stream = 'rrc00'");
  expect(newest[0].minute).toEqual(new Date(now - MINUTE));
}, 60_000);
