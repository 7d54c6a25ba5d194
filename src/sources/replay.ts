import { open, stat } from 'node:fs/promises';
import { CutArchive, READ_FORMATS, unreadFormat } from '../bgp/mrt/decompression.js';
import { LineFileSource } from './lineFile.js';
import type { FeedConsumer, Logger } from './source.js';

/** What a file holds: RIS Live messages a line, MRT records, or labelled feature rows. */
export type ReplayKind = 'ris live' | 'mrt' | 'features';

export interface ReplaySinks {
  /** Messages, as the collector takes them. */
  live: FeedConsumer;
  /** A whole MRT file, compressed or not. */
  mrt: (path: string) => Promise<void>;
  /** A labelled feature CSV. */
  features: (path: string) => Promise<void>;
}

export interface ReplayOptions {
  /** Event time runs so many times as fast as the clock (RIS Live messages only); absent = as fast as possible. */
  speed?: number;
  logger: Logger;
  signal: AbortSignal;
}

/**
 * What a file is by its name, and by its first bytes where the name does not say.
 *
 * @throws Error for a file that is none of the kinds
 */
export async function replayKind(path: string): Promise<ReplayKind> {
  const name = path.toLowerCase().replace(/\.(gz|bz2)$/, '');
  if (/\.(jsonl?|ndjson)$/.test(name)) return 'ris live';
  if (name.endsWith('.csv')) return 'features';
  if (name.endsWith('.mrt') || /(^|[./])(updates|bview|rib)\.\d/.test(name) || name !== path.toLowerCase())
    return 'mrt';
  const head = Buffer.alloc(64);
  if ((await stat(path)).isDirectory())
    throw new Error(`${path} is a directory, not a file: name what is in it, such as ${path}/*`);
  const file = await open(path);
  const { bytesRead } = await file.read(head, 0, head.length, 0).finally(() => file.close());
  const text = head.toString('latin1', 0, bytesRead);
  if (/^\s*\{/.test(text)) return 'ris live';
  if (/^-?\d+(\.\d+)?,/.test(text)) return 'features';
  // An MRT header (RFC 6396, 2): the type's high byte is zero, and the types in use are below 50.
  if (bytesRead >= 12 && head[4] === 0 && head[5]! < 50) return 'mrt';
  const unread = unreadFormat(head.subarray(0, bytesRead));
  if (unread !== null) throw new Error(`${path} is ${unread}, which is not read: give ${READ_FORMATS}`);
  throw new Error(`${path} is of no known format: expected MRT, RIS Live messages a line (.jsonl), or a feature .csv`);
}

/**
 * Plays files one after the other into the sinks; of a compressed file that is cut, what comes before the cut. Rejects at
 * the first file that cannot be read.
 * @returns files that are cut
 */
export async function replay(
  paths: readonly string[],
  sinks: ReplaySinks,
  options: ReplayOptions,
): Promise<{ path: string; reason: string }[]> {
  const cut: { path: string; reason: string }[] = [];
  for (const path of paths) {
    if (options.signal.aborted) break;
    try {
      await playFile(path, sinks, options);
    } catch (error) {
      if (!(error instanceof CutArchive)) throw error;
      options.logger.warn({ path }, error.message);
      cut.push({ path, reason: error.message });
    }
  }
  return cut;
}

async function playFile(path: string, sinks: ReplaySinks, options: ReplayOptions): Promise<void> {
  const kind = await replayKind(path);
  if (kind === 'mrt') await sinks.mrt(path);
  else if (kind === 'features') await sinks.features(path);
  else {
    const pace = options.speed === undefined ? {} : { speed: options.speed };
    await new LineFileSource({ path, logger: options.logger, ...pace }).run(sinks.live, options.signal);
  }
}
