import type { Pool, PoolClient } from 'pg';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import type { FeatureRow, Minute } from '../features/row.js';
import type { Logger } from '../sources/source.js';
import { AGGREGATOR, readCursor } from '../storage/cursors.js';
import { fillFeatures, lackingMinutes, type MinuteSpan } from '../storage/features.js';
import { addLateMinutes } from '../storage/lateMinutes.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { StoredTables } from '../storage/storedTables.js';
import { appendEntries, lastEntry } from '../storage/updateBatches.js';
import { ArchiveMinutes, type ArchiveMinutesRequest, type ArchiveStep } from './archiveMinutes.js';
import { DecodingThreads } from './decodingThreads.js';
import { learnTable, type StartTable, type StartTableRequest } from './startTable.js';

/** Minutes that are read before the first one wanted, so that routes, origins and links are known by then. */
export const WARM_UP_MINUTES = 60;
/** A shorter stretch is not worth the download of a table. */
const TABLE_MINUTES = 120;
/** An archive that gave none of its first files, each tried several times, is given up. */
const UNREACHED_FILES = 8;
const MINUTE_MS = 60_000;

export interface BackfillProgress {
  filesDone: number;
  files: number;
  bytes: number;
  bytesPerSecond: number;
  /** Null before the first file is done. */
  remainingSeconds: number | null;
}

export interface BackfillRequest
  extends Pick<
    ArchiveMinutesRequest,
    | 'stream'
    | 'collector'
    | 'baseUrl'
    | 'directory'
    | 'keep'
    | 'parallel'
    | 'attempts'
    | 'idleMs'
    | 'graceSeconds'
    | 'random'
    | 'bounds'
  > {
  pool: Pool;
  from: Minute;
  /** The first minute not wanted. */
  until: Minute;
  /** Files decoded at once. */
  threads: number;
  /**
   * Routes are learnt from the collector's newest table dump before the first stretch of two hours or more, and the updates
   * since; without (default), and where the archive gives none, from the updates of the hour before.
   */
  table?: boolean;
  onTable?: StartTableRequest['onProgress'];
  /** Stages that score minutes which come behind their cursors. */
  lateStages: readonly string[];
  logger: Logger;
  signal: AbortSignal;
  onProgress?: (progress: BackfillProgress) => void;
}

export interface BackfillSummary {
  stream: string;
  /** Minutes of [from, until) that had no row, or only a gap, before. */
  lacking: number;
  /** Rows written with values. */
  written: number;
  files: number;
  downloaded: number;
  /** Already there from an earlier run. */
  present: number;
  missing: number;
  failed: number;
  damaged: number;
  bytes: number;
  updates: number;
  skipped: number;
  seconds: number;
  /** Table dumps that stretches began with. */
  tables: StartTable[];
  /** The first few files that gave nothing, or not all. */
  trouble: { file: string; reason: string }[];
}

/**
 * Writes the feature rows that a stream lacks in a stretch of time from the archive of its collector. Rows that are
 * there stay as they are, so a second run, or one over a live stretch, changes nothing; a run that was cut goes on where
 * it stopped. Rows are committed file by file.
 *
 * @throws Error for a collector or base URL that makes no sense, and for an archive out of reach; the signal's reason when
 *   aborted
 */
export async function backfill(request: BackfillRequest): Promise<BackfillSummary> {
  const { pool, stream, from, until, onProgress, table, onTable, ...archive } = request;
  const summary: BackfillSummary = {
    stream,
    lacking: 0,
    written: 0,
    files: 0,
    downloaded: 0,
    present: 0,
    missing: 0,
    failed: 0,
    damaged: 0,
    bytes: 0,
    updates: 0,
    skipped: 0,
    seconds: 0,
    tables: [],
    trouble: [],
  };
  const started = performance.now();
  const lacking = await lackingMinutes(pool, stream, from, until);
  summary.lacking = lacking.reduce((sum, span) => sum + span.until - span.from, 0);
  const threads = new DecodingThreads(request.threads);
  const beginning = async (minute: Minute) => {
    const options = { stream, graceSeconds: request.graceSeconds, ...request.bounds };
    const aggregator = new MinuteAggregator({ ...options, warmUpMinutes: WARM_UP_MINUTES });
    const learnt = await learnTable(aggregator, { ...archive, threads, until: minute, onProgress: onTable });
    if (learnt === null) return undefined;
    summary.tables.push(learnt);
    // what a damaged dump lacks is learnt as without one
    const since = learnt.reason === null ? learnt.minute : minute - WARM_UP_MINUTES;
    aggregator.begin(learnt.reason === null ? minute : since);
    return { aggregator, since };
  };
  try {
    const spans: ArchiveMinutes[] = [];
    for (const span of joined(lacking)) {
      const isLong = span.until - span.from >= TABLE_MINUTES;
      // one table at a time is in memory: later stretches begin with the hour before them
      const known = table === true && isLong && summary.tables.length === 0 ? await beginning(span.from) : undefined;
      spans.push(new ArchiveMinutes({ ...archive, stream, ...span, known, threads, warmUpMinutes: WARM_UP_MINUTES }));
    }
    summary.files = spans.reduce((sum, span) => sum + span.files.length, 0);
    const progress = new Progress(summary.files, onProgress);
    for (const [index, span] of spans.entries()) {
      const writer = new RowWriter(pool, request);
      for await (const step of span.steps()) {
        count(summary, step);
        mustBeReached(summary, step.file.url);
        progress.step(step);
        summary.written += await writer.write(step);
      }
      if (index === spans.length - 1 && writer.decodedUntil !== null) {
        await startLogAfter(pool, stream, writer.decodedUntil, span.aggregator);
      }
    }
  } finally {
    await threads.close();
  }
  summary.seconds = Math.round(performance.now() - started) / 1000;
  return summary;
}

