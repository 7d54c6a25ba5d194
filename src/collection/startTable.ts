import { rm } from 'node:fs/promises';
import type { MinuteAggregator } from '../features/minuteAggregator.js';
import type { Minute } from '../features/row.js';
import { type DownloadProgress, download } from '../sources/archive/download.js';
import { layoutOf, listFiles, listTables } from '../sources/archive/layout.js';
import type { Logger } from '../sources/source.js';
import { type DecodingThreads, UndecodableFile } from './decodingThreads.js';

/** Dumps tried, newest first: the newest may not be there yet. */
const TABLES = 3;
/** A full table of many peers in one file, bytes. */
const LARGEST_TABLE = 4 * 2 ** 30;
const LONGEST_DOWNLOAD_MS = 2 * 3_600_000;
const REPORT_ENTRIES = 100_000;

export interface StartTableRequest {
  collector: string;
  baseUrl?: string | undefined;
  /** The dump is of this minute or an earlier one. */
  until: Minute;
  directory: string;
  /** The dump stays there when it is used up. */
  keep: boolean;
  attempts?: number | undefined;
  idleMs?: number | undefined;
  threads: DecodingThreads;
  logger: Logger;
  random: () => number;
  signal?: AbortSignal | undefined;
  /** Called while the dump comes (`entries` 0), and then while it is read. */
  onProgress?: ((progress: { file: string; download: DownloadProgress | null; entries: number }) => void) | undefined;
}

export interface StartTable {
  file: string;
  minute: Minute;
  entries: number;
  /** Why it is not whole; null when it is. */
  reason: string | null;
}

/**
 * Teaches an aggregator the newest table dump of a collector. A dump that is cut or damaged is used as far as it goes;
 * the aggregator then still warms up.
 * @returns what was learnt; null when the archive gives no dump
 * @throws the signal's reason when aborted
 */
export async function learnTable(aggregator: MinuteAggregator, request: StartTableRequest): Promise<StartTable | null> {
  const { collector, baseUrl, until, threads, keep, logger, signal, onProgress } = request;
  const layout = layoutOf(collector, baseUrl);
  for (const file of listTables(layout, collector, until, TABLES)) {
    const report = (progress: DownloadProgress) => onProgress?.({ file: file.name, download: progress, entries: 0 });
    const downloads = download([file], {
      directory: request.directory,
      largestFile: LARGEST_TABLE,
      totalMs: LONGEST_DOWNLOAD_MS,
      authorization: layout.authorization,
      logger,
      random: request.random,
      onProgress: report,
      ...(request.attempts === undefined ? {} : { attempts: request.attempts }),
      ...(request.idleMs === undefined ? {} : { idleMs: request.idleMs }),
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const result of downloads) {
      if (!('path' in result)) continue;
      const table: StartTable = { file: file.name, minute: file.fromMinute, entries: 0, reason: null };
      const decoding = threads.start(result.path);
      const before = aggregator.counts.tableEntries;
      let reported = 0;
      try {
        for await (const batch of decoding.batches()) {
          signal?.throwIfAborted();
          aggregator.learn(batch);
          table.entries = aggregator.counts.tableEntries - before;
          if (table.entries - reported < REPORT_ENTRIES) continue;
          reported = table.entries;
          onProgress?.({ file: file.name, download: null, entries: table.entries });
        }
        if (!aggregator.knowsTable) table.reason = decoding.counts?.reason ?? 'no table dump';
      } catch (error) {
        if (!(error instanceof UndecodableFile)) throw error;
        table.reason = error.message;
      }
      // a damaged file would be damaged the next time too
      if (!keep || table.reason !== null) await rm(result.path, { force: true });
      const { routes, prefixes, paths, peers, bytes } = aggregator.holdings;
      const megabytes = Math.round(bytes / 1e6);
      const words = { file: file.name, entries: table.entries, routes, prefixes, paths, peers, megabytes };
      if (table.reason === null) logger.info(words, 'learnt a table dump');
      else logger.warn({ ...words, reason: table.reason }, 'a table dump is damaged: learnt as far as it goes');
      if (table.entries > 0) return table;
    }
  }
  logger.warn({ collector }, 'the archive gives no table dump: routes are learnt from updates alone');
  return null;
}

/** Teaches the aggregator the update files from the table to a minute, until the first that is not there. */
export async function learnUpdates(
  aggregator: MinuteAggregator,
  from: Minute,
  request: StartTableRequest,
): Promise<{ files: number; until: Minute }> {
  const { collector, baseUrl, until, threads, signal } = request;
  const layout = layoutOf(collector, baseUrl);
  const files = listFiles(layout, collector, from, until).filter((file) => file.untilMinute <= until);
  const downloads = download(files, {
    directory: request.directory,
    authorization: layout.authorization,
    logger: request.logger,
    random: request.random,
    ...(request.attempts === undefined ? {} : { attempts: request.attempts }),
    ...(request.idleMs === undefined ? {} : { idleMs: request.idleMs }),
    ...(signal === undefined ? {} : { signal }),
  });
  const learnt = { files: 0, until: from };
  for await (const result of downloads) {
    if (!('path' in result)) break;
    try {
      for await (const batch of threads.start(result.path).batches()) {
        signal?.throwIfAborted();
        aggregator.learn(batch);
      }
    } catch (error) {
      if (!(error instanceof UndecodableFile)) throw error;
      request.logger.warn({ file: result.file.url, reason: error.message }, 'an archive file is damaged');
    }
    learnt.files += 1;
    learnt.until = result.file.untilMinute;
    if (!request.keep) await rm(result.path, { force: true });
  }
  return learnt;
}
