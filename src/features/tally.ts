import type { ByteReader, ByteWriter } from './byteStream.js';
import type { Ranked } from './row.js';
import { TallyRoom } from './tallyRoom.js';

/** Counts from here on are sorted where a rank is asked for; those below are counted by their value. */
const RARE_COUNT = 256;
/**
 * Ids that were first met together come together again, so their counts lie together: longer runs would get into each
 * other's way.
 */
const RUN_BITS = 2;
const RUN = (1 << RUN_BITS) - 1;
/** Slots of a new tally. */
const FEWEST = 64;
/** Of all tallies that count nothing yet: in most minutes some stay so. */
const NOTHING = new Int32Array(1);
/** Keys by their count, of one ranking at a time. */
const having = new Uint32Array(RARE_COUNT + 1);

/**
 * Counts by integer key (32 bits), bounded: exact up to `maximum` distinct keys. Beyond that half of the keys, those
 * with the smallest counts, are given up and their median is taken off the others (Misra-Gries in its batch form), so
 * a count is too low by at most total / (maximum / 2) and never too high.
 */
export class Tally {
  /** [keys x 2] a key and its count, in the order in which they came. */
  #entries: Int32Array = NOTHING;
  /** By hash, an entry + 1; 0 is free, as half of them are at least. */
  #slots: Int32Array = NOTHING;
  #size = 0;

  constructor(
    readonly maximum = 65_536,
    /** Slots that the first key brings. */
    private readonly capacity = FEWEST,
    private readonly room = new TallyRoom(),
  ) {}

