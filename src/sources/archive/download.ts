import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from '../backoff.js';
import type { Logger } from '../source.js';
import { fetchFile, TransferFailed, UnusableFile } from './fetchFile.js';
import type { ArchiveFile } from './layout.js';
import { PartFile } from './partFile.js';

export interface DownloadOptions {
  /** Where files are kept; made when absent. A file already there is not fetched again. */
  directory: string;
  /** Files fetched at once (default 4; archives are shared by many). */
  parallel?: number;
  /** Attempts for each file (default 5). */
  attempts?: number;
  backoff?: BackoffOptions;
  /** Bytes (default 512 MiB). */
  largestFile?: number;
  /** Milliseconds without a byte after which a transfer is given up (default 30,000). */
  idleMs?: number;
  /** Bytes a second under which a transfer is given up after a minute (`paceMs`), default 2,000. */
  slowest?: number;
  paceMs?: number;
  /** Most time for a file with all its attempts, ms (default 15 minutes). */
  totalMs?: number;
  /** Value of `Authorization`; absent without a login. */
  authorization?: string | null;
  logger: Logger;
  /** Uniform in [0, 1), for the jitter. */
  random: () => number;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
}

export interface DownloadProgress {
  files: number;
  /** Files settled: downloaded, already there, missing or failed. */
  filesDone: number;
  filesMissing: number;
  filesFailed: number;
  /** Bytes transferred by this run. */
  bytes: number;
  bytesPerSecond: number;
  /** By the pace of the files so far; null before the first. */
  remainingSeconds: number | null;
}

export type DownloadResult =
  | { outcome: 'downloaded' | 'present'; file: ArchiveFile; path: string; bytes: number }
  /** The archive does not have it: not yet, or never. */
  | { outcome: 'missing'; file: ArchiveFile }
  | { outcome: 'failed'; file: ArchiveFile; reason: string };

/**
 * Downloads files in parallel and gives the results in the order of the list, so that a reader can decode while the
 * next ones come. At most twice `parallel` files are ahead of the reader.
 *
 * Throws the signal's reason when aborted and the system's error when the disk does not take files; what is half there
 * stays and is gone on with next time.
 */
export async function* download(
  files: readonly ArchiveFile[],
  options: DownloadOptions,
): AsyncGenerator<DownloadResult> {
  await mkdir(options.directory, { recursive: true });
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const progress = new Progress(files.length, options.onProgress);
  const slots = new Slots(options.parallel ?? 4);
  const ahead = slots.count * 2;
  const running: Promise<DownloadResult>[] = [];
  let next = 0;
  try {
    for (let i = 0; i < files.length; i++) {
      while (next < files.length && next < i + ahead) {
        const file = files[next++]!;
        const result = slots.run(() => settle(file, options, signal, progress));
        // Its rejection is seen when its turn comes; until then it must not count as unhandled.
        result.catch(() => undefined);
        running.push(result);
      }
      yield await running.shift()!;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

async function settle(
  file: ArchiveFile,
  options: DownloadOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<DownloadResult> {
  const result = await attempt(file, options, signal, progress);
  progress.settled(result);
  return result;
}

async function attempt(
  file: ArchiveFile,
  options: DownloadOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<DownloadResult> {
  const there = await new PartFile(options.directory, file.name).wholeSize();
  if (there !== null) {
    return { outcome: 'present', file, path: new PartFile(options.directory, file.name).path, bytes: there };
  }
  const backoff = new Backoff(options.backoff ?? { firstMs: 500, mostMs: 20_000 }, options.random);
  const most = options.attempts ?? 5;
  const totalMs = options.totalMs ?? 15 * 60_000;
  const total = AbortSignal.timeout(totalMs);
  const either = AbortSignal.any([signal, total]);
  const late = () => failed(file, `not whole after ${Math.round(totalMs / 1000)} s`, options);
  for (;;) {
    signal.throwIfAborted();
    try {
      const fetched = await fetchFile(file.url, file.name, {
        directory: options.directory,
        largestFile: options.largestFile ?? 512 * 1024 * 1024,
        idleMs: options.idleMs ?? 30_000,
        slowest: options.slowest ?? 2_000,
        paceMs: options.paceMs ?? 60_000,
        authorization: options.authorization ?? null,
        onBytes: (count) => progress.transferred(count),
        signal: either,
      });
      if (fetched.outcome === 'missing') return { outcome: 'missing', file };
      return { outcome: 'downloaded', file, path: fetched.path, bytes: fetched.bytes };
    } catch (error) {
      if (total.aborted && !signal.aborted) return late();
      if (error instanceof UnusableFile) return failed(file, error.message, options);
      if (!(error instanceof TransferFailed)) throw error;
      const wait = backoff.next();
      if (backoff.attempts >= most) return failed(file, `${error.message} (${most} attempts)`, options);
      await sleep(wait, undefined, { signal: either }).catch(() => undefined);
      if (total.aborted && !signal.aborted) return late();
    }
  }
}

function failed(file: ArchiveFile, reason: string, options: DownloadOptions): DownloadResult {
  options.logger.warn({ url: file.url, reason }, 'cannot download an archive file');
  return { outcome: 'failed', file, reason };
}

/** Runs at most `count` tasks at a time, in the order in which they came. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly count: number) {
    this.#free = count;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#free++;
      else waiting();
    }
  }
}

const REPORT_EVERY_MS = 100;

class Progress {
  readonly #from = performance.now();
  #reported = 0;
  #fetched = 0;
  #done = 0;
  #missing = 0;
  #failed = 0;
  #bytes = 0;

  constructor(
    readonly files: number,
    readonly report: ((progress: DownloadProgress) => void) | undefined,
  ) {}

  transferred(count: number): void {
    this.#bytes += count;
    if (performance.now() - this.#reported > REPORT_EVERY_MS) this.#tell();
  }

  settled(result: DownloadResult): void {
    this.#done++;
    if (result.outcome !== 'present') this.#fetched++;
    if (result.outcome === 'missing') this.#missing++;
    if (result.outcome === 'failed') this.#failed++;
    this.#tell();
  }

  #tell(): void {
    this.#reported = performance.now();
    const seconds = Math.max(0.001, (this.#reported - this.#from) / 1000);
    this.report?.({
      files: this.files,
      filesDone: this.#done,
      filesMissing: this.#missing,
      filesFailed: this.#failed,
      bytes: this.#bytes,
      bytesPerSecond: this.#bytes / seconds,
      // Files that were there already took no time and say nothing about the rest.
      remainingSeconds: this.#fetched === 0 ? null : (seconds / this.#fetched) * (this.files - this.#done),
    });
  }
}
