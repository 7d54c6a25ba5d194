import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { decodeMrt } from '../bgp/mrt/decodeMrt.js';
import type { UpdateBatchBuilder } from '../bgp/updateBatchBuilder.js';
import type { MinuteAggregatorOptions } from '../features/aggregatorOptions.js';
import { FEATURE_COUNT } from '../features/catalogue.js';
import type { RoutingHoldings } from '../features/routing/routingState.js';
import type { FeatureRow, Minute } from '../features/row.js';
import { emptyEvidence } from '../features/row.js';
import { replay } from '../sources/replay.js';
import { insertFeatures, watermark } from '../storage/features.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { AggregatorStep } from './aggregatorStep.js';
import { Collector } from './collector.js';

const MINUTE_MS = 60_000;
/** A file that begins so long after the end of the stream's log is of another time: its gap would be all gap. */
const LONGEST_GAP_MS = 31 * 86_400_000;
/** A file of updates may begin so long before the table that it follows. */
const LONGEST_OVERLAP_MS = 3_600_000;
const LONGEST_TABLE_AGE_MS = 86_400_000;
const BATCH_MESSAGES = 5_000;
const PACED_BATCH_MESSAGES = 100;
const IDLE_MILLISECONDS = 20;
const NO_HEADWAY_MILLISECONDS = 60_000;

/** Feature rows of a labelled file. Its clock has no date: minute 0 is the midnight before its first row. */
export interface FileRows {
  minutes: Int32Array;
  values: Float32Array;
}

export interface ReplayRequest {
  pool: Pool;
  stream: string;
  paths: readonly string[];
  /** The running aggregator takes what is played; without it this process aggregates. */
  served?: boolean;
  /** Event time runs so many times as fast as the clock; absent = as fast as it goes. */
  speed?: number | undefined;
  graceSeconds: number;
  /** Bounds of the tables. */
  bounds?: Pick<MinuteAggregatorOptions, 'maximumRoutes' | 'maximumPeers'>;
  /** Called while a table dump is read. */
  onTable?: (progress: { path: string; entries: number; bytes: number; size: number }) => void;
  /** Where minute 0 of feature files is put. */
  firstDay: Minute;
  readFeatures: (text: string) => FileRows;
  logger: Logger;
  signal: AbortSignal;
}

export interface ReplaySummary {
  stream: string;
  files: number;
  messages: number;
  skipped: number;
  gaps: number;
  /** Rows of feature files. */
  rows: number;
  /** Last minute of the stream that has its row. */
  watermark: Minute | null;
  seconds: number;
  /** Compressed files that are cut: what comes before the cut was played. */
  cut: { path: string; reason: string }[];
  /** Routes of table dumps. */
  tableEntries: number;
  /** What the stream knows at the end; null where the running aggregator takes what is played. */
  holdings: RoutingHoldings | null;
  /** Bytes of MRT files passed over while searching the next record after damage. */
  skippedBytes: number;
}

/**
 * Plays files into a stream through the collector and the aggregator of the live system, in this process.
 * @throws Error for a file that cannot be read, or that lies far from the stream's end
 */
