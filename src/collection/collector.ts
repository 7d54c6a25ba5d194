import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { decodeRisLiveMessage, FROM_THE_FUTURE } from '../bgp/risLive.js';
import { UpdateBatchBuilder } from '../bgp/updateBatch.js';
import { type AheadPeer, FeedClock, stampOf } from './feedClock.js';
import { type FaultCounts, MessageFaults } from './messageFaults.js';
import { StreamLog } from './streamLog.js';

export interface CollectorOptions {
  pool: Pool;
  stream: string;
  logger: Logger;
  /** wall: `now` counts silent seconds; feed: only messages move time. */
  clock: 'wall' | 'feed';
  flushMilliseconds: number;
  flushMessages: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds that only rise, whoever sets the clock meanwhile. */
  elapsed: () => number;
  /** The stream is fed by more than one route collector. */
  severalHosts?: boolean;
  /** Called before each write: takes the stage's lock again when its connection broke. */
  holdLock?: () => Promise<void>;
  /** Aborted when nothing shall be waited for: what the store does not take is then given up. */
  signal?: AbortSignal;
  /** Compares each update's JSON with its raw bytes, where it has any; for finding faults of a feed, at some cost. */
  checkRaw?: boolean;
}

export interface CollectorCounts extends FaultCounts {
  messages: number;
  /** Peers set aside within the last minute, since their clock or their collector's is ahead; the farthest five. */
  ahead: AheadPeer[];
  gaps: number;
  lastMessageMs: number | null;
  /** On a wall clock: how old the newest message taken is; null before the first. */
  behindSeconds: number | null;
}