  /** An empty one that has room at once for as many keys as this one has, for what is likely to take as many. */
  next(): Tally {
    let capacity = FEWEST;
    while (capacity < this.#size * 2) capacity *= 2;
    return new Tally(this.maximum, capacity, this.room);
  }

  get size(): number {
    return this.#size;
  }

  add(key: number, count: number): void {
    if (this.#slots === NOTHING) this.#makeRoom(this.capacity);
    const at = this.#find(key);
    const entry = this.#slots[at]!;
    if (entry !== 0) {
      this.#entries[2 * entry - 1]! += count;
      return;
    }
    this.#put(at, key, count);
    if (this.#size * 2 > this.#slots.length) this.#widen();
  }

  /** Reads where a key is looked for, and what is counted there, for several to be read side by side. */
  lookAt(key: number): number {
    const slots = this.#slots;
    const entry = slots[firstSlot(key, slots.length - 1)]!;
    return this.#entries[2 * Math.max(entry, 1) - 2]!;
  }

  get(key: number): number {
    const entry = this.#slots[this.#find(key)]!;
    return entry === 0 ? 0 : this.#entries[2 * entry - 1]!;
  }

  /** The key's slot, or the free one that it would take. Four keys in a row have slots in a row. */
  #find(key: number): number {
    const slots = this.#slots;
    const entries = this.#entries;
    const wanted = key | 0;
    const mask = slots.length - 1;
    let at = firstSlot(key, mask);
    for (let entry = slots[at]!; entry !== 0; entry = slots[at]!) {
      if (entries[2 * entry - 2] === wanted) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  #put(at: number, key: number, count: number): void {
    const entry = this.#size++;
    this.#entries[2 * entry] = key;
    this.#entries[2 * entry + 1] = count;
    this.#slots[at] = entry + 1;
  }

  /** It counts nothing from now on, and others count where it did. */
  release(): void {
    if (this.#slots !== NOTHING) this.room.give({ slots: this.#slots, entries: this.#entries });
    this.#slots = NOTHING;
    this.#entries = NOTHING;
    this.#size = 0;
  }

  /** Slots, and entries for half of them and the one that goes beyond. */
  #makeRoom(capacity: number): void {
    const { slots, entries } = this.room.take(capacity);
    this.#slots = slots;
    this.#entries = entries;
  }

  #widen(): void {
    const capacity = this.#slots.length;
    if (this.#size < this.maximum) {
      // four times as many at once: to move them is what most of the time goes into while a minute is young
      this.#rebuild(capacity * 4 <= this.maximum * 2 ? capacity * 4 : capacity * 2, 0);
      return;
    }
    const sorted = this.#counts().sort();
    this.#rebuild(capacity, sorted[sorted.length >> 1]!);
  }

  #rebuild(capacity: number, less: number): void {
    const before = this.#entries;
    const slots = this.#slots;
    const end = 2 * this.#size;
    this.#makeRoom(capacity);
    this.#size = 0;
    for (let from = 0; from < end; from += 2) {
      const count = before[from + 1]!;
      if (count > less) this.#put(this.#find(before[from]!), before[from]!, count - less);
    }
    this.room.give({ slots, entries: before });
  }

  #counts(least = 1): Int32Array {
    const entries = this.#entries;
    const counts = new Int32Array(this.#size);
    let found = 0;
    for (let at = 1; at < 2 * this.#size; at += 2) {
      const count = entries[at]!;
      if (count >= least) counts[found++] = count;
    }
    return counts.subarray(0, found);
  }

  /** Keys with their counts, in no order that matters. */
  *entries(): Generator<[key: number, count: number]> {
    for (let at = 0; at < 2 * this.#size; at += 2) yield [this.#entries[at]! >>> 0, this.#entries[at + 1]!];
  }

  /**
   * The `limit` greatest by falling count, then by name.
   * @param order a number for a key: of two names, that with the smaller one comes first; spares most names of equal counts
   * @param fewest smaller counts are left out
   */
  top(limit: number, name: (key: number) => string, order: (key: number) => number = () => 0, fewest = 1): Ranked[] {
    const least = Math.max(this.#countOfRank(limit), fewest);
    const entries = this.#entries;
    const ranked: Ranked[] = [];
    const ties: number[] = [];
    for (let at = 0; at < 2 * this.#size; at += 2) {
      const count = entries[at + 1]!;
      if (count < least) continue;
      const key = entries[at]! >>> 0;
      if (count === least) ties.push(key);
      else ranked.push({ name: name(key), count });
    }
    for (const key of firstByOrder(ties, limit - ranked.length, order)) ranked.push({ name: name(key), count: least });
    ranked.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return ranked.slice(0, limit);
  }

  /** The count of the key that comes so far down in the ranking, 1 where there are fewer. */
  #countOfRank(rank: number): number {
    if (this.#size <= rank) return 1;
    const entries = this.#entries;
    having.fill(0);
    for (let at = 1; at < 2 * this.#size; at += 2) having[Math.min(entries[at]!, RARE_COUNT)]!++;
    if (having[RARE_COUNT]! >= rank) {
      const high = this.#counts(RARE_COUNT).sort();
      return high[high.length - rank]!;
    }
    let count = RARE_COUNT;
    for (let above = having[count]!; above < rank; above += having[count]!) count--;
    return count;
  }

  write(writer: ByteWriter): void {
    const keys = new Uint32Array(this.#size);
    const counts = new Int32Array(this.#size);
    let at = 0;
    for (const [key, count] of this.entries()) {
      keys[at] = key;
      counts[at++] = count;
    }
    writer.number(this.#slots === NOTHING ? this.capacity : this.#slots.length);
    writer.column(keys);
    writer.column(counts);
  }

  read(reader: ByteReader): void {
    const capacity = reader.number();
    const keys = reader.column(Uint32Array);
    const counts = reader.column(Int32Array);
    this.#makeRoom(capacity);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) this.add(keys[i]!, counts[i]!);
  }
}

/** Of the keys those that may be among the first `count`: all up to the order of the last one that is. */
function firstByOrder(keys: number[], count: number, order: (key: number) => number): number[] {
  if (keys.length <= count) return keys;
  const orders = new Float64Array(keys.length);
  for (let at = 0; at < keys.length; at++) orders[at] = order(keys[at]!);
  const last = orderOfRank(orders, count);
  return keys.filter((_, at) => orders[at]! <= last);
}

/** The order that comes so far from the front. Ranks are few: most orders are only compared with the last of them. */
function orderOfRank(orders: Float64Array, rank: number): number {
  const first = orders.slice(0, rank).sort();
  for (let at = rank; at < orders.length; at++) {
    const order = orders[at]!;
    if (order >= first[rank - 1]!) continue;
    let to = rank - 1;
    for (; to > 0 && first[to - 1]! > order; to--) first[to] = first[to - 1]!;
    first[to] = order;
  }
  return first[rank - 1]!;
}

function firstSlot(key: number, mask: number): number {
  let hash = Math.imul(key >>> RUN_BITS, 0x9e3779b1);
  hash ^= hash >>> 15;
  return ((hash << RUN_BITS) | (key & RUN)) & mask;
}