export async function replayInto(request: ReplayRequest): Promise<ReplaySummary> {
  const { pool, stream, speed, graceSeconds, logger, signal } = request;
  const started = performance.now();
  const collector = new Collector({
    pool,
    stream,
    logger,
    signal,
    clock: 'feed',
    flushMilliseconds: 250,
    flushMessages: BATCH_MESSAGES,
    now: Date.now,
    elapsed: () => performance.now(),
  });
  await collector.open();
  const aggregator = new AggregatorStep({ pool, stream, graceSeconds, now: Date.now, ...request.bounds });
  const pace = new Pace(speed, signal);
  const repeats = new Repeats(collector.loggedUntilMs, logger);
  let skipped = 0;
  let skippedBytes = 0;
  let tableMs: number | null = null;
  let tableEntries = 0;
  let cut: ReplaySummary['cut'] = [];
  let rows = 0;
  let over = false;
  const aggregating = (async () => {
    while (request.served !== true) {
      const last = over;
      if (await aggregator.step(last)) continue;
      if (last) return;
      await sleep(IDLE_MILLISECONDS);
    }
  })();
  // Its failure is reported below; until then it must not count as unhandled.
  aggregating.catch(() => undefined);
  const mrt = async (path: string): Promise<void> => {
    const batchMessages = speed === undefined ? BATCH_MESSAGES : PACED_BATCH_MESSAGES;
    let damaged = 0;
    let lost = 0;
    let unsaid = 0;
    let withdrawn = 0;
    let entriesBefore = 0;
    let sample: string | undefined;
    const { size } = await stat(path);
    const file = createReadStream(path);
    try {
      for await (const { batch, statistics } of decodeMrt(file, { batchMessages })) {
        signal.throwIfAborted();
        damaged = statistics.skipped;
        lost = statistics.skippedBytes;
        unsaid = statistics.unsaidPathIds;
        withdrawn = statistics.treatedAsWithdraw;
        sample = statistics.samples[0]?.reason;
        if (batch.messages === 0) continue;
        if (statistics.isTable) {
          if (tableMs === null) refuseLateTable(path, collector.loggedUntilMs, batch);
          tableMs = batch.lastTime;
          tableEntries += statistics.ribEntries - entriesBefore;
          entriesBefore = statistics.ribEntries;
          await collector.table(batch);
          request.onTable?.({ path, entries: tableEntries, bytes: file.bytesRead, size });
          continue;
        }
        if (tableMs !== null && collector.counts.messages === 0) refuseOtherTime(path, tableMs, batch);
        else refuseFar(path, collector.loggedUntilMs, batch);
        repeats.look(batch.firstTime);
        await pace.wait(batch.firstTime);
        await collector.batch(batch);
      }
    } finally {
      skipped += damaged;
      skippedBytes += lost;
      if (damaged > 0) logger.warn({ path, records: damaged, bytes: lost, sample }, 'skipped records');
      if (unsaid > 0) logger.warn({ path, lists: unsaid }, 'path identifiers in records that are said to have none');
      if (withdrawn > 0) logger.warn({ path, messages: withdrawn }, 'bad attributes: treated as withdrawals');
    }
  };
  const features = async (path: string): Promise<void> => {
    const { minutes, values } = request.readFeatures(await readFile(path, 'utf8'));
    const list = Array.from(
      minutes,
      (minute, i): FeatureRow => ({
        stream,
        minute: request.firstDay + minute,
        kind: 'observed',
        values: values.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT),
        evidence: emptyEvidence(),
      }),
    );
    const step = speed === undefined ? BATCH_MESSAGES : 1;
    const last = list.at(-1)?.minute;
    const end = await watermark(pool, stream);
    // nobody would look at them again
    if (last !== undefined && end !== null && last < end) {
      const until = new Date(end * MINUTE_MS).toISOString();
      throw new Error(`${path} lies before the stream's end (${until}): choose another --stream, or a later --day`);
    }
    for (let at = 0; at < list.length; at += step) {
      signal.throwIfAborted();
      await pace.wait(list[at]!.minute * MINUTE_MS);
      await inTransaction(pool, async (client) => {
        await insertFeatures(client, list.slice(at, at + step));
        await notify(client, 'features', stream);
      });
    }
    rows += list.length;
  };
  const live = {
    onMessage: (text: string | Buffer) => {
      const held = collector.message(text);
      if (collector.counts.lastMessageMs !== null) repeats.look(collector.counts.lastMessageMs);
      return held;
    },
    onConnected: () => undefined,
    onDisconnected: () => undefined,
    onStalled: () => undefined,
  };
  try {
    const sinks = { live, mrt, features };
    cut = await replay(request.paths, sinks, { logger, signal, ...(speed === undefined ? {} : { speed }) });
    await collector.flush();
    // The last minute that has begun is whole: the files are.
    const end = collector.counts.lastMessageMs;
    if (end !== null) await collector.ended((Math.floor(end / MINUTE_MS) + 1) * MINUTE_MS + graceSeconds * 1000);
    if (request.served === true && end !== null) await aggregated(pool, stream, Math.floor(end / MINUTE_MS), signal);
  } finally {
    over = true;
    await aggregating;
  }
  return {
    stream,
    files: request.paths.length,
    messages: collector.counts.messages,
    skipped: skipped + collector.counts.skipped,
    gaps: collector.counts.gaps,
    rows,
    watermark: request.served === true ? await watermark(pool, stream) : aggregator.watermark,
    seconds: Math.round(performance.now() - started) / 1000,
    cut,
    tableEntries,
    holdings: request.served === true ? null : aggregator.holdings,
    skippedBytes,
  };
}

