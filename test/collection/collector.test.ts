import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { Collector } from '../../src/collection/collector.js';
import { openPool } from '../../src/storage/pool.js';
import { StageLocks } from '../../src/storage/stageLocks.js';
import { storeIsAway } from '../../src/storage/storeAway.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { risUpdate } from '../support/risUpdate.js';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = openPool(database.url, { name: 'test', onError: () => {} });
});
afterAll(async () => {
  await pool?.end();
  await database?.close();
});
beforeEach(() => pool.query('TRUNCATE update_batches, feed_gaps'));

/** A collector whose clocks the test turns. */
function collector(
  clock: 'wall' | 'feed',
  store = pool,
  say: (line: string) => void = () => {},
  checkRaw = false,
  severalHosts = false,
  signal = new AbortController().signal,
) {
  const time = { wall: START, elapsed: 0 };
  const made = new Collector({
    pool: store,
    stream: 'test',
    logger: pino({ level: 'info' }, { write: (line: string) => say((JSON.parse(line) as { msg: string }).msg) }),
    clock,
    flushMilliseconds: 1_000_000_000,
    flushMessages: 1_000,
    checkRaw,
    severalHosts,
    signal,
    now: () => time.wall,
    elapsed: () => time.elapsed,
  });
  return { made, time };
}

async function log() {
  const { rows } = await pool.query(
    `SELECT kind, messages, extract(epoch FROM until)::float8 * 1000 - $1 AS until FROM update_batches ORDER BY position`,
    [START],
  );
  return rows;
}

describe('the time of a live feed', () => {
  test('messages from the future are refused, counted and named by peer; those a few seconds early are not', async () => {
    const { made } = collector('wall');
    await made.message(risUpdate(START));
    await made.message(risUpdate(START + 19_000));
    await made.message(risUpdate(START + 21_000));
    await made.message(risUpdate(START + 24 * HOUR, '192.0.2.7'));
    await made.tick(true);
    expect(made.counts).toMatchObject({ messages: 4, skipped: 2, future: 2 });
    expect(made.setAsideWords).toBe(
      "peer 192.0.2.7 of rrc00 is 86400 s ahead of this machine's clock and 1 more: 2 messages refused so far",
    );
    expect(await log()).toEqual([{ kind: 'updates', messages: 2, until: 19_000 }]);
  });

  test('no message moves the limit for the next: ninety steps of 580 s carry the log nowhere, and silence does not either', async () => {
    const { made, time } = collector('wall');
    for (let step = 0; step <= 90; step += 1) await made.message(risUpdate(START + step * 580_000, '192.0.2.66'));
    expect(made.counts.future).toBe(90);
    await made.tick(true);
    time.wall += 61_000;
    time.elapsed += 61_000;
    await made.message(risUpdate(START + 61_000));
    await made.tick(true);
    expect(await log()).toEqual([
      { kind: 'updates', messages: 1, until: 0 },
      { kind: 'updates', messages: 1, until: 61_000 },
    ]);
    expect(made.setAsideWords).toBeNull();
  });

  test('silence counts as observed while the feed lives, and as a gap where it was away or dead', async () => {
    const { made, time } = collector('wall');
    const later = async (alive: boolean) => {
      time.wall += 180_000;
      time.elapsed += 180_000;
      await made.tick(alive);
    };
    await made.message(risUpdate(START));
    await made.tick(true);
    await later(true);
    const living = [
      { kind: 'updates', messages: 1, until: 0 },
      { kind: 'clock', messages: 0, until: 180_000 },
    ];
    expect(await log()).toEqual(living);
    await later(false);
    made.disconnected('silent: no message for 60 s');
    // Connected again is not heard again.
    await later(true);
    expect(await log()).toEqual(living);
    await made.message(risUpdate(START + 540_000));
    await made.tick(true);
    expect(await log()).toEqual([
      ...living,
      { kind: 'gap', messages: 0, until: 540_000 },
      { kind: 'updates', messages: 1, until: 540_000 },
    ]);
  });

  test('a machine whose own clock is behind takes the feed again when all of it agrees, and ten minutes at most', async () => {
    for (const [behindMs, taken] of [
      [300_000, 3],
      [700_000, 0],
    ] as const) {
      const { made, time } = collector('wall');
      for (let second = 0; second < 40; second += 10) {
        for (const peer of [1, 2, 3])
          await made.message(risUpdate(START + behindMs + second * 1000, `192.0.2.${peer}`));
        time.wall += 10_000;
        time.elapsed += 10_000;
      }
      expect(12 - made.counts.future >= taken).toBe(true);
      expect(made.counts.messages - made.counts.future > 0).toBe(taken > 0);
    }
  });

  test('one collector of several with a fast clock is set aside and named once, and is no witness against this machine', async () => {
    const { made, time } = collector('wall', pool, () => {}, false, true);
    const from = (host: string, peer: number, aheadMs: number) =>
      risUpdate(time.wall + aheadMs, `192.0.2.${peer}`).replace('rrc00', host);
    for (let second = 0; second < 90; second += 10) {
      for (const peer of [1, 2, 3, 4]) await made.message(from('rrc07', peer, 200_000));
      // For a while it is the only one that speaks.
      if (second >= 60) await made.message(from('rrc01', 9, 0));
      time.wall += 10_000;
      time.elapsed += 10_000;
    }
    expect(made.counts).toMatchObject({ messages: 39, future: 36 });
    await made.tick(true);
    expect(made.counts.ahead).toEqual([{ peer: '*', host: 'rrc07', aheadSeconds: 200, refused: 36 }]);
    expect(made.setAsideWords).toBe(
      "collector rrc07 is 200 s ahead of this machine's clock: 36 messages refused so far",
    );
    expect(await log()).toMatchObject([
      { kind: 'updates', messages: 3, until: 80_000 },
      { kind: 'clock', messages: 0, until: 90_000 },
    ]);
  });

  test('a replay may be of any time', async () => {
    const { made } = collector('feed');
    await made.message(risUpdate(START + 1000 * 24 * HOUR));
    await made.flush();
    expect(made.counts).toMatchObject({ skipped: 0, future: 0 });
  });

  test('a step of the machine’s clock, either way, moves no minute and refuses no message', async () => {
    const { made, time } = collector('wall');
    await made.message(risUpdate(START));
    await made.flush();
    for (const step of [24 * HOUR, -48 * HOUR]) {
      time.wall += step;
      time.elapsed += 6_000;
      await made.tick(true);
    }
    expect(await log()).toEqual([
      { kind: 'updates', messages: 1, until: 0 },
      { kind: 'clock', messages: 0, until: 6_000 },
      { kind: 'clock', messages: 0, until: 12_000 },
    ]);
    await made.message(risUpdate(START + 12_500));
    await made.flush();
    expect(made.counts.skipped).toBe(0);
  });
});

