import type { ByteReader, ByteWriter } from '../byteStream.js';

/** A typed column of a table, one value an id. */
export type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Large tables grow by a quarter: a doubled one may stand half empty for good. */
const LARGE = 1 << 20;

function nextCapacity(capacity: number): number {
  return capacity < LARGE ? capacity * 2 : capacity + (capacity >> 2);
}

/** A power of two, 1.5 to 3 times the entries. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 1.5));
}

/**
 * Entries with small dense ids, found by hash: open addressing over ids with linear probing, ids of removed entries are
 * used again (last freed first). Subclasses hold the columns and compare keys. Everything that decides which id an entry
 * gets is in the snapshot, so a restored table goes on exactly as the original would have.
 */
export abstract class DenseTable {
  /** Ids below this have been given out at some time. */
  high = 0;
  protected capacity: number;
  protected slots: Int32Array;
  protected hashes: Int32Array;
  #used: Uint8Array;
  #free: Int32Array = new Int32Array(16);
  #freeCount = 0;
  #hand = 0;

  constructor(
    readonly maximum: number,
    capacity = 1024,
  ) {
    this.capacity = capacity;
    this.slots = new Int32Array(capacity * 2).fill(-1);
    this.hashes = new Int32Array(capacity);
    this.#used = new Uint8Array(capacity);
  }

  /** Live entries. */
  get size(): number {
    return this.high - this.#freeCount;
  }

  get full(): boolean {
    return this.size >= this.maximum;
  }

  /** Of all columns and the index, bytes. */
  get byteLength(): number {
    const columns = this.columns().reduce((sum, column) => sum + column.byteLength, 0);
    return columns + this.slots.byteLength + this.hashes.byteLength + this.#used.byteLength + this.#free.byteLength;
  }

  isUsed(id: number): boolean {
    return id >= 0 && id < this.high && this.#used[id] === 1;
  }

  protected abstract columns(): Column[];
  protected abstract setColumns(columns: Column[]): void;

  /** A fresh id for a key with this hash; the caller has found that the key is absent, and fills the columns. */
  protected insert(hash: number): number {
    let id: number;
    if (this.#freeCount > 0) id = this.#free[--this.#freeCount]!;
    else {
      if (this.high === this.capacity) this.#grow();
      id = this.high++;
    }
    this.hashes[id] = hash;
    this.#used[id] = 1;
    this.#place(id, hash);
    return id;
  }

  protected remove(id: number): void {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let slot = hashes[id]! & mask;
    while (slots[slot] !== id) slot = (slot + 1) & mask;
    // close the hole: move back what was pushed past it
    let hole = slot;
    for (let next = (slot + 1) & mask; slots[next] !== -1; next = (next + 1) & mask) {
      const home = hashes[slots[next]!]! & mask;
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole] = slots[next]!;
        hole = next;
      }
    }
    slots[hole] = -1;
    this.#used[id] = 0;
    if (this.#freeCount === this.#free.length) {
      const free = new Int32Array(this.#free.length * 2);
      free.set(this.#free);
      this.#free = free;
    }
    this.#free[this.#freeCount++] = id;
  }

  /**
   * Moves the clock's hand to the next entry that `evictable` accepts, looking at most `looks` entries ahead.
   * @returns its id, or -1
   */
  protected nextEvictable(looks: number, evictable: (id: number) => boolean): number {
    for (let look = looks; look > 0; look--) {
      const id = this.#hand;
      this.#hand = id + 1 >= this.high ? 0 : id + 1;
      if (this.#used[id] === 1 && evictable(id)) return id;
    }
    return -1;
  }

  #place(id: number, hash: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== -1) slot = (slot + 1) & mask;
    this.slots[slot] = id;
  }

  #grow(): void {
    this.#resize(nextCapacity(this.capacity));
    if (slotsFor(this.capacity) !== this.slots.length) this.#rebuild();
  }

  #resize(capacity: number): void {
    this.capacity = capacity;
    const wider = (column: Column, per: number): Column => {
      const result = new (column.constructor as new (length: number) => Column)(capacity * per);
      result.set(column);
      return result;
    };
    const before = this.hashes.length;
    const hashes = new Int32Array(capacity);
    hashes.set(this.hashes);
    const used = new Uint8Array(capacity);
    used.set(this.#used);
    this.setColumns(this.columns().map((column) => wider(column, column.length / before)));
    this.hashes = hashes;
    this.#used = used;
  }

  #rebuild(): void {
    this.slots = new Int32Array(slotsFor(this.capacity)).fill(-1);
    for (let id = 0; id < this.high; id++) if (this.#used[id] === 1) this.#place(id, this.hashes[id]!);
  }

  write(writer: ByteWriter): void {
    writer.number(this.high);
    writer.number(this.#hand);
    writer.column(this.#free.subarray(0, this.#freeCount));
    writer.column(this.hashes.subarray(0, this.high));
    for (const column of this.columns()) {
      writer.column(column.subarray(0, (column.length / this.capacity) * this.high));
    }
  }

  read(reader: ByteReader): void {
    this.high = reader.number();
    this.#hand = reader.number();
    const free = reader.column(Int32Array);
    const hashes = reader.column(Int32Array);
    let capacity = this.capacity;
    while (capacity < this.high) capacity = nextCapacity(capacity);
    this.#resize(capacity);
    this.hashes.set(hashes);
    this.#used.fill(1, 0, this.high);
    for (const id of free) this.#used[id] = 0;
    this.#freeCount = free.length;
    this.#free = new Int32Array(Math.max(16, free.length));
    this.#free.set(free);
    const columns = this.columns().map((column) => {
      const stored = reader.column(column.constructor as typeof Uint32Array) as Uint32Array<ArrayBuffer>;
      // a column that nothing needed yet is empty
      const isNew = column.length === 0 && stored.length > 0;
      const whole = isNew ? new (column.constructor as new (length: number) => Column)(this.capacity) : column;
      whole.set(stored);
      return whole;
    });
    this.setColumns(columns);
    this.#rebuild();
  }
}
