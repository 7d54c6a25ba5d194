import type { ByteReader, ByteWriter } from './byteStream.js';
import type { Ranked } from './row.js';

/**
 * Counts by integer key (32 bits), bounded: exact up to `maximum` distinct keys. Beyond that half of the keys, those
 * with the smallest counts, are given up and their median is taken off the others (Misra-Gries in its batch form), so
 * a count is too low by at most total / (maximum / 2) and never too high.
 */
export class Tally {
  #keys: Uint32Array;
  #counts: Int32Array;
  #size = 0;

  constructor(
    readonly maximum = 65_536,
    capacity = 64,
  ) {
    this.#keys = new Uint32Array(capacity);
    this.#counts = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  add(key: number, count: number): void {
    const slot = this.#slot(key);
    if (this.#counts[slot] === 0) {
      this.#keys[slot] = key;
      this.#size++;
    }
    this.#counts[slot]! += count;
    if (this.#size * 2 > this.#keys.length) this.#widen();
  }

  get(key: number): number {
    return this.#counts[this.#slot(key)]!;
  }

  #slot(key: number): number {
    const wanted = key >>> 0;
    const mask = this.#keys.length - 1;
    let hash = Math.imul(key, 0x9e3779b1);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    while (this.#counts[slot] !== 0 && this.#keys[slot] !== wanted) slot = (slot + 1) & mask;
    return slot;
  }

  #widen(): void {
    if (this.#size < this.maximum) {
      this.#rebuild(this.#keys.length * 2, 0);
      return;
    }
    const sorted = this.#counts.filter((count) => count > 0).sort();
    this.#rebuild(this.#keys.length, sorted[sorted.length >> 1]!);
  }

  #rebuild(capacity: number, less: number): void {
    const keys = this.#keys;
    const counts = this.#counts;
    this.#keys = new Uint32Array(capacity);
    this.#counts = new Int32Array(capacity);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) {
      if (counts[i]! <= less) continue;
      const slot = this.#slot(keys[i]!);
      this.#keys[slot] = keys[i]!;
      this.#counts[slot] = counts[i]! - less;
      this.#size++;
    }
  }

  /** Keys with their counts, in no order that matters. */
  *entries(): Generator<[key: number, count: number]> {
    for (let i = 0; i < this.#keys.length; i++) if (this.#counts[i]! > 0) yield [this.#keys[i]!, this.#counts[i]!];
  }

  /** The `limit` greatest by falling count, then by name. */
  top(limit: number, name: (key: number) => string): Ranked[] {
    const counts = this.#counts.filter((count) => count > 0).sort();
    const least = counts.length > limit ? counts[counts.length - limit]! : 1;
    const ranked: Ranked[] = [];
    for (const [key, count] of this.entries()) if (count >= least) ranked.push({ name: name(key), count });
    ranked.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return ranked.slice(0, limit);
  }

  write(writer: ByteWriter): void {
    const keys = new Uint32Array(this.#size);
    const counts = new Int32Array(this.#size);
    let at = 0;
    for (const [key, count] of this.entries()) {
      keys[at] = key;
      counts[at++] = count;
    }
    writer.number(this.#keys.length);
    writer.column(keys);
    writer.column(counts);
  }

  read(reader: ByteReader): void {
    const capacity = reader.number();
    const keys = reader.column(Uint32Array);
    const counts = reader.column(Int32Array);
    this.#keys = new Uint32Array(capacity);
    this.#counts = new Int32Array(capacity);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) this.add(keys[i]!, counts[i]!);
  }
}
