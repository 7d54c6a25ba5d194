import { type BatchColumns, RIB_ENTRY } from '../bgp/batchColumns.js';
import type { UpdateBatch } from '../bgp/updateBatch.js';
import { readHead, writeHead } from './aggregatorHead.js';
import { boundsOf, latestOf, type MinuteAggregatorOptions, noCounts } from './aggregatorOptions.js';
import { ByteReader, ByteWriter } from './byteStream.js';
import { FEATURE_COUNT, featureValues } from './catalogue.js';
import { FeedGaps } from './feedGaps.js';
import { FollowedEvents } from './followedEvents.js';
import { FollowedLosses } from './followedLosses.js';
import { evidenceOf, type Followed } from './minuteEvidence.js';
import { OpenMinute } from './openMinute.js';
import { type RoutingHoldings, RoutingState } from './routing/routingState.js';
import type { HeldRoute } from './routing/routingTables.js';
import { emptyEvidence, type FeatureRow, MINUTES_PER_DAY, type Minute } from './row.js';
import { TallyRoom } from './tallyRoom.js';

const MINUTE_MS = 60_000;
const DAY_MS = MINUTES_PER_DAY * MINUTE_MS;
/** A gap that would give more rows than ten years have minutes is refused. */
const LONGEST_GAP = 3660 * MINUTES_PER_DAY;

/**
 * Makes one feature row a minute from batches of BGP messages. The rows depend only on the sequence of calls of `add`,
 * `gap` and `advance`, not on when rows and snapshots are taken.
 */
export class MinuteAggregator {
  readonly counts = noCounts();
  readonly #stream: string;
  readonly #graceMs: number;
  readonly #warmUp: number;
  /** Latest time that the wall clock allows. */
  readonly #latest: () => number;
  readonly #state: RoutingState;
  readonly #followed: Followed;
  #open = new Map<Minute, OpenMinute>();
  readonly #room = new TallyRoom();
  #gaps = new FeedGaps();
  #rows: FeatureRow[] = [];
  /** Next minute to close; null before anything is known of the feed's time. */
  #next: Minute | null;
  #firstMinute: Minute | null;
  /** Greatest time of the feed, ms; -Infinity before the first. */
  #clock = Number.NEGATIVE_INFINITY;
  /** Of the whole table dump that the stream began with: what it held is not news, so nothing needs to warm up. */
  #tableMinute: Minute | null = null;

  constructor(options: MinuteAggregatorOptions) {
    this.#stream = options.stream;
    this.#graceMs = (options.graceSeconds ?? 30) * 1000;
    this.#warmUp = options.warmUpMinutes ?? 60;
    this.#latest = latestOf(options);
    this.#state = new RoutingState(boundsOf(options), this.counts);
    const { tables } = this.#state;
    this.#followed = { events: new FollowedEvents(tables), losses: new FollowedLosses(tables) };
    this.#next = options.startMinute ?? null;
    this.#firstMinute = this.#next;
  }

  /** Last closed minute. */
  get watermark(): Minute | null {
    return this.#next === null || this.#next === this.#firstMinute ? null : this.#next - 1;
  }

  /** Routes held now: announced and not withdrawn, and withdrawn ones remembered to recognise duplicates. */
  get routes(): number {
    return this.#state.tables.routes.size;
  }