test('raw is compared with the JSON where asked: what differs is counted, said once, and taken as the JSON has it', async () => {
  const said: string[] = [];
  const { made } = collector('feed', pool, (line) => said.push(line), true);
  // marker, length 45, UPDATE; ORIGIN IGP, AS_PATH 64500, NEXT_HOP 192.0.2.9; 10.0.0.0/8
  const raw = `${'FF'.repeat(16)}002D02000000144001010040020602010000FBF4400304C0000209080A`;
  const update = (path: number[]) => {
    const announcements = [{ next_hop: '192.0.2.9', prefixes: ['10.0.0.0/8'] }];
    const peer = { timestamp: START / 1000, peer: '192.0.2.9', peer_asn: '64500', type: 'UPDATE' };
    return JSON.stringify({ type: 'ris_message', data: { ...peer, path, origin: 'igp', announcements, raw } });
  };
  for (const path of [[64500], [64501], [64502]]) await made.message(Buffer.from(update(path)));
  await made.flush();
  expect(made.counts).toMatchObject({ messages: 3, skipped: 0, rawDiffers: 2 });
  expect(said).toEqual(['raw and JSON differ (further ones are counted, not logged)']);
  expect(await log()).toMatchObject([{ kind: 'updates', messages: 3 }]);
});

describe('a store that is slow', () => {
  /** Holds every COMMIT until it is let go. */
  function slow() {
    let letGo: () => void = () => {};
    const gate = new Promise<void>((done) => {
      letGo = done;
    });
    return { store: withCommit(async (commit) => gate.then(commit)), letGo };
  }

  test('holds the feed back when a batch is being written and the next is full; no silence is made of that', async () => {
    const { store, letGo } = slow();
    const { made, time } = collector('wall', store);
    const waits: Promise<void>[] = [];
    for (let i = 0; i < 2_000; i++) {
      const wait = made.message(risUpdate(START + i));
      if (wait !== undefined) waits.push(wait);
    }
    // The first full batch is on its way; with the second the caller is to wait for the first.
    expect(waits).toHaveLength(2);
    await waits[0];
    let waited = false;
    const second = waits[1]!.then(() => {
      waited = true;
    });
    time.elapsed += 120_000;
    time.wall += 120_000;
    const ticks = made.tick(true);
    await new Promise((done) => setTimeout(done, 50));
    const before = { waited, behind: made.counts.behindSeconds };
    letGo();
    expect(before).toEqual({ waited: false, behind: 118 });
    await Promise.all([second, ticks]);
    await made.message(risUpdate(START + 2_000));
    await made.tick(true);
    const rows = await log();
    expect(rows.map(({ kind, messages }) => [kind, messages])).toEqual([
      ['updates', 1_000],
      ['updates', 1_000],
      ['updates', 1],
    ]);
    expect(made.counts.gaps).toBe(0);
  });

  test('being behind is said once, again when it doubles, and when it is over', async () => {
    const said: string[] = [];
    const { made, time } = collector('wall', pool, (line) => said.push(line.replace(/^(\d+) s behind.*/, '$1')));
    for (const seconds of [9, 11, 15, 21, 23, 45, 7, 4, 12]) {
      await made.message(risUpdate(START));
      time.wall = START + seconds * 1_000;
      await made.tick(true);
    }
    expect(said).toEqual(['11', '23', 'no longer behind the feed', '12']);
  });
});

