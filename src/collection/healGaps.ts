import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.js';
import type { ServiceContext } from '../services/service.js';
import { layoutOf } from '../sources/archive/layout.js';
import { watermark } from '../storage/features.js';
import { GapHealer, type GapHealerOptions } from './gapHealer.js';

const RETRY_MS = 5 * 60_000;
/** Where gaps are healed without a setting: the feed is RIPE's, so its archive is too. */
const LIVE_FEED = 'ris-live.ripe.net';

/** Whether the feed's archive is known. */
export function hasArchive({ archive, feed }: Pick<Settings, 'archive' | 'feed'>): boolean {
  return archive.url !== undefined || new URL(feed.url).hostname === LIVE_FEED;
}

/**
 * Looks for gaps of a stream now and then until the service ends, alone in the world for the stream.
 * @param collector whose archive has the stream's minutes; undefined where several feed it: then gaps stay
 * @param lateStages stages that score minutes which are healed behind their cursors
 * @param takeOver see GapHealerOptions
 */
export async function healGaps(
  context: ServiceContext,
  stream: string,
  collector: string | undefined,
  lateStages: readonly string[],
  takeOver: GapHealerOptions['takeOver'],
): Promise<void> {
  const { settings, pool, logger, signal, locks } = context;
  const { archive, feed } = settings;
  if (!archive.heal || !hasArchive(settings)) return;
  try {
    layoutOf(collector ?? '', archive.url);
  } catch {
    logger.info({ stream }, `gaps of ${stream} stay: its feed is not one collector of an archive`);
    return;
  }
  const healer = new GapHealer({
    pool,
    stream,
    collector: collector!,
    baseUrl: archive.url,
    directory: join(settings.dataDirectory, 'archive'),
    graceSeconds: feed.graceSeconds,
    bounds: { maximumRoutes: settings.features.routes, maximumPeers: settings.features.peers },
    delayMinutes: archive.delayMinutes,
    attempts: archive.attempts,
    retryMs: Math.min(RETRY_MS, archive.intervalSeconds * 10_000),
    feedNow: async () => {
      if (feed.clock === 'wall') return Date.now();
      const newest = await watermark(pool, stream);
      return newest === null ? null : (newest + 1) * 60_000;
    },
    now: Date.now,
    lateStages,
    takeOver,
    random: Math.random,
    logger,
  });
  while (!signal.aborted) {
    try {
      const lost = new AbortController();
      const lock = await locks.take('archive', stream, (error) => lost.abort(error), signal);
      try {
        await healer.step(AbortSignal.any([signal, lost.signal]));
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (!signal.aborted)
        logger.warn({ error: (error as Error).message, stream }, 'healing gaps failed, trying again');
    }
    await sleep(archive.intervalSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}
