import type { ByteReader, ByteWriter } from '../byteStream.js';
import { DenseIds } from './denseIds.js';
import { type HashIndex, OWN_FIELDS } from './hashIndex.js';
import { type Growing, Int32Records } from './segments.js';

/** A typed column of a table, a fixed number of values an id. */
export type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Large tables grow by a quarter: a doubled one may stand half empty for good. */
const LARGE = 1 << 20;
/** Ids gone through before others get their turn. */
const DERIVED_A_TURN = 1 << 18;

function nextCapacity(capacity: number): number {
  return capacity < LARGE ? capacity * 2 : capacity + (capacity >> 2);
}

/**
 * Entries with small dense ids, found by hash; ids of removed entries are used again (last freed first). Subclasses hold
 * the columns and compare keys: plain ones, which are copied when they grow, in tables that stay small, segmented ones in
 * those that do not. Everything that decides which id an entry gets is in the snapshot, so a restored table goes on
 * exactly as the original would have.
 */
export abstract class DenseTable {
  protected capacity: number;
  protected readonly index: HashIndex;
  readonly #ids: DenseIds;
  /** Ids below this have room in every column. */
  #reached = 0;
  #hand = 0;

  /** @param records in which the index keeps its part of an entry; where they are wider, the rest is the subclass's */
  constructor(
    readonly maximum: number,
    capacity = 1024,
    records = new Int32Records(OWN_FIELDS),
  ) {
    this.capacity = capacity;
    this.#ids = new DenseIds(records);
    this.index = this.#ids.index;
  }

  /** Ids below this have been given out at some time. */
  get high(): number {
    return this.#ids.high;
  }

  /** Live entries. */
  get size(): number {
    return this.#ids.count;
  }

  get full(): boolean {
    return this.size >= this.maximum;
  }

  /** Of all columns and the index, bytes. */
  get byteLength(): number {
    const columns = [...this.columns(), ...this.segmented(), this.#ids];
    return columns.reduce((sum, column) => sum + column.byteLength, 0);
  }

  isUsed(id: number): boolean {
    return this.#ids.isUsed(id);
  }

  protected columns(): Column[] {
    return [];
  }

  protected setColumns(_columns: Column[]): void {}

  /** Columns that grow without being copied. */
  protected segmented(): Growing[] {
    return [];
  }

  /** A fresh id for a key with this hash; the caller has found that the key is absent, and fills the columns. */
  protected insert(hash: number): number {
    const id = this.#ids.insert(hash);
    if (id >= this.#reached) this.#reach(id + 1);
    return id;
  }

  protected remove(id: number): void {
    this.#ids.remove(id);
  }

  /**
   * Moves the clock's hand to the next entry that `evictable` accepts, looking at most `looks` entries ahead.
   * @returns its id, or -1
   */
  protected nextEvictable(looks: number, evictable: (id: number) => boolean): number {
    for (let look = looks; look > 0; look--) {
      const id = this.#hand;
      this.#hand = id + 1 >= this.high ? 0 : id + 1;
      if (this.isUsed(id) && evictable(id)) return id;
    }
    return -1;
  }

  #reach(count: number): void {
    let reached = Number.POSITIVE_INFINITY;
    for (const column of this.segmented()) {
      column.reach(count);
      reached = Math.min(reached, column.room);
    }
    this.#widen(count);
    if (this.columns().length > 0) reached = Math.min(reached, this.capacity);
    this.#reached = reached;
  }

  #widen(count: number): void {
    if (count <= this.capacity) return;
    const before = this.capacity;
    while (this.capacity < count) this.capacity = nextCapacity(this.capacity);
    const wider = (column: Column): Column => {
      const length = (column.length / before) * this.capacity;
      const result = new (column.constructor as new (length: number) => Column)(length);
      result.set(column);
      return result;
    };
    this.setColumns(this.columns().map(wider));
  }

  /** What the columns alone do not say. */
  write(writer: ByteWriter): void {
    this.#ids.write(writer, this.#hand);
  }

  /** Makes room in plain columns for what `stored` is to be filled with; the others make theirs while they are filled. */
  read(reader: ByteReader): void {
    this.#hand = this.#ids.read(reader);
    this.#widen(this.high);
  }

  /** The columns as the bytes that they lie in: to be stored, or filled from what was stored. */
  *stored(): Generator<Iterable<Uint8Array>> {
    yield* this.#ids.stored();
    for (const { buffer, byteLength } of this.columns()) {
      yield [new Uint8Array(buffer, 0, (byteLength / this.capacity) * this.high)];
    }
    for (const column of this.segmented()) yield column.views(this.high);
  }

  /** Works out what follows from the columns after they were filled; gives others a turn now and then. */
  *derived(): Generator<void> {
    yield* this.#ids.derived(DERIVED_A_TURN);
  }
}