  add(batch: UpdateBatch): void {
    const columns = batch.columns;
    const state = this.#state;
    state.map(columns);
    let element = 0;
    for (let message = 0; message < columns.kind.length; message++) {
      const time = columns.time[message]!;
      const elements = columns.withdrawn[message]! + columns.announced[message]!;
      if (columns.kind[message] === RIB_ENTRY) {
        const last = this.#tableEntries(columns, message, element);
        element += elements + last - message;
        message = last;
        continue;
      }
      this.counts.messages++;
      if (this.#isFuture(time)) this.counts.future++;
      else {
        const minute = Math.floor(time / MINUTE_MS);
        this.#start(minute);
        const open = this.#openMinute(minute);
        if (open === undefined) this.counts.late++;
        state.horizon.oldestOpen = this.#next!;
        state.horizon.silentBefore = this.#silentBefore();
        state.apply(columns, message, element, minute, open);
        this.advance(time);
      }
      element += elements;
    }
    state.unmap(columns);
  }

  /**
   * Takes messages from before the stream's first minute: they change routes, and no row. For what an archive has
   * between a table dump and the first message of a live feed.
   */
  learn(batch: UpdateBatch): void {
    const columns = batch.columns;
    const state = this.#state;
    state.map(columns);
    let element = 0;
    for (let message = 0; message < columns.kind.length; message++) {
      const elements = columns.withdrawn[message]! + columns.announced[message]!;
      if (columns.kind[message] === RIB_ENTRY) {
        const last = this.#tableEntries(columns, message, element);
        element += elements + last - message;
        message = last;
        continue;
      }
      const minute = Math.floor(columns.time[message]! / MINUTE_MS);
      state.horizon.oldestOpen = minute;
      state.horizon.silentBefore = Number.POSITIVE_INFINITY;
      state.apply(columns, message, element, minute, undefined);
      if (this.#tableMinute !== null && minute > this.#tableMinute) this.#tableMinute = minute;
      element += elements;
    }
    state.unmap(columns);
  }

  /** The first row is that of this minute, unless an earlier one has begun. */
  begin(minute: Minute): void {
    this.#start(minute);
  }

  /** Whether a whole table dump was learnt, up to a day before the stream's first minute. */
  get knowsTable(): boolean {
    return this.#tableMinute !== null;
  }

  /** Present routes that somebody asks for by prefix and origin. */
  routesWhere(wanted: (prefix: string, origin: number) => boolean): HeldRoute[] {
    return this.#state.tables.routesWhere(wanted);
  }

  /** What the stream holds now; `bytes` are those of the tables' columns, about. */
  get holdings(): RoutingHoldings {
    return this.#state.holdings;
  }

  /**
   * Learns a dump's entry, and those after it of the same prefix, an element each. A dump starts no minute and moves no
   * clock: it is the past, and when the feed begins is for the feed to say.
   * @returns the last message learnt
   */
  #tableEntries(columns: BatchColumns, message: number, element: number): number {
    const minute = Math.floor(columns.time[message]! / MINUTE_MS);
    if (columns.withdrawn[message]! + columns.announced[message]! === 0) {
      this.#tableMinute = minute;
      return message;
    }
    this.#state.horizon.oldestOpen = this.#next ?? minute;
    const end = this.#state.learn(columns, message, element, minute);
    this.counts.tableEntries += end - message;
    return end - 1;
  }

  #silentBefore(): Minute {
    return this.#firstMinute! + (this.#tableMinute === null ? this.#warmUp : 0);
  }

