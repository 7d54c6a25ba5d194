import type { Minute } from '../features/row.js';

export interface HistorySettings {
  streams: readonly { name: string; replay?: boolean | undefined }[];
  feed: { clock: 'wall' | 'feed' };
  alerts: { history: boolean; historyMinutes: number };
}

/**
 * Minutes of a stream before this one are history: nobody is to be called for them. All are in a replayed stream; in a live
 * one those of a backfill, whose time is long past. A simulated feed has no other now than its own.
 */
export function historyBefore({ streams, feed, alerts }: HistorySettings, stream: string, now: Date): Minute {
  if (alerts.history) return Number.NEGATIVE_INFINITY;
  if (streams.find(({ name }) => name === stream)?.replay === true) return Number.POSITIVE_INFINITY;
  if (feed.clock === 'feed') return Number.NEGATIVE_INFINITY;
  return Math.floor(now.getTime() / 60_000) - alerts.historyMinutes;
}
