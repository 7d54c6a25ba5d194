import type { ByteReader, ByteWriter } from '../byteStream.js';
import { Int32Records, Int32Segments } from './segments.js';

const FEWEST_BUCKETS = 64;
/** Divides any number of buckets there are. */
const SPLIT_AT_ONCE = 64;
/** Fields of a record that are the index's own. */
export const HASH = 0;
const NEXT = 1;
/** Nothing is known of which id has a hash. */
export const UNKNOWN = -1;
/** None has, and the chain was empty; for one that began with an id, so much less. */
const ABSENT_FROM_NONE = -2;
/** Fields from here on are the table's, where its records are wide enough to have any. */
export const OWN_FIELDS = 2;

/**
 * Finds ids by hash. Linear hashing (Litwin, 1980): ids added split some buckets, so no growth ever indexes everything
 * anew. Ids of one bucket are chained; in which order they come decides nothing.
 */
export class HashIndex {
  /** By bucket, an id + 1; 0 ends the chain, here and in the records. */
  readonly #heads = new Int32Segments();
  /** While buckets are split: those whose chains go on, what comes next of each, and the heads of those that stay and that go. */
  readonly #walked = new Int32Array(SPLIT_AT_ONCE);
  readonly #behind = new Int32Array(SPLIT_AT_ONCE);
  readonly #ends = new Int32Array(2 * SPLIT_AT_ONCE);
  /** Only there so that what is read ahead is not optimized away. */
  lookedAt = 0;
  #count = 0;
  #buckets = FEWEST_BUCKETS;
  /** Buckets before this round of splits began, a power of two. */
  #round = FEWEST_BUCKETS;

  /** @param records by id the hash, the next id of the chain, and what the table keeps beside them */
  constructor(readonly records = new Int32Records(OWN_FIELDS)) {
    this.#heads.reach(FEWEST_BUCKETS);
  }

  get byteLength(): number {
    return this.#heads.byteLength + this.records.byteLength;
  }

  /** The first id that may have this hash, or -1; `after` gives the others. */
  first(hash: number): number {
    return this.#heads.get(this.#bucket(hash)) - 1;
  }

  /**
   * The first ids that have these hashes. Looked up side by side, the processor waits for memory once for several.
   * @param ids takes them; for a missing one, what `isAbsent` understands
   */
  withHashes(hashes: Int32Array, from: number, to: number, ids: Int32Array): void {
    if (this.#count === 0) {
      ids.fill(UNKNOWN, from, to);
      return;
    }
    const { records } = this;
    for (let at = from; at < to; at++) ids[at] = this.first(hashes[at]!);
    // with a branch that hangs on what is read, the processor would wait for one after another
    let read = 0;
    for (let at = from; at < to; at++) read ^= records.get(Math.max(ids[at]!, 0), HASH);
    this.lookedAt = read;
    for (let at = from; at < to; at++) {
      const hash = hashes[at]!;
      const first = ids[at]!;
      let id = first;
      while (id >= 0) {
        const record = records.segmentOf(id);
        const place = records.placeOf(id);
        if (record[place + HASH] === hash) break;
        id = record[place + NEXT]! - 1;
      }
      ids[at] = id >= 0 ? id : ABSENT_FROM_NONE - 1 - first;
    }
  }

  /** Whether no id has the hash, for which `withHashes` found none: so it is while its chain begins with the same id. */
  isAbsent(hash: number, found: number): boolean {
    return found <= ABSENT_FROM_NONE && this.first(hash) === ABSENT_FROM_NONE - 1 - found;
  }

  after(id: number): number {
    return this.records.get(id, NEXT) - 1;
  }

  hash(id: number): number {
    return this.records.get(id, HASH);
  }

  add(id: number, hash: number): void {
    this.records.reach(id + 1);
    this.records.set(id, HASH, hash);
    if (++this.#count > this.#buckets) this.#splitSome();
    this.#push(this.#bucket(hash), id);
  }

  remove(id: number): void {
    this.#count--;
    const bucket = this.#bucket(this.hash(id));
    const behind = this.records.get(id, NEXT);
    let before = this.#heads.get(bucket) - 1;
    if (before === id) {
      this.#heads.set(bucket, behind);
      return;
    }
    for (let next = this.after(before); next !== id; next = this.after(before)) before = next;
    this.records.set(before, NEXT, behind);
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
  *stored(high: number): Generator<Iterable<Uint8Array>> {
    yield this.#heads.views(this.#buckets);
    yield this.records.views(high);
  }

  #bucket(hash: number): number {
    const bucket = hash & (2 * this.#round - 1);
    // those not split yet begin a round lower; which it is cannot be foreseen, so nothing branches
    return bucket - (this.#round & ((this.#buckets - 1 - bucket) >> 31));
  }

  #push(bucket: number, id: number): void {
    this.records.set(id, NEXT, this.#heads.get(bucket));
    this.#heads.set(bucket, id + 1);
  }

  /**
   * Splits the next buckets, those that follow one another. Their chains are walked side by side, an id of each at a time:
   * the processor then waits for memory once for several, and in one walk each id gets its place.
   */
  #splitSome(): void {
    const { records } = this;
    const [walked, behind, ends] = [this.#walked, this.#behind, this.#ends];
    const round = this.#round;
    const roundBits = 31 - Math.clz32(round);
    const from = this.#buckets - round;
    this.#buckets += SPLIT_AT_ONCE;
    this.#heads.reach(this.#buckets);
    let left = 0;
    for (let at = 0; at < SPLIT_AT_ONCE; at++) {
      const head = this.#heads.get(from + at);
      behind[at] = head;
      walked[left] = at;
      left += isSome(head);
    }
    // whoever is in a bucket stays in it or goes to the new one, which is empty: which it is cannot be foreseen
    ends.fill(0);
    while (left > 0) {
      let read = 0;
      for (let chain = 0; chain < left; chain++) read ^= this.after(behind[walked[chain]!]! - 1);
      this.lookedAt = read;
      let longer = 0;
      for (let chain = 0; chain < left; chain++) {
        const at = walked[chain]!;
        const id = behind[at]! - 1;
        const record = records.segmentOf(id);
        const place = records.placeOf(id);
        const next = record[place + NEXT]!;
        const end = at + ((record[place + HASH]! >>> roundBits) & 1) * SPLIT_AT_ONCE;
        record[place + NEXT] = ends[end]!;
        ends[end] = id + 1;
        behind[at] = next;
        walked[longer] = at;
        longer += isSome(next);
      }
      left = longer;
    }
    for (let at = 0; at < SPLIT_AT_ONCE; at++) {
      this.#heads.set(from + at, ends[at]!);
      this.#heads.set(from + round + at, ends[SPLIT_AT_ONCE + at]!);
    }
    if (this.#buckets === 2 * round) this.#round = this.#buckets;
  }
}

/** 1 for an id + 1, 0 for the end of a chain, without a branch: the processor would have to wait for memory to know which. */
function isSome(next: number): number {
  return -next >>> 31;
}