/** A collector this far behind says so, and says it again at each doubling. */
const BEHIND_MILLISECONDS = 10_000;

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
  readonly #clock: FeedClock;
  #builder = new UpdateBatchBuilder();
  readonly #log: StreamLog;
  readonly #faults: MessageFaults;
  /** Why the feed was away; null while it is there. */
  #away: string | null = null;
  #lastFlush: number;
  /** When the last message came, or the collector was last free to take one, by `elapsed`. */
  #heardAt = 0;
  /** Calls of `message` that wait for the store. */
  #held = 0;
  /** A collector that is so far behind says so, ms. */
  #behindFrom = BEHIND_MILLISECONDS;

  constructor(private readonly options: CollectorOptions) {
    this.#lastFlush = options.now();
    this.#clock = new FeedClock(options.now, options.elapsed, options.severalHosts);
    this.#log = new StreamLog(options);
    this.#faults = new MessageFaults(this.counts, options.logger);
    this.#builder.latestTime = this.#latestTime();
  }

  /** Continues the log where an earlier collector left it. */
  async open(): Promise<void> {
    const untilMs = await this.#log.open();
    if (untilMs === null) return;
    this.#away = 'the collector was not running';
    const aheadMs = untilMs - this.#latestTime();
    if (aheadMs <= 0) return;
    const { logger, stream } = this.options;
    logger.error(
      { stream, until: new Date(untilMs) },
      `the log ends ${Math.round(aheadMs / 60_000)} min in the future: minutes come late until then. Is this machine's clock right? Then: routewarden rewind ${stream}`,
    );
  }

  disconnected(reason: string): void {
    if (this.#log.untilMs !== null || this.#builder.messages > 0) this.#away ??= reason;
  }

  /**
   * Takes one message. One batch is written while the next fills; when both are full the caller is to wait, and
   * whatever it holds back stays in order.
   * @returns nothing, or a promise to wait for before the next message
   */
  message(text: string | Uint8Array): Promise<void> | undefined {
    const { now, elapsed, flushMessages, flushMilliseconds } = this.options;
    let outcome = decodeRisLiveMessage(text, this.#builder);
    if (outcome.reason === FROM_THE_FUTURE) {
      // The bound is from the last time that it was looked at; time has gone on.
      this.#builder.latestTime = this.#latestTime();
      outcome = decodeRisLiveMessage(text, this.#builder);
      if (outcome.reason === FROM_THE_FUTURE && this.#setAside(text))
        outcome = decodeRisLiveMessage(text, this.#builder);
    }
    this.counts.messages += 1;
    if (outcome.kind === 'bad' || outcome.kind === 'error') this.#faults.skipped(outcome.reason ?? outcome.kind, text);
    if (outcome.unknownType !== undefined) this.#faults.unknownType(outcome.unknownType);
    if (outcome.treatedAsWithdraw !== undefined) this.#faults.treatedAsWithdraw(outcome.treatedAsWithdraw, text);
    if (outcome.timeMs === undefined) return undefined;
    if (this.options.checkRaw && outcome.kind === 'update') this.#faults.checkRaw(text);
    this.counts.lastMessageMs = outcome.timeMs;
    this.#heardAt = elapsed();
    this.#clock.taken();
    if (this.#away !== null) return this.#holdingBack(this.#endGap(outcome.timeMs));
    if (this.#builder.messages < flushMessages && now() - this.#lastFlush < flushMilliseconds) return undefined;
    const before = this.#log.written;
    // Its failure is that of every later write too: the next wait, or the next tick, throws it.
    this.flush().catch(() => undefined);
    return this.#holdingBack(before);
  }

  /** While the caller waits, the feed's silence is our own: time stands still. */
  async #holdingBack(store: Promise<void>): Promise<void> {
    this.#held += 1;
    try {
      await store;
    } finally {
      this.#held -= 1;
      this.#heardAt = this.options.elapsed();
    }
  }

  /** Takes messages that were decoded elsewhere, such as from an MRT file; `decoded` is empty afterwards. */
  async batch(decoded: UpdateBatchBuilder): Promise<void> {
    if (decoded.messages === 0) return;
    await this.flush();
    this.#builder = decoded;
    this.counts.messages += decoded.messages;
    this.counts.lastMessageMs = decoded.lastTime;
    try {
      if (this.#away !== null) await this.#endGap(decoded.firstTime);
      await this.flush();
    } finally {
      this.#builder = new UpdateBatchBuilder();
      this.#builder.latestTime = this.#latestTime();
    }
  }

  /** Takes a part of a table dump. It shows what was before the feed: it is not a message of it, and leaves no gap. */
  async table(decoded: UpdateBatchBuilder): Promise<void> {
    await this.flush();
    this.#builder = decoded;
    try {
      await this.flush();
    } finally {
      this.#builder = new UpdateBatchBuilder();
      this.#builder.latestTime = this.#latestTime();
      this.#away = null;
    }
  }

  /** Says that the feed was there until a moment, for one that has ended: so that its last minute can close. */
  async ended(untilMs: number): Promise<void> {
    await this.flush();
    if (this.#log.untilMs === null || untilMs <= this.#log.untilMs) return;
    await this.#log.append([{ kind: 'clock', sinceMs: this.#log.untilMs, untilMs, messages: 0, payload: null }]);
  }

  /** The end of the log, ms; null while it is empty. */
  get loggedUntilMs(): number | null {
    return this.#log.untilMs;
  }

  /** Called a few times a second: stores what waits, and on a wall clock says that the feed is alive. */
  async tick(alive: boolean): Promise<void> {
    this.counts.ahead = this.#clock.aheadByHost().slice(0, 5);
    this.#noteLag();
    await this.flush();
    const now = this.#feedTime();
    if (this.options.clock !== 'wall' || !alive || this.#away !== null || this.#log.untilMs === null) return;
    if (now === null || now - this.#log.untilMs < 5_000) return;
    await this.#log.append([{ kind: 'clock', sinceMs: this.#log.untilMs, untilMs: now, messages: 0, payload: null }]);
  }

  /** The feed's own clock, carried on from its last message, so that a step of this machine's clock moves no minute. */
  #feedTime(): number | null {
    const { lastMessageMs } = this.counts;
    if (lastMessageMs === null || this.#held > 0) return lastMessageMs;
    return Math.min(lastMessageMs + this.options.elapsed() - this.#heardAt, this.#latestTime());
  }

  #noteLag(): void {
    const { clock, now, logger, stream } = this.options;
    const time = this.#feedTime();
    if (clock !== 'wall' || time === null) return;
    const behindMs = Math.max(0, now() - time);
    this.counts.behindSeconds = Math.round(behindMs / 100) / 10;
    if (behindMs >= this.#behindFrom) {
      const seconds = Math.round(behindMs / 1000);
      this.#behindFrom = 2 * behindMs;
      logger.warn({ stream, seconds }, `${seconds} s behind the feed: messages wait, in order, and none is left out`);
    } else if (this.#behindFrom > BEHIND_MILLISECONDS && behindMs < BEHIND_MILLISECONDS / 2) {
      this.#behindFrom = BEHIND_MILLISECONDS;
      logger.info({ stream }, 'no longer behind the feed');
    }
  }

  /** No message of a live feed is later; a replay may be of any time. */
  #latestTime(): number {
    if (this.options.clock !== 'wall') return Number.POSITIVE_INFINITY;
    return this.#clock.latest();
  }

  /** Counts a message from the future against its peer. @returns whether it is to be tried again */
  #setAside(text: string | Uint8Array): boolean {
    const message = stampOf(text);
    if (message === null || !this.#clock.refused(message)) return false;
    this.#builder.latestTime = this.#latestTime();
    const { stream, logger } = this.options;
    logger.warn(
      { stream, seconds: this.#clock.behindSeconds },
      "this machine's clock is behind that of the whole feed",
    );
    return true;
  }

  /** Peers whose clock is ahead, in words; null if none is. */
  get setAsideWords(): string | null {
    const [first, ...others] = this.counts.ahead;
    if (first === undefined) return null;
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    const who = first.peer === '*' ? `collector ${first.host}` : `peer ${first.peer} of ${first.host}`;
    return `${who} is ${first.aheadSeconds} s ahead of this machine's clock${more}: ${this.counts.future} messages refused so far`;
  }

  /** Stores every message taken so far. */
  async flush(): Promise<void> {
    this.#lastFlush = this.options.now();
    if (this.#builder.messages === 0) return this.#log.written;
    const { messages, firstTime, lastTime } = this.#builder;
    const payload = this.#finished();
    const untilMs = Math.max(lastTime, this.#log.untilMs ?? 0);
    await this.#log.append([{ kind: 'updates', sinceMs: firstTime, untilMs, messages, payload }]);
  }

  #finished(): Uint8Array {
    this.#builder.latestTime = this.#latestTime();
    return this.#builder.finish();
  }

  async #endGap(firstMs: number): Promise<void> {
    const reason = this.#away!;
    this.#away = null;
    const sinceMs = this.#log.untilMs;
    if (sinceMs === null) return;
    // The message that ended the gap is in the builder already; the gap comes before it in the log.
    const { messages, firstTime, lastTime } = this.#builder;
    const payload = this.#finished();
    const untilMs = Math.max(firstMs, sinceMs);
    this.counts.gaps += 1;
    this.options.logger.warn({ since: new Date(sinceMs), until: new Date(untilMs), reason }, 'feed gap');
    await this.#log.append(
      [
        { kind: 'gap', sinceMs, untilMs, messages: 0, payload: null },
        { kind: 'updates', sinceMs: firstTime, untilMs: Math.max(lastTime, sinceMs), messages, payload },
      ],
      reason,
    );
  }
}
