import type { ByteReader, ByteWriter } from '../byteStream.js';
import { Int32Segments } from './segments.js';

const FEWEST_BUCKETS = 64;

/**
 * Finds ids by hash. Linear hashing (Litwin, 1980): each id added splits one bucket at most, so no growth ever indexes
 * everything anew. Ids of one bucket are chained; in which order they come decides nothing.
 */
export class HashIndex {
  /** By bucket, an id + 1; 0 ends the chain, here and in the entries. */
  readonly #heads = new Int32Segments();
  /** [ids x 2] the hash, and the next id of the chain; side by side, as they are read together. */
  readonly #entries = new Int32Segments();
  #count = 0;
  #buckets = FEWEST_BUCKETS;
  /** Buckets before this round of splits began, a power of two. */
  #round = FEWEST_BUCKETS;

  constructor() {
    this.#heads.reach(FEWEST_BUCKETS);
  }

  get byteLength(): number {
    return this.#heads.byteLength + this.#entries.byteLength;
  }

  /** The first id that may have this hash, or -1; `after` gives the others. */
  first(hash: number): number {
    return this.#heads.get(this.#bucket(hash)) - 1;
  }

  after(id: number): number {
    return this.#entries.get(2 * id + 1) - 1;
  }

  hash(id: number): number {
    return this.#entries.get(2 * id);
  }

  add(id: number, hash: number): void {
    this.#entries.reach(2 * (id + 1));
    this.#entries.set(2 * id, hash);
    if (++this.#count > this.#buckets) this.#split();
    this.#push(this.#bucket(this.hash(id)), id);
  }

  remove(id: number): void {
    this.#count--;
    const bucket = this.#bucket(this.hash(id));
    const behind = this.#entries.get(2 * id + 1);
    let before = this.#heads.get(bucket) - 1;
    if (before === id) {
      this.#heads.set(bucket, behind);
      return;
    }
    for (let next = this.after(before); next !== id; next = this.after(before)) before = next;
    this.#entries.set(2 * before + 1, behind);
  }

  write(writer: ByteWriter): void {
    for (const value of [this.#count, this.#buckets, this.#round]) writer.number(value);
  }

  read(reader: ByteReader): void {
    this.#count = reader.number();
    this.#buckets = reader.number();
    this.#round = reader.number();
  }

  /** For ids below `high`: the index is stored as it is, so that nothing need be indexed again. */
  *stored(high: number): Generator<Uint8Array[]> {
    yield this.#heads.views(this.#buckets);
    yield this.#entries.views(2 * high);
  }

  #bucket(hash: number): number {
    const bucket = hash & (2 * this.#round - 1);
    return bucket < this.#buckets ? bucket : bucket & (this.#round - 1);
  }

  #push(bucket: number, id: number): void {
    this.#entries.set(2 * id + 1, this.#heads.get(bucket));
    this.#heads.set(bucket, id + 1);
  }

  #split(): void {
    const bucket = this.#buckets - this.#round;
    let id = this.#heads.get(bucket) - 1;
    this.#heads.set(bucket, 0);
    this.#buckets++;
    this.#heads.reach(this.#buckets);
    while (id >= 0) {
      const next = this.after(id);
      this.#push(this.#bucket(this.hash(id)), id);
      id = next;
    }
    if (this.#buckets === 2 * this.#round) this.#round = this.#buckets;
  }
}