/** Waits until the running aggregator has come to a minute. @throws Error when it makes no headway */
async function aggregated(pool: Pool, stream: string, minute: Minute, signal: AbortSignal): Promise<void> {
  let reached = await watermark(pool, stream);
  let since = performance.now();
  while (reached === null || reached < minute) {
    if (performance.now() - since > NO_HEADWAY_MILLISECONDS)
      throw new Error(`the running aggregator makes no headway with stream ${stream}: see routewarden status`);
    await sleep(IDLE_MILLISECONDS, undefined, { signal });
    const now = await watermark(pool, stream);
    if (now !== reached) since = performance.now();
    reached = now;
  }
}

/** A table is what a stream begins with; one that was half loaded may be loaded again. */
function refuseLateTable(path: string, loggedUntilMs: number | null, batch: UpdateBatchBuilder): void {
  if (loggedUntilMs === null || loggedUntilMs <= batch.lastTime) return;
  const end = new Date(loggedUntilMs).toISOString();
  throw new Error(`${path} is a table dump, and the stream goes on until ${end} already: choose another --stream`);
}

/** Updates of another time than the table's would change routes that were not, or were long gone. */
function refuseOtherTime(path: string, tableMs: number, batch: UpdateBatchBuilder): void {
  const hours = Math.round(Math.abs(batch.firstTime - tableMs) / 3_600_000);
  if (batch.firstTime < tableMs - LONGEST_OVERLAP_MS || batch.firstTime > tableMs + LONGEST_TABLE_AGE_MS) {
    const when = batch.firstTime < tableMs ? 'before' : 'after';
    throw new Error(`${path} begins ${hours} hours ${when} the table dump: give the dump that the updates follow`);
  }
}

function refuseFar(path: string, loggedUntilMs: number | null, batch: UpdateBatchBuilder): void {
  if (loggedUntilMs === null) return;
  const end = new Date(loggedUntilMs).toISOString();
  if (batch.firstTime > loggedUntilMs + LONGEST_GAP_MS) {
    throw new Error(`${path} begins more than a month after the stream's end (${end}): choose another --stream`);
  }
  if (batch.lastTime < loggedUntilMs - LONGEST_GAP_MS) {
    throw new Error(`${path} lies before the stream's end (${end}): choose another --stream`);
  }
}

/** Says once that files begin before the stream's end: their minutes are closed, and routes go back to what they were. */
class Repeats {
  #isFirst = true;

  constructor(
    private readonly endMs: number | null,
    private readonly logger: Logger,
  ) {}

  look(eventMs: number): void {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    if (this.endMs === null || eventMs >= this.endMs - LONGEST_OVERLAP_MS) return;
    const [begins, end] = [eventMs, this.endMs].map((ms) => new Date(ms).toISOString());
    this.logger.warn(
      { begins, end },
      'these files begin long before the end of the stream: minutes that it has stay as they are, and its routes go back; a new --stream has them afresh',
    );
  }
}

/** Holds event time to a multiple of the clock. */
class Pace {
  #event: number | null = null;
  #wall = 0;

  constructor(
    readonly speed: number | undefined,
    readonly signal: AbortSignal,
  ) {}

  async wait(eventMs: number): Promise<void> {
    if (this.speed === undefined) return;
    if (this.#event === null) {
      this.#event = eventMs;
      this.#wall = performance.now();
    }
    const wait = (eventMs - this.#event) / this.speed - (performance.now() - this.#wall);
    if (wait > 1) await sleep(wait, undefined, { signal: this.signal });
  }
}