describe('a store that is away', () => {
  test('costs no message and stores none twice, whether the outage comes before the commit or just after it', async () => {
    for (const moment of ['before', 'after'] as const) {
      await pool.query('TRUNCATE update_batches');
      const flaky = failingOnce(moment);
      const { made } = collector('feed', flaky);
      await made.message(risUpdate(START));
      await made.flush();
      await made.message(risUpdate(START + 1_000));
      await made.flush();
      expect(await log()).toEqual([
        { kind: 'updates', messages: 1, until: 0 },
        { kind: 'updates', messages: 1, until: 1_000 },
      ]);
    }
  });

  test('is given up at once when nothing shall be waited for, in its own words', async () => {
    const ending = new AbortController();
    const full = withCommit(async () => {
      throw Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' });
    });
    const { made } = collector('feed', full, () => ending.abort(), false, false, ending.signal);
    await made.message(risUpdate(START));
    // the first try says that the store is away, and so ends what waits for it; else it would try for five minutes
    await expect(made.flush()).rejects.toThrow('No space left on device');
  });

  test('is told from an error that would come again', () => {
    for (const code of ['57P01', '57P03', '08006', '53100', '58030', 'ECONNREFUSED', 'ECONNRESET'])
      expect(storeIsAway(Object.assign(new Error('x'), { code }))).toBe(true);
    expect(storeIsAway(new Error('Connection terminated unexpectedly'))).toBe(true);
    for (const code of ['23505', '42P01', '28P01', 'ERR_X'])
      expect(storeIsAway(Object.assign(new Error('x'), { code }))).toBe(false);
    expect(storeIsAway(new TypeError('x is not a function'))).toBe(false);
  });

  test('a wait for a stage lock ends with its signal, and leaves the lock to the next', async () => {
    const url = database.url;
    const [mine, theirs] = [new StageLocks(url, 'mine'), new StageLocks(url, 'theirs')];
    const held = await mine.take('stage', 'test', () => {});
    for (const locks of [mine, theirs]) {
      const waiting = locks.take('stage', 'test', () => {}, AbortSignal.timeout(100));
      await expect(waiting).rejects.toThrow('timeout');
    }
    const next = theirs.take('stage', 'test', () => {});
    await held.release();
    await (await next).release();
    await Promise.all([mine.close(), theirs.close()]);
  });

  test("a process's stage locks take one connection, and all their holders are told when it breaks", async () => {
    const url = database.url;
    const [mine, theirs] = [new StageLocks(url, 'many'), new StageLocks(url, 'other')];
    const lost: string[] = [];
    const streams = Array.from({ length: 100 }, (_, i) => `s${i}`);
    await Promise.all(streams.map((stream) => mine.take('stage', stream, () => lost.push(stream))));
    const connections = "FROM pg_stat_activity WHERE application_name = 'routewarden locks many'";
    expect((await database.pool.query(`SELECT pid ${connections}`)).rowCount).toBe(1);
    const next = theirs.take('stage', 's99', () => {});
    await database.pool.query(`SELECT pg_terminate_backend(pid) ${connections}`);
    await (await next).release();
    await mine.take('stage', 's0', () => {});
    expect(lost.sort()).toEqual([...streams].sort());
    await Promise.all([mine.close(), theirs.close()]);
  });
});

/** The pool, whose first COMMIT loses its connection: before the server has heard it, or after it has done it. */
function failingOnce(moment: 'before' | 'after'): Pool {
  let failed = false;
  return withCommit(async (commit, rollback) => {
    if (failed) return commit();
    failed = true;
    if (moment === 'after') await commit();
    else await rollback();
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  });
}

type Query = () => Promise<unknown>;

/** The pool with another way to commit. */
function withCommit(end: (commit: Query, rollback: Query) => Promise<unknown>): Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name !== 'connect') {
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async () => {
        const client = await target.connect();
        const query = client.query.bind(client) as (...all: unknown[]) => Promise<unknown>;
        client.query = (async (...all: unknown[]) =>
          all[0] === 'COMMIT'
            ? end(
                () => query('COMMIT'),
                () => query('ROLLBACK'),
              )
            : query(...all)) as typeof client.query;
        return client;
      };
    },
  });
}