/** Spans that are nearer to each other than the warm-up are read as one. */
function joined(spans: readonly MinuteSpan[]): MinuteSpan[] {
  const merged: MinuteSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.from - last.until <= WARM_UP_MINUTES) last.until = span.until;
    else merged.push({ ...span });
  }
  return merged;
}

/** @throws Error once so many files failed, and none was got or is known to be missing, that the others will not come either */
function mustBeReached({ failed, downloaded, present, missing, damaged, trouble }: BackfillSummary, url: string): void {
  if (failed < UNREACHED_FILES || downloaded + present + missing + damaged > 0) return;
  throw new Error(
    `the archive at ${new URL(url).host} cannot be reached: the first ${failed} files failed (${trouble[0]?.reason}); check the network and archive.url, and run it again`,
  );
}

function count(summary: BackfillSummary, step: ArchiveStep): void {
  summary[step.outcome] += 1;
  summary.bytes += step.bytes;
  summary.updates += step.counts?.updates ?? 0;
  summary.skipped += step.counts?.skipped ?? 0;
  if (step.reason !== null && summary.trouble.length < 10) {
    summary.trouble.push({ file: step.file.name, reason: step.reason });
  }
}

/** Writes rows file by file. Gaps are written between files that were read, not before the first or after the last. */
class RowWriter {
  decodedUntil: Minute | null = null;
  #waiting: FeatureRow[] = [];

  constructor(
    private readonly pool: Pool,
    private readonly request: BackfillRequest,
  ) {}

  async write(step: ArchiveStep): Promise<number> {
    const read = step.outcome === 'downloaded' || step.outcome === 'present';
    if (read) this.decodedUntil = step.file.untilMinute;
    if (this.decodedUntil === null) return 0;
    const rows = [...this.#waiting, ...step.rows];
    const last = rows.findLastIndex(({ kind }) => kind !== 'gap');
    this.#waiting = rows.slice(last + 1);
    if (last < 0) return 0;
    const written = rows.slice(0, last + 1);
    return inTransaction(this.pool, (client) =>
      storeLate(client, this.request.stream, written, this.request.lateStages),
    );
  }
}

/** Fills in rows and asks the stages whose cursors are past them to look. @returns rows written with values */
export async function storeLate(
  client: PoolClient,
  stream: string,
  rows: readonly FeatureRow[],
  lateStages: readonly string[],
): Promise<number> {
  const minutes = await fillFeatures(client, rows);
  await addLateMinutes(client, stream, lateStages, minutes);
  if (minutes.length > 0) await notify(client, 'features', stream);
  return minutes.length;
}

/**
 * For a stream that has no log yet: the live collector will begin with a gap that reaches back to the last archived
 * minute, and the aggregator with the routes as they were then.
 */
async function startLogAfter(pool: Pool, stream: string, minute: Minute, aggregator: MinuteAggregator): Promise<void> {
  const untilMs = minute * MINUTE_MS;
  await inTransaction(pool, async (client) => {
    if ((await lastEntry(client, stream)) !== null || (await readCursor(client, AGGREGATOR, stream)) !== null) return;
    const clock = { position: 1, kind: 'clock', sinceMs: untilMs, untilMs, messages: 0, payload: null } as const;
    await appendEntries(client, stream, [clock]);
    await new StoredTables(stream).write(client, 1, aggregator);
  });
}

class Progress {
  readonly #from = performance.now();
  #done = 0;
  #bytes = 0;

  constructor(
    readonly files: number,
    readonly report: BackfillRequest['onProgress'],
  ) {}

  step(step: ArchiveStep): void {
    this.#done += 1;
    this.#bytes += step.bytes;
    const seconds = Math.max(0.001, (performance.now() - this.#from) / 1000);
    this.report?.({
      filesDone: this.#done,
      files: this.files,
      bytes: this.#bytes,
      bytesPerSecond: this.#bytes / seconds,
      remainingSeconds: (seconds / this.#done) * (this.files - this.#done),
    });
  }
}
