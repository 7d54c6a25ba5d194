import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { decodeRisLiveMessage, FROM_THE_FUTURE } from '../bgp/risLive.js';
import { rawDisagreement } from '../bgp/risLiveRaw.js';
import { UpdateBatchBuilder } from '../bgp/updateBatch.js';
import { recordGap } from '../storage/feedGaps.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { storeIsAway } from '../storage/storeAway.js';
import { appendEntries, type LogEntry, lastEntry } from '../storage/updateBatches.js';
import { type AheadPeer, FeedClock, stampOf } from './feedClock.js';

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
  /** Milliseconds that only rise, whoever sets the clock meanwhile. */
  elapsed: () => number;
  /** Called before each write: takes the stage's lock again when its connection broke. */
  holdLock?: () => Promise<void>;
  /** Compares each update's JSON with its raw bytes, where it has any; for finding faults of a feed, at some cost. */
  checkRaw?: boolean;
}

export interface CollectorCounts {
  messages: number;
  skipped: number;
  /** Of those skipped: refused because their time lies in the future. */
  future: number;
  /** Peers set aside within the last minute, since their clock or their collector's is ahead; the farthest five. */
  ahead: AheadPeer[];
  gaps: number;
  /** Updates whose announcements were taken as withdrawn, since they name AS 0 (RFC 7607). */
  treatedAsWithdraw: number;
  /** Messages of types that this program does not know, by name; beyond the first twenty names under "others". */
  unknownTypes: Record<string, number>;
  /** Updates whose raw bytes say something else than their JSON, which is what was taken. */
  rawDiffers: number;
  lastMessageMs: number | null;
  /** On a wall clock: how old the newest message taken is; null before the first. */
  behindSeconds: number | null;
}

/** Names of unknown types that are counted apart. */
const UNKNOWN_TYPES = 20;
const LONGEST_OUTAGE_MILLISECONDS = 300_000;
/** A collector this far behind says so, and says it again at each doubling. */
const BEHIND_MILLISECONDS = 10_000;

function stands(placed: readonly LogEntry[], last: Omit<LogEntry, 'payload'> | null): boolean {
  const end = placed.at(-1)!;
  return last?.position === end.position && last.kind === end.kind && last.untilMs === end.untilMs;
}

/**
 * Turns a feed's messages into the ordered log of a stream. Whatever was sent while the feed was away is lost, so every
 * time away becomes a gap entry, from the last stored moment to the first message after it: never a silent dip.
 */
export class Collector {
  readonly counts: CollectorCounts = {
    messages: 0,
    skipped: 0,
    future: 0,
    ahead: [],
    gaps: 0,
    treatedAsWithdraw: 0,
    unknownTypes: Object.create(null) as Record<string, number>,
    rawDiffers: 0,
    lastMessageMs: null,
    behindSeconds: null,
  };
  private readonly clock: FeedClock;
  private builder = new UpdateBatchBuilder();
  private position = 0;
  /** The end of the log, with what is being written. */
  private appendedUntilMs: number | null = null;
  /** Why the feed was away; null while it is there. */
  private away: string | null = null;
  private writing: Promise<void> = Promise.resolve();
  private lastFlush: number;
  private readonly sampled = new Set<string>();
  /** When the last message came, or the collector was last free to take one, by `elapsed`. */
  private heardAt = 0;
  /** Calls of `message` that wait for the store. */
  private held = 0;
  /** Being behind is told from here on, ms. */
  private behindFrom = BEHIND_MILLISECONDS;

  constructor(private readonly options: CollectorOptions) {
    this.lastFlush = options.now();
    this.clock = new FeedClock(options.now, options.elapsed);
    this.builder.latestTime = this.latestTime();
  }

  /** Continues the log where an earlier collector left it. */
  async open(): Promise<void> {
    const last = await lastEntry(this.options.pool, this.options.stream);
    if (last === null) return;
    this.position = last.position;
    this.appendedUntilMs = last.untilMs;
    this.away = 'the collector was not running';
    const aheadMs = last.untilMs - this.latestTime();
    if (aheadMs <= 0) return;
    const { logger, stream } = this.options;
    logger.error(
      { stream, until: new Date(last.untilMs) },
      `the log ends ${Math.round(aheadMs / 60_000)} min in the future: set this machine's clock, or minutes come late until then`,
    );
  }

  disconnected(reason: string): void {
    if (this.appendedUntilMs !== null || this.builder.messages > 0) this.away ??= reason;
  }

