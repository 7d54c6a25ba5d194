import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { decodeRisLiveMessage } from '../bgp/risLive.js';
import { UpdateBatchBuilder } from '../bgp/updateBatch.js';
import { recordGap } from '../storage/feedGaps.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { storeIsAway } from '../storage/storeAway.js';
import { appendEntries, type LogEntry, lastEntry } from '../storage/updateBatches.js';

export interface CollectorOptions {
  pool: Pool;
  stream: string;
  logger: Logger;
  /** wall: silent seconds are told by `now`; feed: only messages move time. */
  clock: 'wall' | 'feed';
  flushMilliseconds: number;
  flushMessages: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called before each write: takes the stage's lock again when its connection broke. */
  holdLock?: () => Promise<void>;
}

export interface CollectorCounts {
  messages: number;
  skipped: number;
  gaps: number;
  lastMessageMs: number | null;
}

const LONGEST_OUTAGE_MILLISECONDS = 300_000;

function stands(placed: readonly LogEntry[], last: Omit<LogEntry, 'payload'> | null): boolean {
  const end = placed.at(-1)!;
  return last?.position === end.position && last.kind === end.kind && last.untilMs === end.untilMs;
}

/**
 * Turns a feed's messages into the ordered log of a stream. Whatever was sent while the feed was away is lost, so every
 * time away becomes a gap entry, from the last stored moment to the first message after it: never a silent dip.
 */
export class Collector {
  readonly counts: CollectorCounts = { messages: 0, skipped: 0, gaps: 0, lastMessageMs: null };
  private builder = new UpdateBatchBuilder();
  private position = 0;
  private storedUntilMs: number | null = null;
  /** Why the feed was away; null while it is there. */
  private away: string | null = null;
  private writing: Promise<void> = Promise.resolve();
  private lastFlush: number;
  private sampled = false;

  constructor(private readonly options: CollectorOptions) {
    this.lastFlush = options.now();
  }

  /** Continues the log where an earlier collector left it. */
  async open(): Promise<void> {
    const last = await lastEntry(this.options.pool, this.options.stream);
    if (last === null) return;
    this.position = last.position;
    this.storedUntilMs = last.untilMs;
    this.away = 'the collector was not running';
  }

  disconnected(reason: string): void {
    if (this.storedUntilMs !== null || this.builder.messages > 0) this.away ??= reason;
  }

  /** Takes one message; resolves at once unless storing has fallen behind. */
  async message(text: string | Uint8Array): Promise<void> {
    const outcome = decodeRisLiveMessage(text, this.builder);
    this.counts.messages += 1;
    if (outcome.kind === 'bad' || outcome.kind === 'error') this.skipped(outcome.reason ?? outcome.kind, text);
    if (outcome.timeMs === undefined) return;
    this.counts.lastMessageMs = outcome.timeMs;
    if (this.away !== null) await this.endGap(outcome.timeMs);
    if (this.builder.messages >= this.options.flushMessages) await this.flush();
    else if (this.options.now() - this.lastFlush >= this.options.flushMilliseconds) await this.flush();
  }

  /** Called a few times a second: stores what waits, and on a wall clock says that the feed is alive. */
  async tick(alive: boolean): Promise<void> {
    await this.flush();
    const now = this.options.now();
    if (this.options.clock !== 'wall' || !alive || this.away !== null || this.storedUntilMs === null) return;
    if (now - this.storedUntilMs < 5_000) return;
    await this.append([{ kind: 'clock', sinceMs: this.storedUntilMs, untilMs: now, messages: 0, payload: null }]);
  }

  /** Stores every message taken so far. */
  async flush(): Promise<void> {
    this.lastFlush = this.options.now();
    if (this.builder.messages === 0) return this.writing;
    const { messages, firstTime, lastTime } = this.builder;
    const payload = this.builder.finish();
    const untilMs = Math.max(lastTime, this.storedUntilMs ?? 0);
    await this.append([{ kind: 'updates', sinceMs: firstTime, untilMs, messages, payload }]);
  }

  private async endGap(firstMs: number): Promise<void> {
    const reason = this.away!;
    this.away = null;
    const sinceMs = this.storedUntilMs;
    if (sinceMs === null) return;
    // The message that ended the gap is in the builder already; the gap comes before it in the log.
    const { messages, firstTime, lastTime } = this.builder;
    const payload = this.builder.finish();
    const untilMs = Math.max(firstMs, sinceMs);
    this.counts.gaps += 1;
    this.options.logger.warn({ since: new Date(sinceMs), until: new Date(untilMs), reason }, 'feed gap');
    await this.append(
      [
        { kind: 'gap', sinceMs, untilMs, messages: 0, payload: null },
        { kind: 'updates', sinceMs: firstTime, untilMs: Math.max(lastTime, sinceMs), messages, payload },
      ],
      reason,
    );
  }

  /** Writes one after the other, so that positions are committed in order. */
  private append(entries: Omit<LogEntry, 'position'>[], gapReason?: string): Promise<void> {
    const { pool, stream } = this.options;
    this.writing = this.writing.then(async () => {
      const placed = entries.map((entry, index) => ({ ...entry, position: this.position + 1 + index }));
      await this.whenStoreIsThere(placed, () =>
        inTransaction(pool, async (client) => {
          await appendEntries(client, stream, placed);
          for (const entry of placed) {
            if (entry.kind === 'gap') await recordGap(client, { stream, ...entry, reason: gapReason ?? 'unknown' });
          }
          await notify(client, 'update_batches', stream);
        }),
      );
      this.position += placed.length;
      this.storedUntilMs = placed.at(-1)!.untilMs;
    });
    return this.writing;
  }

  /**
   * Keeps messages over a restart of the store, while the feed's connection is held back. An outage in the middle of a
   * commit leaves open whether the entries stand: then the log's end tells.
   */
  private async whenStoreIsThere(placed: readonly LogEntry[], write: () => Promise<void>): Promise<void> {
    const { pool, stream, logger, holdLock } = this.options;
    const until = performance.now() + LONGEST_OUTAGE_MILLISECONDS;
    for (let tries = 0; ; tries += 1) {
      try {
        await holdLock?.();
        if (tries > 0 && stands(placed, await lastEntry(pool, stream))) return;
        return await write();
      } catch (error) {
        if (!storeIsAway(error) || performance.now() > until) throw error;
        if (tries === 0) logger.warn({ error: (error as Error).message }, 'the store is away: holding the feed back');
        await sleep(Math.min(50 * 2 ** tries, 1_000));
      }
    }
  }

  private skipped(reason: string, text: string | Uint8Array): void {
    this.counts.skipped += 1;
    if (this.sampled) return;
    this.sampled = true;
    const sample = (typeof text === 'string' ? text : Buffer.from(text).toString('utf8')).slice(0, 300);
    this.options.logger.warn({ reason, sample }, 'skipped a message (further ones are counted, not logged)');
  }
}
