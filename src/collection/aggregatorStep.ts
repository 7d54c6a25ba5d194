import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { ColumnRoom } from '../bgp/columnRoom.js';
import { UpdateBatch } from '../bgp/updateBatch.js';
import type { MinuteAggregatorOptions } from '../features/aggregatorOptions.js';
import { copying, filling } from '../features/aggregatorSnapshot.js';
import { BadSnapshot } from '../features/byteStream.js';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import type { RoutingHoldings } from '../features/routing/routingState.js';
import { inTurns } from '../features/turns.js';
import { insertFeatures } from '../storage/features.js';
import { keepStateAtGap } from '../storage/feedGaps.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { StoredTables } from '../storage/storedTables.js';
import { entriesAfter, type LogEntry, payloadsUntil } from '../storage/updateBatches.js';
import { headStand, lastBeforeGap, STAND_HEAD_BYTES } from './standAtGap.js';

const ENTRIES_A_STEP = 64;
const LONGEST_TAKE_OVER_MILLISECONDS = 30_000;
const SNAPSHOT_MILLISECONDS = 1_000;
const SNAPSHOT_ENTRIES = 512;
/** Of the time at most: what changes of a whole collector's routes within a minute is many megabytes. */
const SNAPSHOT_SHARE = 0.1;
/** However long one takes, the log is read from the last one again after a kill. */
const LONGEST_SNAPSHOT_INTERVAL_MILLISECONDS = 600_000;

/** What is known at a gap is kept as one value: of larger tables it is not, and the gap heals from the hour before it. */
const MOST_STAND_BYTES = 200_000_000;

export interface AggregatorStepOptions {
  pool: Pool;
  stream: string;
  graceSeconds: number;
  now: () => number;
  maximumRoutes?: number;
  maximumPeers?: number;
  /** For decoding; the streams of a process may share it, since each batch is done with before the next is decoded. */
  columns?: ColumnRoom | undefined;
  /** Called for a stored state that cannot be read; the aggregator begins anew with what the log holds. */
  unread?: ((error: BadSnapshot) => void) | undefined;
  /**
   * What a stream without a stand begins with, such as an aggregator that knows a table; null for nothing.
   * @param loggedMs time of the first message in the log, null while it is empty
   */
  begin?: ((loggedMs: number | null) => Promise<MinuteAggregator | null>) | undefined;
}

/**
 * Reads the log of a stream and commits feature rows. Its open minutes and routes are stored now and then with the
 * position they belong to; after a kill it goes over the log again from there, and rows that exist stay as they are.
 */
export class AggregatorStep {
  readonly #stored: StoredTables;
  #aggregator: MinuteAggregator | null = null;
  #position = 0;
  #storedPosition = 0;
  #storedAt: number;
  /** A better stand than the live one, to go on from with the next step. */
  #better: { position: number; state: Uint8Array; stored: () => void } | null = null;
  #reachedMs: number | null = null;
  /** What the last snapshot took, milliseconds. */
  #snapshotTook = 0;

  constructor(private readonly options: AggregatorStepOptions) {
    this.#storedAt = options.now();
    this.#stored = new StoredTables(options.stream);
  }

