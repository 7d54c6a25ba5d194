import { rm } from 'node:fs/promises';
import type { UpdateBatch } from '../bgp/updateBatch.js';
import type { MinuteAggregatorOptions } from '../features/aggregatorOptions.js';
import { restored, snapshotOf } from '../features/aggregatorSnapshot.js';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import type { FeatureRow, Minute } from '../features/row.js';
import { type DownloadProgress, type DownloadResult, download } from '../sources/archive/download.js';
import { type ArchiveFile, layoutOf, listFiles } from '../sources/archive/layout.js';
import type { Logger } from '../sources/source.js';
import { type DecodedCounts, type DecodingFile, type DecodingThreads, UndecodableFile } from './decodingThreads.js';
import { AfterMoment, splitAt } from './keptMessages.js';
import type { StandAtGap } from './standAtGap.js';

const MINUTE_MS = 60_000;

export interface ArchiveMinutesRequest {
  stream: string;
  /** `rrc00` or `route-views...`; names the archive and its layout. */
  collector: string;
  /** Another archive of the same layout. */
  baseUrl?: string | undefined;
  from: Minute;
  /** The first minute not wanted. */
  until: Minute;
  /** Without `stand`, so many minutes before `from` are read first, to know routes, origins and links. */
  warmUpMinutes: number;
  stand?: StandAtGap | undefined;
  /** Instead: an aggregator that begins with `from` and knows a table of `since`; files are read from there. */
  known?: { aggregator: MinuteAggregator; since: Minute } | undefined;
  /** Bounds of the tables. */
  bounds?: Pick<MinuteAggregatorOptions, 'maximumRoutes' | 'maximumPeers'>;
  /** Where `stateAtCut` is wanted: before the first message at or after this moment, ms. */
  cutMs?: number;
  /** Where downloaded files are kept. */
  directory: string;
  /** Files that are used up stay there. */
  keep: boolean;
  parallel?: number;
  attempts?: number;
  /** A transfer that brings nothing for so long is given up, ms. */
  idleMs?: number;
  graceSeconds: number;
  threads: DecodingThreads;
  logger: Logger;
  random: () => number;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
}

/** An archive file that was dealt with, and the rows that could be closed by it. */
export interface ArchiveStep {
  file: ArchiveFile;
  outcome: DownloadResult['outcome'] | 'damaged';
  /** Why there is nothing, or not all, of the file. */
  reason: string | null;
  bytes: number;
  counts: DecodedCounts | null;
  /** Of minutes in [from, until); those of files that are missing are gaps. */
  rows: FeatureRow[];
}

/**
 * Makes the feature rows of a stretch of archived minutes: downloads ahead, decodes ahead in threads, aggregates in
 * order. What it was given for minutes outside the stretch is dropped.
 *
 * @throws Error for a collector or base URL that makes no sense; the signal's reason when aborted
 */
export class ArchiveMinutes {
  readonly files: readonly ArchiveFile[];
  readonly #aggregator: MinuteAggregator;
  readonly #authorization: string | null;
  readonly #after: AfterMoment | null;
  #stateAtCut: Uint8Array | null = null;

  constructor(readonly request: ArchiveMinutesRequest) {
    const { collector, baseUrl, from, until, warmUpMinutes, stand, known, stream, graceSeconds, bounds } = request;
    const first = known?.since ?? (stand === undefined ? from - warmUpMinutes : from);
    const options = { stream, graceSeconds, ...bounds };
    const layout = layoutOf(collector, baseUrl);
    this.#authorization = layout.authorization;
    this.files = listFiles(layout, collector, first, until);
    if (known !== undefined) this.#aggregator = known.aggregator;
    else if (stand !== undefined) this.#aggregator = restored(stand.state, options);
    else this.#aggregator = new MinuteAggregator({ ...options, startMinute: this.files[0]!.fromMinute, warmUpMinutes });
    this.#after = stand === undefined ? null : new AfterMoment(stand.sinceMs, stand.already);
  }

  /** What a live aggregator can go on from, once `steps` has ended. */
  get aggregator(): MinuteAggregator {
    return this.#aggregator;
  }

  /** What it knew at `cutMs`; once `steps` has ended. */
  stateAtCut(): Uint8Array {
    return this.#stateAtCut ?? snapshotOf(this.#aggregator);
  }

  async *steps(): AsyncGenerator<ArchiveStep> {
    const { threads, directory, keep, logger, random, signal, onProgress, parallel, attempts, idleMs } = this.request;
    const downloads = download(this.files, {
      directory,
      logger,
      random,
      authorization: this.#authorization,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(parallel === undefined ? {} : { parallel }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(idleMs === undefined ? {} : { idleMs }),
    });
    const ahead: { result: DownloadResult; decoding: DecodingFile | null }[] = [];
    try {
      for (let given = 0; given < this.files.length; given++) {
        while (ahead.length <= threads.count) {
          const next = await downloads.next();
          if (next.done) break;
          const result = next.value;
          ahead.push({ result, decoding: 'path' in result ? threads.start(result.path) : null });
        }
        const { result, decoding } = ahead.shift()!;
        const step = await this.#step(result, decoding);
        if (given === this.files.length - 1) {
          this.#aggregator.advance(this.request.until * MINUTE_MS + this.request.graceSeconds * 1000);
        }
        step.rows = this.#rows();
        yield step;
        if ('path' in result && (!keep || step.outcome === 'damaged')) await rm(result.path, { force: true });
      }
    } finally {
      await downloads.return(undefined);
    }
  }

  async #step(result: DownloadResult, decoding: DecodingFile | null): Promise<ArchiveStep> {
    const { file, outcome } = result;
    const step: ArchiveStep = { file, outcome, reason: null, bytes: 0, counts: null, rows: [] };
    if (decoding === null) {
      step.reason = outcome === 'failed' ? result.reason : 'not in the archive';
      this.#gap(file);
      return step;
    }
    if ('bytes' in result) step.bytes = result.bytes;
    try {
      for await (const batch of decoding.batches()) {
        this.request.signal?.throwIfAborted();
        // RIS Live, as it is subscribed to, does not give sizes: rows with them would look strange beside live ones.
        batch.columns.size.fill(0);
        this.#add(this.#after?.rest(batch) ?? batch);
      }
      step.counts = decoding.counts;
      if (step.counts !== null && step.counts.skipped > 0) step.reason = step.counts.reason;
    } catch (error) {
      if (!(error instanceof UndecodableFile)) throw error;
      this.request.logger.warn(
        { file: file.url, reason: error.message },
        'an archive file is damaged: its minutes are gaps',
      );
      step.outcome = 'damaged';
      step.reason = error.message;
      this.#gap(file);
    }
    return step;
  }

  #add(batch: UpdateBatch): void {
    const { cutMs } = this.request;
    const parts = cutMs === undefined || this.#stateAtCut !== null ? null : splitAt(batch, cutMs);
    if (parts === null) this.#aggregator.add(batch);
    else {
      this.#aggregator.add(parts.before);
      this.#stateAtCut = snapshotOf(this.#aggregator);
      this.#aggregator.add(parts.rest);
    }
  }

  #gap(file: ArchiveFile): void {
    this.#aggregator.gap(file.fromMinute * MINUTE_MS, file.untilMinute * MINUTE_MS);
  }

  #rows(): FeatureRow[] {
    const { from, until } = this.request;
    return this.#aggregator.take().filter(({ minute }) => minute >= from && minute < until);
  }
}
