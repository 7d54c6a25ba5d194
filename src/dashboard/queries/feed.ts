import type { Pool } from 'pg';
import { featureIndexes } from '../../features/catalogue.js';
import { watermark as newestMinute } from '../../storage/features.js';
import { feedLink } from '../../storage/feedLink.js';
import { streamHoldings } from '../../storage/streamHoldings.js';
import type { Feed, Gap } from '../api/schema.js';

const MINUTE = 60_000;
/** PostgreSQL counts from 1. */
const UPDATES = featureIndexes(['announcements', 'withdrawals']).map((index) => index + 1);

/** Names of all streams that have a row, in order. */
export async function streamNames(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT name FROM streams UNION SELECT name FROM (SELECT DISTINCT stream AS name FROM cursors) known ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

/** The end of the last whole minute of a stream, in milliseconds: its "now". Null before the first minute. */
export async function watermark(pool: Pool, stream: string): Promise<number | null> {
  const minute = await newestMinute(pool, stream);
  return minute === null ? null : (minute + 1) * MINUTE;
}

/** @param wallClock milliseconds; undefined for a feed that does not run at the pace of the wall clock */
export async function feedState(
  pool: Pool,
  stream: string,
  now: number | null,
  wallClock: number | undefined,
  staleAfter: number,
): Promise<Feed> {
  const [last, rate, gaps, held, link] = await Promise.all([
    pool.query<{ until: Date; received_at: Date }>(
      'SELECT until, received_at FROM update_batches WHERE stream = $1 ORDER BY position DESC LIMIT 1',
      [stream],
    ),
    pool.query<{ rate: number | null }>(
      `SELECT avg(values[$2] + values[$3])::float8 AS rate FROM
        (SELECT values FROM features WHERE stream = $1 AND kind <> 'gap' ORDER BY minute DESC LIMIT 5) newest`,
      [stream, ...UPDATES],
    ),
    feedGaps(pool, stream, (now ?? 0) - 30 * 1440 * MINUTE, (now ?? 0) + 1440 * MINUTE, 20),
    streamHoldings(pool),
    feedLink(pool, stream),
  ]);
  const known = held.find((one) => one.stream === stream);
  const lastMessage = last.rows[0]?.until.getTime() ?? now;
  const lagSeconds =
    wallClock === undefined || lastMessage === null ? null : Math.max(0, (wallClock - lastMessage) / 1000);
  return {
    stream,
    watermark: now,
    lastMessage,
    receivedAt: last.rows[0]?.received_at.getTime() ?? null,
    lagSeconds,
    stale: lagSeconds !== null && lagSeconds > staleAfter,
    link,
    updatesPerMinute: rate.rows[0]?.rate ?? null,
    gaps,
    known:
      known === undefined
        ? null
        : {
            routes: known.routes,
            prefixes: known.prefixes,
            paths: known.paths,
            peers: known.peers,
            bytes: known.bytes,
            evictedRoutes: known.evictedRoutes,
          },
  };
}

/** Gaps that touch from .. until (milliseconds), newest first. */
export async function feedGaps(pool: Pool, stream: string, from: number, until: number, limit: number): Promise<Gap[]> {
  const { rows } = await pool.query<{ since: Date; until: Date; reason: string; healed_at: Date | null }>(
    `SELECT since, until, reason, healed_at FROM feed_gaps
      WHERE stream = $1 AND until >= $2 AND since <= $3 ORDER BY since DESC LIMIT $4`,
    [stream, new Date(from), new Date(until), limit],
  );
  return rows.map((row) => ({
    since: row.since.getTime(),
    until: row.until.getTime(),
    reason: row.reason,
    healedAt: row.healed_at?.getTime() ?? null,
  }));
}

/** Usable minutes of the last `days` before `now`. */
export async function usableMinutes(pool: Pool, stream: string, now: number, days: number): Promise<number> {
  const { rows } = await pool.query<{ minutes: string }>(
    `SELECT count(*) AS minutes FROM features WHERE stream = $1 AND kind <> 'gap' AND minute >= $2`,
    [stream, new Date(now - days * 1440 * MINUTE)],
  );
  return Number(rows[0]?.minutes ?? 0);
}