  /** What is known now; null before the first step. */
  get holdings(): (RoutingHoldings & { knowsTable: boolean }) | null {
    if (this.#aggregator === null) return null;
    const { holdings, knowsTable } = this.#aggregator;
    return { ...holdings, knowsTable };
  }

  get watermark(): number | null {
    return this.#aggregator?.watermark ?? null;
  }

  /** Until when messages have been taken from the log, ms; null before the first since this process began. */
  get takenUntilMs(): number | null {
    return this.#reachedMs;
  }

  /**
   * @param last nothing comes after it: what is in memory is stored, however long that takes
   * @returns whether there may be more to read at once
   */
  async step(last = false): Promise<boolean> {
    this.#aggregator ??= await this.#restore();
    const { pool, stream } = this.options;
    const better = this.#better;
    if (better !== null) await this.#goBack(better);
    const entries = await entriesAfter(pool, stream, this.#position, ENTRIES_A_STEP);
    const stands: { sinceMs: number; stand: Uint8Array }[] = [];
    for (const entry of entries) {
      if (entry.kind === 'gap' && this.#aggregator.holdings.bytes <= MOST_STAND_BYTES)
        stands.push({ sinceMs: entry.sinceMs, stand: await this.#stand(entry) });
      this.#take(entry);
      // behind the feed an entry has thousands of messages, some tens of milliseconds of work
      await turn();
    }
    const rows = this.#aggregator.take();
    const idle = entries.length < ENTRIES_A_STEP;
    const snapshotIsDue =
      better !== null || (this.#position > this.#storedPosition && ((last && idle) || this.#mayStore(idle)));
    const began = performance.now();
    if (rows.length > 0 || stands.length > 0 || snapshotIsDue) {
      await inTransaction(pool, async (client) => {
        await insertFeatures(client, rows);
        for (const { sinceMs, stand } of stands) await keepStateAtGap(client, stream, sinceMs, stand);
        if (snapshotIsDue) await this.#stored.write(client, this.#position, this.#aggregator!);
        if (rows.length > 0) await notify(client, 'features', stream);
      });
    }
    if (snapshotIsDue) {
      this.#stored.stored();
      this.#storedPosition = this.#position;
      this.#storedAt = this.options.now();
      this.#snapshotTook = performance.now() - began;
    }
    if (better !== null && this.#better === better) {
      this.#better = null;
      better.stored();
    }
    return !idle;
  }

  #mayStore(idle: boolean): boolean {
    const since = this.options.now() - this.#storedAt;
    const rest = Math.min(this.#snapshotTook / SNAPSHOT_SHARE, LONGEST_SNAPSHOT_INTERVAL_MILLISECONDS);
    // A clock that was set back must not put it off.
    if (since >= 0 && since < rest) return false;
    return (
      idle || since < 0 || since >= SNAPSHOT_MILLISECONDS || this.#position - this.#storedPosition >= SNAPSHOT_ENTRIES
    );
  }

  /**
   * Goes over the log again from an earlier entry, with a state that knows what the live one missed; rows that exist stay
   * as they are. Resolves when that is stored; at once when the stage is not run here, is not in time
   * or the signal aborts.
   */
  async takeOver(position: number, state: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#aggregator === null || this.#better !== null) return;
    const stored = new Promise<void>((done) => {
      this.#better = { position, state, stored: done };
    });
    const over = new AbortController();
    await Promise.race([
      stored,
      sleep(LONGEST_TAKE_OVER_MILLISECONDS, undefined, { signal: AbortSignal.any([over.signal, signal]) }).catch(
        () => undefined,
      ),
    ]);
    over.abort();
    this.#better = null;
  }

  async #goBack({ position, state }: { position: number; state: Uint8Array }): Promise<void> {
    this.#aggregator = await inTurns(filling(state, this.#aggregatorOptions));
    this.#position = position;
  }

  /** After a failed step: what is in memory is ahead of the database. */
  forget(): void {
    this.#aggregator = null;
  }

  /** What heals the gap later exactly as if it had not been. */
  async #stand(gap: LogEntry): Promise<Uint8Array> {
    const { pool, stream } = this.options;
    const last = await payloadsUntil(pool, stream, gap.position, gap.sinceMs);
    const batches = last.map((payload) => UpdateBatch.decode(payload));
    const bytes = await inTurns(copying(this.#aggregator!, STAND_HEAD_BYTES));
    headStand(bytes, lastBeforeGap(gap.sinceMs, batches));
    return bytes;
  }

  #take(entry: LogEntry): void {
    const aggregator = this.#aggregator!;
    if (entry.kind === 'gap') aggregator.gap(entry.sinceMs, entry.untilMs);
    else if (entry.payload !== null) aggregator.add(UpdateBatch.decode(entry.payload, this.options.columns));
    if (entry.kind === 'clock') aggregator.advance(entry.untilMs);
    this.#position = entry.position;
    this.#reachedMs = entry.untilMs;
  }

  async #restore(): Promise<MinuteAggregator> {
    const { pool, stream, begin } = this.options;
    this.#position = 0;
    this.#storedPosition = 0;
    try {
      const stand = await this.#stored.read(pool, this.#aggregatorOptions);
      if (stand !== null) {
        this.#position = stand.position;
        this.#storedPosition = stand.position;
        return stand.aggregator;
      }
    } catch (error) {
      if (!(error instanceof BadSnapshot)) throw error;
      // one of another version: what the log still holds is gone over again, and rows that exist stay
      this.options.unread?.(error);
      this.#storedPosition = -1;
    }
    if (begin !== undefined) {
      const [first] = await entriesAfter(pool, stream, 0, 1);
      const begun = await begin(first?.sinceMs ?? null);
      if (begun !== null) {
        // It cost a download: it is stored with the first step.
        this.#storedPosition = this.#position - 1;
        return begun;
      }
    }
    return new MinuteAggregator(this.#aggregatorOptions);
  }

  get #aggregatorOptions(): MinuteAggregatorOptions {
    const { stream, graceSeconds, maximumRoutes, maximumPeers } = this.options;
    return {
      stream,
      graceSeconds,
      ...(maximumRoutes === undefined ? {} : { maximumRoutes }),
      ...(maximumPeers === undefined ? {} : { maximumPeers }),
    };
  }
}
