import type { Pool } from 'pg';
import { isSnapshot } from '../features/aggregatorSnapshot.js';
import type { FeatureRow } from '../features/row.js';
import type { Logger } from '../sources/source.js';
import { lackingMinutes, watermark } from '../storage/features.js';
import {
  lastHealableEntry,
  markAttempt,
  markHealed,
  stateAtGap,
  type UnhealedGap,
  unhealedGaps,
} from '../storage/feedGaps.js';
import { inTransaction } from '../storage/pool.js';
import { ArchiveMinutes, type ArchiveMinutesRequest } from './archiveMinutes.js';
import { storeLate, WARM_UP_MINUTES } from './backfill.js';
import { DecodingThreads } from './decodingThreads.js';
import { decodeStand, type StandAtGap } from './standAtGap.js';

const MINUTE_MS = 60_000;
const GAPS_A_STEP = 100;
const LONGEST_WAIT_MS = 6 * 3_600_000;

export interface GapHealerOptions
  extends Pick<
    ArchiveMinutesRequest,
    'stream' | 'collector' | 'baseUrl' | 'directory' | 'parallel' | 'idleMs' | 'graceSeconds' | 'random' | 'bounds'
  > {
  pool: Pool;
  /** How long after a gap, by `feedNow`, its files are looked for. */
  delayMinutes: number;
  /** How often a gap is tried before it is given up. */
  attempts: number;
  /** Wait after the first failed attempt; doubles with each further one, to six hours. */
  retryMs: number;
  /** Now of the feed: the wall clock, or the watermark of a replay; ms. Null before anything came. */
  feedNow: () => Promise<number | null>;
  now: () => number;
  lateStages: readonly string[];
  /**
   * Lets the live aggregator go over the log again from an entry, with routes as if nothing had been away; resolves when
   * that is stored, or without an aggregator here.
   */
  takeOver?: (position: number, state: Uint8Array, signal: AbortSignal) => Promise<void>;
  logger: Logger;
}

/**
 * Fetches the minutes that a stream lost from the archive once it has them, and puts their rows in the place of the
 * gaps. With the aggregator's stand at the gap the rows are those of an undisturbed run, and the live aggregator learns
 * the routes that changed in the gap; without it, routes are learnt from the hour before.
 */
export class GapHealer {
  constructor(private readonly options: GapHealerOptions) {}

  /** Tries every gap that is due. @returns how many were healed */
  async step(signal: AbortSignal): Promise<number> {
    const { pool, stream, feedNow, delayMinutes, now } = this.options;
    const feed = await feedNow();
    const newest = await watermark(pool, stream);
    if (feed === null || newest === null) return 0;
    // The aggregator must have passed the gap: then its rows and its stand are there.
    const before = Math.min(feed - delayMinutes * MINUTE_MS, (newest + 1) * MINUTE_MS);
    let healed = 0;
    for (const gap of await unhealedGaps(pool, stream, before, GAPS_A_STEP)) {
      signal.throwIfAborted();
      const wait = Math.min(LONGEST_WAIT_MS, this.options.retryMs * 2 ** Math.max(0, gap.attempts - 1));
      if (gap.attemptedMs !== null && now() - gap.attemptedMs < wait) continue;
      if (await this.#heal(gap, signal)) healed += 1;
    }
    return healed;
  }

  async #heal(gap: Omit<UnhealedGap, 'state'>, signal: AbortSignal): Promise<boolean> {
    const { pool, stream, logger, attempts, lateStages } = this.options;
    const from = Math.floor(gap.sinceMs / MINUTE_MS);
    const until = Math.max(from + 1, Math.ceil(gap.untilMs / MINUTE_MS));
    const times = { since: new Date(gap.sinceMs), until: new Date(gap.untilMs), stream };
    if ((await lackingMinutes(pool, stream, from, until)).length === 0) {
      await markHealed(pool, gap.id);
      return true;
    }
    const last = gap.attempts + 1 >= attempts;
    const { rows, trouble, stateAfter } = await this.#read(gap, from, until, await this.#standOf(gap), signal);
    if (trouble !== null && !last) {
      await markAttempt(pool, gap.id, trouble, false);
      logger.info({ ...times, trouble, attempt: gap.attempts + 1 }, 'a gap cannot be healed yet');
      return false;
    }
    // Before the gap counts as healed: should this process end here, all of it is done again.
    if (trouble === null && stateAfter !== null) await this.#takeOver(gap, stateAfter, signal);
    signal.throwIfAborted();
    // Of the last attempt, what could be read is taken.
    const minutes = await inTransaction(pool, async (client) => {
      const written = await storeLate(client, stream, rows, lateStages);
      if (trouble === null) await markHealed(client, gap.id);
      else await markAttempt(client, gap.id, trouble, true);
      return written;
    });
    if (trouble === null) logger.info({ ...times, minutes }, 'gap healed from the archive');
    else logger.warn({ ...times, minutes, trouble }, 'a gap is given up: `routewarden backfill` may fill it later');
    return trouble === null;
  }

  /** What the aggregator knew when it came to the gap; without it, or with one of another version, the hour before is read. */
  async #standOf(gap: Omit<UnhealedGap, 'state'>): Promise<StandAtGap | undefined> {
    const state = await stateAtGap(this.options.pool, gap.id);
    if (state === null) return undefined;
    const stand = decodeStand(state);
    if (isSnapshot(stand.state)) return stand;
    this.options.logger.warn({ stream: this.options.stream }, 'what was known at a gap is of another version');
    return undefined;
  }

  async #read(
    gap: Omit<UnhealedGap, 'state'>,
    from: number,
    until: number,
    stand: StandAtGap | undefined,
    signal: AbortSignal,
  ): Promise<{ rows: FeatureRow[]; trouble: string | null; stateAfter: Uint8Array | null }> {
    const threads = new DecodingThreads(1);
    const rows: FeatureRow[] = [];
    let trouble: string | null = null;
    let stateAfter: Uint8Array | null = null;
    try {
      const archive = new ArchiveMinutes({
        ...this.options,
        from,
        until,
        threads,
        signal,
        keep: false,
        attempts: 2,
        warmUpMinutes: WARM_UP_MINUTES,
        stand,
        cutMs: gap.untilMs,
      });
      for await (const step of archive.steps()) {
        rows.push(...step.rows);
        const wanted = step.file.untilMinute > from;
        if (wanted && step.outcome !== 'downloaded' && step.outcome !== 'present')
          trouble ??= `${step.file.name}: ${step.reason}`;
      }
      // Routes of an hour alone would be fewer than the live ones.
      if (stand !== undefined) stateAfter = archive.stateAtCut();
    } catch (error) {
      signal.throwIfAborted();
      trouble = (error as Error).message;
    } finally {
      await threads.close();
    }
    return { rows, trouble, stateAfter };
  }

  async #takeOver(gap: Omit<UnhealedGap, 'state'>, state: Uint8Array, signal: AbortSignal): Promise<void> {
    const { pool, stream, takeOver } = this.options;
    const position = takeOver && (await lastHealableEntry(pool, stream, gap.sinceMs));
    if (position !== undefined && position !== null) await takeOver!(position, state, signal);
  }
}
