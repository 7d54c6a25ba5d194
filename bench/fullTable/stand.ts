import type { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { inTransaction } from '../../src/storage/pool.js';
import { StoredTables } from '../../src/storage/storedTables.js';
import { openTestDatabase } from '../../test/support/database.js';

const STREAM = 'bench';
const TICK_MS = 5;

export interface Written {
  bytes: number;
  /** Of wall time. */
  seconds: number;
  /** The longest that others of the process waited meanwhile, ms of wall time. */
  longestTurnMs: number;
}

/** @returns ends the measuring, and gives the longest that others of the process waited for their turn, ms of wall time */
function ticking(): () => number {
  let longest = 0;
  let ticked = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - ticked - TICK_MS);
    ticked = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

/** What an aggregator knows, stored in a PostgreSQL of the bench's own as the aggregator's stage does it. */
export async function openStand(aggregator: MinuteAggregator, maximumRoutes: number) {
  const database = await openTestDatabase();
  const stored = new StoredTables(STREAM);
  return {
    async write(): Promise<Written> {
      const longestTurn = ticking();
      const began = performance.now();
      const bytes = await inTransaction(database.pool, (client) => stored.write(client, 1, aggregator));
      stored.stored();
      return { bytes, seconds: (performance.now() - began) / 1000, longestTurnMs: longestTurn() };
    },
    /** Until another aggregator knows it all: seconds of wall time, and of this process's processor time. */
    async restart(): Promise<{ seconds: number; processor: number; longestTurnMs: number }> {
      const longestTurn = ticking();
      const from = process.cpuUsage();
      const began = performance.now();
      const again = await new StoredTables(STREAM).read(database.pool, { stream: STREAM, maximumRoutes });
      const seconds = (performance.now() - began) / 1000;
      const { routes } = again!.aggregator.holdings;
      if (routes !== aggregator.holdings.routes) throw new Error(`${routes} routes came back`);
      const { user, system } = process.cpuUsage(from);
      return { seconds, processor: (user + system) / 1e6, longestTurnMs: longestTurn() };
    },
    close: () => database.close(),
  };
}
