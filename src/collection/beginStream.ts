import { join } from 'node:path';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import type { ServiceContext } from '../services/service.js';
import { layoutOf } from '../sources/archive/layout.js';
import { DecodingThreads } from './decodingThreads.js';
import { hasArchive } from './healGaps.js';
import { learnTable, learnUpdates } from './startTable.js';

const MINUTE_MS = 60_000;

/**
 * What a new stream begins with: the newest table dump of its collector, and the updates since that the archive has. What
 * changed between those and the first message of the live feed, some minutes, is not known.
 * @param collector whose archive has the stream; undefined where several feed it
 * @param loggedMs time of the stream's first message, null while there is none
 * @returns null without an archive, or if it gives no dump: then the stream warms up
 */
export async function beginStream(
  context: ServiceContext,
  stream: string,
  collector: string | undefined,
  loggedMs: number | null,
): Promise<MinuteAggregator | null> {
  const { settings, logger, signal } = context;
  const { archive, feed, features, dataDirectory } = settings;
  // a replay begins with the dump that it is given
  if (!archive.table || feed.clock !== 'wall' || !hasArchive(settings)) return null;
  try {
    layoutOf(collector ?? '', archive.url);
  } catch {
    return null;
  }
  const bounds = { maximumRoutes: features.routes, maximumPeers: features.peers };
  const aggregator = new MinuteAggregator({ stream, graceSeconds: feed.graceSeconds, ...bounds });
  const threads = new DecodingThreads(1);
  const request = {
    collector: collector!,
    baseUrl: archive.url,
    until: Math.floor((loggedMs ?? Date.now()) / MINUTE_MS),
    directory: join(dataDirectory, 'archive'),
    keep: false,
    attempts: 3,
    threads,
    logger,
    random: Math.random,
    signal,
  };
  try {
    const table = await learnTable(aggregator, request);
    if (table === null) return null;
    const { files, until } = await learnUpdates(aggregator, table.minute, request);
    logger.info(
      { stream, table: table.file, files, until: new Date(until * MINUTE_MS) },
      'the stream begins with a table',
    );
    return aggregator;
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ stream, error: (error as Error).message }, 'no table could be learnt: the stream warms up');
    return null;
  } finally {
    await threads.close();
  }
}