  gap(sinceMs: number, untilMs: number): void {
    const first = Math.floor(sinceMs / MINUTE_MS);
    const last = Math.max(first, Math.ceil(untilMs / MINUTE_MS) - 1);
    if (!(untilMs >= sinceMs) || last - Math.max(first, this.#next ?? first) > LONGEST_GAP) {
      this.counts.badGaps++;
      return;
    }
    this.#start(first);
    if (first < this.#next!) this.counts.lateGaps++;
    this.#gaps.add(first, last);
    this.advance(untilMs);
  }

  advance(timeMs: number): void {
    if (!(timeMs > this.#clock)) return; // NaN is not greater either
    this.#clock = timeMs;
    this.#start(Math.floor(timeMs / MINUTE_MS));
    if ((this.#next! + 1) * MINUTE_MS + this.#graceMs > timeMs) return;
    while ((this.#next! + 1) * MINUTE_MS + this.#graceMs <= timeMs) this.#close();
    this.#gaps.forgetBefore(this.#next!);
  }

  take(): FeatureRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** Closes every minute that has begun, for a source that has ended. */
  finish(): void {
    if (this.#next === null) return;
    let last = Math.max(this.#next - 1, this.#gaps.last);
    for (const minute of this.#open.keys()) last = Math.max(last, minute);
    while (this.#next <= last) this.#close();
  }

  /** The columns of the tables, in an order that does not change, as the bytes that they lie in now. */
  stored(): Generator<Iterable<Uint8Array>> {
    return this.#state.tables.stored();
  }

  /** What `stored` does not have: what is open, and how long the columns are. */
  head(): Uint8Array {
    const writer = new ByteWriter();
    writeHead(writer, {
      stream: this.#stream,
      next: this.#next,
      firstMinute: this.#firstMinute,
      clock: this.#clock === Number.NEGATIVE_INFINITY ? null : this.#clock,
      gaps: this.#gaps,
      tableMinute: this.#tableMinute,
      counts: this.counts,
      rows: this.#rows,
    });
    this.#state.tables.write(writer);
    this.#followed.events.write(writer);
    this.#followed.losses.write(writer);
    writer.number(this.#open.size);
    for (const open of this.#open.values()) open.write(writer);
    return writer.finish();
  }

  /**
   * Begins to go on from a head: every view of `stored` is to be filled with what it held, in order, and then `derived` gone
   * through, which gives others a turn now and then. The aggregator is whole after that.
   * @throws BadSnapshot when the head is not one of this stream, or of another version
   */
  static restoring(
    head: Uint8Array,
    options: MinuteAggregatorOptions,
  ): { aggregator: MinuteAggregator; stored: Generator<Iterable<Uint8Array>>; derived: Generator<void> } {
    const reader = new ByteReader(head);
    const state = readHead(reader, options.stream);
    const aggregator = new MinuteAggregator(options);
    aggregator.#next = state.next;
    aggregator.#firstMinute = state.firstMinute;
    aggregator.#clock = state.clock ?? Number.NEGATIVE_INFINITY;
    aggregator.#gaps = new FeedGaps(state.gaps);
    aggregator.#tableMinute = state.tableMinute ?? null;
    Object.assign(aggregator.counts, state.counts);
    aggregator.#rows = state.rows;
    aggregator.#state.tables.read(reader);
    aggregator.#followed.events.read(reader);
    aggregator.#followed.losses.read(reader);
    for (let left = reader.number(); left > 0; left--) {
      const open = OpenMinute.read(reader, aggregator.#room);
      aggregator.#open.set(open.minute, open);
    }
    reader.end();
    return { aggregator, stored: aggregator.stored(), derived: aggregator.#state.tables.derived() };
  }

  #start(minute: Minute): void {
    if (this.#next !== null) return;
    this.#next = minute;
    this.#firstMinute = minute;
    // what an old table holds says little of now
    if (this.#tableMinute !== null && Math.abs(minute - this.#tableMinute) > MINUTES_PER_DAY) this.#tableMinute = null;
  }

  #isFuture(timeMs: number): boolean {
    if (timeMs > this.#latest()) return true;
    return this.#clock !== Number.NEGATIVE_INFINITY && timeMs > this.#clock + DAY_MS;
  }

  /** The minute, opened when need be; undefined when it is closed. */
  #openMinute(minute: Minute): OpenMinute | undefined {
    if (minute < this.#next!) return undefined;
    let open = this.#open.get(minute);
    if (open === undefined) {
      open = new OpenMinute(minute, this.#room, this.#open.get(minute - 1));
      this.#open.set(minute, open);
    }
    return open;
  }

  #close(): void {
    const minute = this.#next!;
    const open = this.#open.get(minute);
    this.#open.delete(minute);
    this.#next = minute + 1;
    const row = { stream: this.#stream, minute };
    const gap = this.#gaps.has(minute);
    if (open === undefined || gap) {
      const values = new Float32Array(FEATURE_COUNT);
      this.#rows.push({ ...row, kind: gap ? 'gap' : 'observed', values, evidence: emptyEvidence() });
      return;
    }
    const evidence = evidenceOf(open, this.#state.tables, this.#followed);
    this.#rows.push({ ...row, kind: 'observed', values: featureValues(open.totals), evidence });
    open.release();
  }
}
