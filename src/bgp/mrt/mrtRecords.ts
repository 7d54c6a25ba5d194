import type { MrtStatistics } from './mrtStatistics.js';
import { isKnownRecord } from './mrtTypes.js';

const HEADER = 12;
/** 1990 to 2100 in seconds. */
const EARLIEST = 631_152_000;
const LATEST = 4_102_444_800;
/** After damage a record is trusted when its time is within a week of the last good one. */
const NEAR = 7 * 86_400;

/** One record: its body is bytes[start, end), valid until the next call of `next` or `push`. */
export interface MrtRecord {
  seconds: number;
  type: number;
  subtype: number;
  bytes: Uint8Array;
  view: DataView;
  start: number;
  end: number;
  /** Of the record's header in the file. */
  offset: number;
}

/**
 * Cuts a byte stream into MRT records. A header that cannot be (a time outside 1990..2100, or more bytes than
 * allowed) is damage: the next place where a known header is, followed by another or by the end, is searched.
 * So it is within a record that no header follows, and where the reader of its body says `doubt`: a wrong length
 * may hide whole records.
 */
export class MrtRecords {
  readonly #statistics: MrtStatistics;
  readonly #maximum: number;
  readonly #record: MrtRecord;
  #buffer = new Uint8Array(1 << 16);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;
  #length = 0;
  /** Offset in the file of the buffer's first byte. */
  #base = 0;
  #ended = false;
  #searching = false;
  #lastSeconds = 0;
  /** A record that may hide others: the search goes from `at` to `end` in the buffer; `end` -1 without one. */
  readonly #doubtful = { at: 0, end: -1, offset: 0, given: false, why: '' };
  /** The record at this place of the file hides nothing. */
  #cleared = -1;

