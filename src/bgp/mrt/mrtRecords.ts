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
 * allowed) is damage: the next place where a known header stands, followed by another or by the end, is searched.
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
      if (damage === null) return this.#take(seconds, size);
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

  #plausible(at: number): boolean {
    const seconds = this.#view.getUint32(at);
    if (seconds < EARLIEST || seconds > LATEST) return false;
    if (this.#lastSeconds !== 0 && Math.abs(seconds - this.#lastSeconds) > NEAR) return false;
    return (
      isKnownRecord(this.#view.getUint16(at + 4), this.#view.getUint16(at + 6)) &&
      this.#view.getUint32(at + 8) <= this.#maximum
    );
  }
}
