import type { ByteReader, ByteWriter } from '../byteStream.js';
import { HashIndex } from './hashIndex.js';
import { type Int32Records, Int32Segments, Uint8Segments } from './segments.js';

/**
 * Small dense ids, found by hash; ids that were let go are used again (last freed first). All tables share this one
 * class, so that the compiler knows whose fields it reads: in a method inherited by five tables it would not.
 */
export class DenseIds {
  /** Ids below this have been given out at some time. */
  high = 0;
  readonly index: HashIndex;
  readonly #used = new Uint8Segments();
  readonly #free = new Int32Segments();
  #freeCount = 0;

  constructor(records: Int32Records) {
    this.index = new HashIndex(records);
  }

  get count(): number {
    return this.high - this.#freeCount;
  }

  get byteLength(): number {
    return this.index.byteLength + this.#used.byteLength + this.#free.byteLength;
  }

  isUsed(id: number): boolean {
    return id >= 0 && id < this.high && this.#used.get(id) === 1;
  }

  insert(hash: number): number {
    let id: number;
    if (this.#freeCount > 0) id = this.#free.get(--this.#freeCount);
    else {
      id = this.high++;
      this.#used.reach(this.high);
    }
    this.#used.set(id, 1);
    this.index.add(id, hash);
    return id;
  }

  remove(id: number): void {
    this.index.remove(id);
    this.#used.set(id, 0);
    this.#free.reach(this.#freeCount + 1);
    this.#free.set(this.#freeCount++, id);
  }

  /** @param hand where its owner goes on looking for entries to give up */
  write(writer: ByteWriter, hand: number): void {
    writer.number(this.high);
    writer.number(hand);
    writer.number(this.#freeCount);
    this.index.write(writer);
  }

  /** @returns the owner's hand */
  read(reader: ByteReader): number {
    this.high = reader.number();
    const hand = reader.number();
    this.#freeCount = reader.number();
    this.index.read(reader);
    this.#used.reach(this.high);
    return hand;
  }

  *stored(): Generator<Iterable<Uint8Array>> {
    yield* this.index.stored(this.high);
    yield this.#free.views(this.#freeCount);
  }

  /** Works out from what was stored which ids are used; gives others a turn after so many. */
  *derived(aTurn: number): Generator<void> {
    for (let id = 0; id < this.high; id++) {
      this.#used.set(id, 1);
      if (id % aTurn === aTurn - 1) yield;
    }
    for (let at = 0; at < this.#freeCount; at++) this.#used.set(this.#free.get(at), 0);
  }
}