  constructor(statistics: MrtStatistics, maximumRecordBytes: number) {
    this.#statistics = statistics;
    this.#maximum = maximumRecordBytes;
    this.#record = {
      seconds: 0,
      type: 0,
      subtype: 0,
      bytes: this.#buffer,
      view: this.#view,
      start: 0,
      end: 0,
      offset: 0,
    };
  }

  push(bytes: Uint8Array): void {
    const left = this.#length - this.#at;
    if (left + bytes.length > this.#buffer.length) {
      const buffer = new Uint8Array(Math.max(this.#buffer.length * 2, left + bytes.length));
      buffer.set(this.#buffer.subarray(this.#at, this.#length));
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer);
    } else this.#buffer.copyWithin(0, this.#at, this.#length);
    this.#base += this.#at;
    if (this.#doubtful.end >= 0) {
      this.#doubtful.at -= this.#at;
      this.#doubtful.end -= this.#at;
    }
    this.#at = 0;
    this.#buffer.set(bytes, left);
    this.#length = left + bytes.length;
  }

  end(): void {
    this.#ended = true;
  }

  /** The next whole record, or null when more bytes are needed (or none will come). */
  next(): MrtRecord | null {
    for (;;) {
      if (this.#searching && !this.#search()) return null;
      if (this.#doubtful.end >= 0 && !this.#searchDoubtful()) return null;
      const at = this.#at;
      const left = this.#length - at;
      if (left === 0) return null;
      if (left < HEADER) {
        if (this.#ended) this.#cutShort(left);
        return null;
      }
      const seconds = this.#view.getUint32(at);
      const size = this.#view.getUint32(at + 8);
      let damage = this.#damage(at, seconds, size);
      if (damage === null && left < HEADER + size) {
        if (!this.#ended) return null;
        // a length that leads past the end hides whole records when it is itself the damage
        damage = `record of ${size} bytes is cut short`;
      }
      if (damage === null) {
        if (this.#base + at === this.#cleared) return this.#take(seconds, size);
        const next = at + HEADER + size;
        if (!this.#ended && next + HEADER > this.#length) return null;
        if (next === this.#length || this.#plausible(next, seconds)) return this.#take(seconds, size);
        const offset = this.#base + at;
        Object.assign(this.#doubtful, {
          at: at + 1,
          end: next,
          offset,
          given: false,
          why: 'no record follows it',
        });
        continue;
      }
      this.#statistics.skip(this.#base + at, damage);
      this.#lost(1);
      this.#searching = true;
    }
  }

  /** Why the header at `at` cannot be one, or null. */
  #damage(at: number, seconds: number, size: number): string | null {
    if (size > this.#maximum) return `record claims ${size} bytes`;
    if (seconds < EARLIEST || seconds > LATEST) return `record of time ${seconds} (outside 1990..2100)`;
    const type = this.#view.getUint16(at + 4);
    const subtype = this.#view.getUint16(at + 6);
    if (!isKnownRecord(type, subtype) && this.#lastSeconds !== 0 && Math.abs(seconds - this.#lastSeconds) > NEAR) {
      return `record of unknown type ${type}, subtype ${subtype}, far from the time of the last`;
    }
    return null;
  }

  #take(seconds: number, size: number): MrtRecord {
    const at = this.#at;
    const record = this.#record;
    record.seconds = seconds;
    record.type = this.#view.getUint16(at + 4);
    record.subtype = this.#view.getUint16(at + 6);
    record.bytes = this.#buffer;
    record.view = this.#view;
    record.start = at + HEADER;
    record.end = at + HEADER + size;
    record.offset = this.#base + at;
    this.#at = record.end;
    this.#lastSeconds = seconds;
    return record;
  }

  #lost(bytes: number): void {
    this.#statistics.skippedBytes += bytes;
    this.#at += bytes;
  }

  #cutShort(left: number): void {
    this.#statistics.skip(this.#base + this.#at, 'file ends within a header');
    this.#lost(left);
  }

  /**
   * Looks for records hidden in the one that `next` gave last, before it goes on behind it.
   * @param from where in the record's bytes the search begins
   * @param why such as "its message is shorter"; null where the record is counted as skipped already
   */
  doubt(record: MrtRecord, from: number, why: string | null): void {
    if (from >= record.end || record.offset === this.#cleared) return;
    Object.assign(this.#doubtful, { at: from, end: record.end, offset: record.offset, given: true, why: why ?? '' });
    this.#at = from;
  }

  /** @returns false when more bytes are needed */
  #searchDoubtful(): boolean {
    const { end, offset, given, why } = this.#doubtful;
    for (let at = this.#doubtful.at; at < end; at++) {
      const isWhole = at + HEADER <= this.#length;
      if (isWhole && !this.#plausible(at)) continue;
      const next = isWhole ? at + HEADER + this.#view.getUint32(at + 8) : at;
      if (next + HEADER > this.#length && !this.#ended) {
        this.#doubtful.at = at;
        return false;
      }
      if (!isWhole || (next !== this.#length && !this.#plausible(next))) continue;
      const claimed = this.#base + end - offset - HEADER;
      if (why !== '') this.#statistics.skip(offset, `record of ${claimed} bytes holds others: ${why}`);
      this.#lost(at - this.#at);
      this.#doubtful.end = -1;
      return true;
    }
    this.#doubtful.end = -1;
    if (given) this.#at = end;
    else this.#cleared = offset;
    return true;
  }

  /** Moves to the next trustworthy header. @returns false when more bytes are needed */
  #search(): boolean {
    for (;;) {
      const left = this.#length - this.#at;
      if (left < HEADER) {
        if (this.#ended) this.#lost(left);
        return false;
      }
      if (this.#plausible(this.#at)) {
        const next = this.#at + HEADER + this.#view.getUint32(this.#at + 8);
        const known = next + HEADER <= this.#length;
        if (!known && !this.#ended) return false;
        if (next === this.#length || (known && this.#plausible(next))) {
          this.#searching = false;
          return true;
        }
      }
      this.#lost(1);
    }
  }

  /** @param near time of a record beside it, seconds; 0 where none is known */
  #plausible(at: number, near = this.#lastSeconds): boolean {
    if (at + HEADER > this.#length) return false;
    const seconds = this.#view.getUint32(at);
    if (seconds < EARLIEST || seconds > LATEST) return false;
    if (near !== 0 && Math.abs(seconds - near) > NEAR) return false;
    return (
      isKnownRecord(this.#view.getUint16(at + 4), this.#view.getUint16(at + 6)) &&
      this.#view.getUint32(at + 8) <= this.#maximum
    );
  }
}