  /**
   * Takes one message. One batch is written while the next fills; when both are full the caller is to wait, and
   * whatever it holds back stays in order.
   * @returns nothing, or a promise to wait for before the next message
   */
  message(text: string | Uint8Array): Promise<void> | undefined {
    const { now, elapsed, flushMessages, flushMilliseconds } = this.options;
    let outcome = decodeRisLiveMessage(text, this.builder);
    if (outcome.reason === FROM_THE_FUTURE) {
      // The bound is from the last time that it was looked at; time has gone on.
      this.builder.latestTime = this.latestTime();
      outcome = decodeRisLiveMessage(text, this.builder);
      if (outcome.reason === FROM_THE_FUTURE && this.setAside(text)) outcome = decodeRisLiveMessage(text, this.builder);
    }
    this.counts.messages += 1;
    if (outcome.kind === 'bad' || outcome.kind === 'error') this.skipped(outcome.reason ?? outcome.kind, text);
    if (outcome.unknownType !== undefined) this.unknownType(outcome.unknownType);
    if (outcome.treatedAsWithdraw !== undefined) this.treatedAsWithdraw(outcome.treatedAsWithdraw, text);
    if (outcome.timeMs === undefined) return undefined;
    if (this.options.checkRaw && outcome.kind === 'update') this.checkRaw(text);
    this.counts.lastMessageMs = outcome.timeMs;
    this.heardAt = elapsed();
    this.clock.taken();
    if (this.away !== null) return this.holdingBack(this.endGap(outcome.timeMs));
    if (this.builder.messages < flushMessages && now() - this.lastFlush < flushMilliseconds) return undefined;
    const before = this.writing;
    // Its failure is that of every later write too: the next wait, or the next tick, throws it.
    this.flush().catch(() => undefined);
    return this.holdingBack(before);
  }

  /** While the caller waits, the feed's silence is our own: time stands still. */
  private async holdingBack(store: Promise<void>): Promise<void> {
    this.held += 1;
    try {
      await store;
    } finally {
      this.held -= 1;
      this.heardAt = this.options.elapsed();
    }
  }

  /** Takes messages that were decoded elsewhere, such as from an MRT file; `decoded` is empty afterwards. */
  async batch(decoded: UpdateBatchBuilder): Promise<void> {
    if (decoded.messages === 0) return;
    await this.flush();
    this.builder = decoded;
    this.counts.messages += decoded.messages;
    this.counts.lastMessageMs = decoded.lastTime;
    try {
      if (this.away !== null) await this.endGap(decoded.firstTime);
      await this.flush();
    } finally {
      this.builder = new UpdateBatchBuilder();
      this.builder.latestTime = this.latestTime();
    }
  }

  /** Takes a part of a table dump. It tells what was before the feed: no message of it, and no gap after it. */
  async table(decoded: UpdateBatchBuilder): Promise<void> {
    await this.flush();
    this.builder = decoded;
    try {
      await this.flush();
    } finally {
      this.builder = new UpdateBatchBuilder();
      this.builder.latestTime = this.latestTime();
      this.away = null;
    }
  }

  /** Says that the feed was there until a moment, for one that has ended: so that its last minute can close. */
  async ended(untilMs: number): Promise<void> {
    await this.flush();
    if (this.appendedUntilMs === null || untilMs <= this.appendedUntilMs) return;
    await this.append([{ kind: 'clock', sinceMs: this.appendedUntilMs, untilMs, messages: 0, payload: null }]);
  }

  /** The end of the log, ms; null while it is empty. */
  get loggedUntilMs(): number | null {
    return this.appendedUntilMs;
  }

  /** Called a few times a second: stores what waits, and on a wall clock says that the feed is alive. */
  async tick(alive: boolean): Promise<void> {
    this.counts.ahead = this.clock.ahead().slice(0, 5);
    this.noteLag();
    await this.flush();
    const now = this.feedTime();
    if (this.options.clock !== 'wall' || !alive || this.away !== null || this.appendedUntilMs === null) return;
    if (now === null || now - this.appendedUntilMs < 5_000) return;
    await this.append([{ kind: 'clock', sinceMs: this.appendedUntilMs, untilMs: now, messages: 0, payload: null }]);
  }

  /** The feed's own clock, told on from its last message, so that a step of this machine's clock moves no minute. */
  private feedTime(): number | null {
    const { lastMessageMs } = this.counts;
    if (lastMessageMs === null || this.held > 0) return lastMessageMs;
    return Math.min(lastMessageMs + this.options.elapsed() - this.heardAt, this.latestTime());
  }

