import type { Pool } from 'pg';
import { featureIndexes } from '../../features/catalogue.js';
import { watermark as newestMinute, newestValues } from '../../storage/features.js';
import { gapsBetween } from '../../storage/feedGaps.js';
import { feedLink } from '../../storage/feedLink.js';
import { streamHoldings } from '../../storage/streamHoldings.js';
import { lastEntry } from '../../storage/updateBatches.js';
import type { Feed, Gap } from '../api/schema.js';

const MINUTE = 60_000;
const UPDATES = featureIndexes(['announcements', 'withdrawals']);
/** The rate that is shown is the mean of so many minutes. */
const RATE_MINUTES = 5;

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
  const [last, newest, gaps, held, link] = await Promise.all([
    lastEntry(pool, stream),
    newestValues(pool, stream, RATE_MINUTES),
    feedGaps(pool, stream, (now ?? 0) - 30 * 1440 * MINUTE, (now ?? 0) + 1440 * MINUTE, 20),
    streamHoldings(pool),
    feedLink(pool, stream),
  ]);
  const known = held.find((one) => one.stream === stream);
  const lastMessage = last?.untilMs ?? now;
  const lagSeconds =
    wallClock === undefined || lastMessage === null ? null : Math.max(0, (wallClock - lastMessage) / 1000);
  return {
    stream,
    watermark: now,
    lastMessage,
    receivedAt: last?.receivedAt.getTime() ?? null,
    lagSeconds,
    stale: wallClock !== undefined && isStale(lastMessage, wallClock, staleAfter),
    link,
    updatesPerMinute: updatesPerMinute(newest),
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

/**
 * @param lastMessage event time of the newest message, ms; null before the first
 * @param now wall clock, ms
 * @param staleAfter seconds
 */
export function isStale(lastMessage: number | null, now: number, staleAfter: number): boolean {
  return lastMessage !== null && now - lastMessage > staleAfter * 1000;
}

function updatesPerMinute(minutes: readonly (readonly number[])[]): number | null {
  if (minutes.length === 0) return null;
  const sum = minutes.reduce((total, values) => UPDATES.reduce((all, column) => all + (values[column] ?? 0), total), 0);
  return sum / minutes.length;
}

/** Gaps that touch from .. until (milliseconds), newest first. */
export async function feedGaps(pool: Pool, stream: string, from: number, until: number, limit: number): Promise<Gap[]> {
  return (await gapsBetween(pool, stream, from, until, limit)).map(({ sinceMs, untilMs, reason, healedAt }) => ({
    since: sinceMs,
    until: untilMs,
    reason,
    healedAt: healedAt?.getTime() ?? null,
  }));
}