  private noteLag(): void {
    const { clock, now, logger, stream } = this.options;
    const time = this.feedTime();
    if (clock !== 'wall' || time === null) return;
    const behindMs = Math.max(0, now() - time);
    this.counts.behindSeconds = Math.round(behindMs / 100) / 10;
    if (behindMs >= this.behindFrom) {
      const seconds = Math.round(behindMs / 1000);
      this.behindFrom = 2 * behindMs;
      logger.warn({ stream, seconds }, `${seconds} s behind the feed: messages wait, in order, and none is left out`);
    } else if (this.behindFrom > BEHIND_MILLISECONDS && behindMs < BEHIND_MILLISECONDS / 2) {
      this.behindFrom = BEHIND_MILLISECONDS;
      logger.info({ stream }, 'no longer behind the feed');
    }
  }

  /** Later is no message of this live feed; a replay may be of any time. */
  private latestTime(): number {
    if (this.options.clock !== 'wall') return Number.POSITIVE_INFINITY;
    return this.clock.latest();
  }

  /** Counts a message from the future against its peer. @returns whether it is to be tried again */
  private setAside(text: string | Uint8Array): boolean {
    const message = stampOf(text);
    if (message === null || !this.clock.refused(message)) return false;
    this.builder.latestTime = this.latestTime();
    const { stream, logger } = this.options;
    logger.warn({ stream, seconds: this.clock.behindSeconds }, "this machine's clock is behind that of the whole feed");
    return true;
  }

  /** Peers whose clock is ahead, in words; null when there is none. */
  get setAsideWords(): string | null {
    const [first, ...others] = this.counts.ahead;
    if (first === undefined) return null;
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return `peer ${first.peer} of ${first.host} is ${first.aheadSeconds} s ahead of this machine's clock${more}: ${this.counts.future} messages refused so far`;
  }

  /** Stores every message taken so far. */
  async flush(): Promise<void> {
    this.lastFlush = this.options.now();
    if (this.builder.messages === 0) return this.writing;
    const { messages, firstTime, lastTime } = this.builder;
    const payload = this.finished();
    const untilMs = Math.max(lastTime, this.appendedUntilMs ?? 0);
    await this.append([{ kind: 'updates', sinceMs: firstTime, untilMs, messages, payload }]);
  }

  private finished(): Uint8Array {
    this.builder.latestTime = this.latestTime();
    return this.builder.finish();
  }

  private async endGap(firstMs: number): Promise<void> {
    const reason = this.away!;
    this.away = null;
    const sinceMs = this.appendedUntilMs;
    if (sinceMs === null) return;
    // The message that ended the gap is in the builder already; the gap comes before it in the log.
    const { messages, firstTime, lastTime } = this.builder;
    const payload = this.finished();
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
    this.appendedUntilMs = entries.at(-1)!.untilMs;
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

  private checkRaw(message: string | Uint8Array): void {
    const text = typeof message === 'string' ? message : Buffer.from(message).toString('utf8');
    const difference = rawDisagreement(text);
    if (difference === null) return;
    this.counts.rawDiffers += 1;
    if (this.sampled.has('raw')) return;
    this.sampled.add('raw');
    const sample = text.slice(0, 300);
    this.options.logger.warn({ difference, sample }, 'raw and JSON differ (further ones are counted, not logged)');
  }

  private unknownType(name: string): void {
    const { unknownTypes } = this.counts;
    const key = name in unknownTypes || Object.keys(unknownTypes).length < UNKNOWN_TYPES ? name : 'others';
    unknownTypes[key] = (unknownTypes[key] ?? 0) + 1;
    if (unknownTypes[key] > 1) return;
    this.options.logger.warn({ type: name }, 'messages of a type that is not known are counted and left out');
  }

  private treatedAsWithdraw(reason: string, text: string | Uint8Array): void {
    this.counts.treatedAsWithdraw += 1;
    if (this.counts.treatedAsWithdraw > 1) return;
    const sample = (typeof text === 'string' ? text : Buffer.from(text).toString('utf8')).slice(0, 300);
    this.options.logger.warn({ reason, sample }, 'took announcements as withdrawn (further ones are counted)');
  }

  private skipped(reason: string, text: string | Uint8Array): void {
    this.counts.skipped += 1;
    const isFuture = reason === FROM_THE_FUTURE;
    if (isFuture) this.counts.future += 1;
    // One sample of what is malformed and one of what is too early: their remedies differ.
    const kind = isFuture ? 'future' : 'malformed';
    if (this.sampled.has(kind)) return;
    this.sampled.add(kind);
    const sample = (typeof text === 'string' ? text : Buffer.from(text).toString('utf8')).slice(0, 300);
    const advice = isFuture ? ": is this machine's clock behind?" : '';
    this.options.logger.warn({ reason, sample }, `skipped a message (further ones are counted, not logged)${advice}`);
  }
}
