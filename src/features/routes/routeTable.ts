import type { ByteReader, ByteWriter } from '../byteStream.js';
import { BlockArena } from './blockArena.js';
import {
  Int32Records,
  Int32Segments,
  placeIn,
  SEGMENT,
  segmentOf,
  Uint16Segments,
  Uint32Segments,
} from './segments.js';

/** Path of a route that was withdrawn: kept to know a second withdrawal from a first. */
export const WITHDRAWN = -1;
/** Peers that a route can name: 15 bits, beside one that says whether the route was looked at. */
export const MOST_PEERS = 1 << 15;

const PEER = MOST_PEERS - 1;
const TOUCHED = MOST_PEERS;
const GRAIN = 4;
/** Fields of a prefix's block. */
const START = 0;
const COUNT = 1;
const BLOCK = 2;
/** Routes in a line of the processor's cache, and of one prefix that are read ahead. */
const LINE = 16;
const MOST_LOOKED_AT = 128;
/** Routes of one prefix that are searched one by one. */
const FEW = 16;
/** Routes to one prefix; with path identifiers a peer may send any number. */
const MOST_OF_PREFIX = SEGMENT;
/** Entries looked at for one to give up, so that no search takes long; then the next one goes. */
const LOOKS = 1 << 20;

/** Places of a block of so many routes: a few more than needed, so that most routes that come find room. */
function roomFor(count: number): number {
  const step = count <= 32 ? GRAIN : count <= 256 ? 16 : 64;
  return (count + step - 1) & -step;
}

/**
 * The latest route of each peer, prefix and path identifier (Adj-RIB-In, RFC 4271, 3.2). The routes to one prefix lie
 * together, in the order of their peers: six bytes each, the peer and either the path or the minute of the withdrawal.
 * A route's place holds until the next `add` or `drop`. When the table is full, the clock's hand goes over the prefixes
 * and takes the next route that was not touched since its last pass; withdrawn ones get no second chance.
 */
export class RouteTable {
  size = 0;
  /** Peers, with a mark on those looked at. */
  readonly #keys = new Uint16Segments();
  /** A path, or -1 - the minute of the withdrawal. */
  readonly #values = new Int32Segments();
  /** Path identifiers (RFC 7911); null until a route has one. */
  #pathIds: Uint32Segments | null = null;
  /** By prefix, its first place and its routes. */
  readonly #blocks = new Int32Records(BLOCK);
  readonly #arena = new BlockArena(GRAIN);
  /** Prefixes below this may have routes. */
  #prefixes = 0;
  /** Only there so that what `lookAhead` reads is not optimized away. */
  lookedAt = 0;
  #ahead = new Int32Array(0);
  #handPrefix = 0;
  #handIndex = 0;

  constructor(readonly maximum: number) {}

  get full(): boolean {
    return this.size >= this.maximum;
  }

  get byteLength(): number {
    const columns = [this.#keys, this.#values, this.#blocks];
    return columns.reduce((sum, column) => sum + column.byteLength, this.#pathIds?.byteLength ?? 0);
  }

  /** Reads what `find` will ask for of several prefixes, those of `ids` from `from` to `to`, at once; see PrefixTable. */
  lookAhead(ids: Int32Array, from: number, to: number): void {
    if (this.#ahead.length < to - from) this.#ahead = new Int32Array(to - from);
    const starts = this.#ahead;
    for (let at = from; at < to; at++) {
      starts[at - from] = this.#countOf(ids[at]!) > 0 ? this.#blocks.get(ids[at]!, START) : -1;
    }
    let read = 0;
    for (let at = from; at < to; at++) {
      const start = starts[at - from]!;
      if (start < 0) continue;
      const end = start + Math.min(this.#blocks.get(ids[at]!, COUNT), MOST_LOOKED_AT);
      for (let place = start; place < end; place += LINE) read ^= this.#keys.get(place) ^ this.#values.get(place);
    }
    this.lookedAt = read;
  }

  /** @returns the route's place; if missing, a negative number that `add` understands */
  find(peer: number, prefix: number, pathId: number): number {
    const index = this.#search(peer, prefix, pathId);
    if (index < 0) return index;
    const at = this.#blocks.get(prefix, START) + index;
    this.#keys.set(at, peer | TOUCHED);
    return at;
  }

  /** Whether the prefix has as many routes as it can, so that one of them must go for another to come. */
  crowded(prefix: number): boolean {
    return this.#countOf(prefix) >= MOST_OF_PREFIX;
  }

  /**
   * Adds a withdrawn route; neither the table nor the prefix may be full.
   * @param sought what `find` said of it, with no route added or dropped since
   */
  add(peer: number, prefix: number, pathId: number, sought: number): number {
    if (pathId !== 0 && this.#pathIds === null) {
      this.#pathIds = new Uint32Segments();
      this.#pathIds.reach(this.#arena.end);
      // sought while none had a path identifier, it may belong behind another route of its peer
      return this.add(peer, prefix, pathId, this.#search(peer, prefix, pathId));
    }
    this.#reach(prefix);
    const index = -1 - sought;
    const count = this.#blocks.get(prefix, COUNT);
    if (count === 0 || roomFor(count) < count + 1) this.#move(prefix, count, roomFor(count + 1));
    const start = this.#blocks.get(prefix, START);
    this.#shift(start + index, start + index + 1, count - index);
    this.#blocks.set(prefix, COUNT, count + 1);
    this.size++;
    const at = start + index;
    this.#keys.set(at, peer | TOUCHED);
    this.#values.set(at, WITHDRAWN);
    this.#pathIds?.set(at, pathId);
    return at;
  }

  /** Whether `addAll` can take so many routes to the prefix: it has none, and there is room. */
  takes(prefix: number, count: number): boolean {
    return this.#countOf(prefix) === 0 && count <= MOST_OF_PREFIX && this.size + count <= this.maximum;
  }

  /** Adds a prefix's first routes, where it `takes` them; peers rise, and each has one route without a path identifier. */
  addAll(prefix: number, peers: Int32Array, paths: Int32Array, count: number): void {
    this.#reach(prefix);
    this.#move(prefix, 0, roomFor(count));
    const start = this.#blocks.get(prefix, START);
    const keys = this.#keys.segments[segmentOf(start)]!;
    const values = this.#values.segments[segmentOf(start)]!;
    const place = placeIn(start);
    for (let at = 0; at < count; at++) {
      keys[place + at] = peers[at]! | TOUCHED;
      values[place + at] = paths[at]!;
      this.#pathIds?.set(start + at, 0);
    }
    this.#blocks.set(prefix, COUNT, count);
    this.size += count;
  }

  /** The route's path, or WITHDRAWN. */
  path(at: number): number {
    const value = this.#values.get(at);
    return value < 0 ? WITHDRAWN : value;
  }

  setPath(at: number, path: number): void {
    this.#values.set(at, path);
  }

  withdraw(at: number, minute: number): void {
    this.#values.set(at, -1 - minute);
  }

  /** When a withdrawn route was withdrawn, 0 when it never was there. */
  withdrawnMinute(at: number): number {
    return -1 - this.#values.get(at);
  }

  peer(at: number): number {
    return this.#keys.get(at) & PEER;
  }

  /** Present routes, by prefix and then by peer. */
  *present(): Generator<{ prefix: number; peer: number; path: number }> {
    for (let prefix = 0; prefix < this.#prefixes; prefix++) {
      const start = this.#blocks.get(prefix, START);
      for (let at = start; at < start + this.#blocks.get(prefix, COUNT); at++) {
        const path = this.#values.get(at);
        if (path >= 0) yield { prefix, peer: this.peer(at), path };
      }
    }
  }

  /** The entry to give up next, one of the prefix itself where that is crowded. */
  victim(crowded: number): { prefix: number; at: number } {
    if (this.crowded(crowded)) return { prefix: crowded, at: this.#blocks.get(crowded, START) + MOST_OF_PREFIX - 1 };
    for (let looks = LOOKS; ; looks--) {
      const prefix = this.#handPrefix;
      if (this.#handIndex >= this.#countOf(prefix)) {
        this.#handPrefix = prefix + 1 >= this.#prefixes ? 0 : prefix + 1;
        this.#handIndex = 0;
        continue;
      }
      const at = this.#blocks.get(prefix, START) + this.#handIndex;
      const key = this.#keys.get(at);
      if (this.#values.get(at) < 0 || (key & TOUCHED) === 0 || looks <= 0) return { prefix, at };
      this.#keys.set(at, key & PEER);
      this.#handIndex++;
    }
  }

  drop(prefix: number, at: number): void {
    const start = this.#blocks.get(prefix, START);
    const count = this.#blocks.get(prefix, COUNT) - 1;
    this.#shift(at + 1, at, start + count - at);
    this.#blocks.set(prefix, COUNT, count);
    this.size--;
    if (count === 0) this.#arena.release(start, roomFor(1));
    else if (roomFor(count) < roomFor(count + 1)) this.#move(prefix, count, roomFor(count), roomFor(count + 1));
  }

  write(writer: ByteWriter): void {
    for (const value of [this.size, this.#prefixes, this.#handPrefix, this.#handIndex]) writer.number(value);
    writer.number(this.#pathIds === null ? 0 : 1);
    this.#arena.write(writer);
  }

  read(reader: ByteReader): void {
    this.size = reader.number();
    this.#prefixes = reader.number();
    this.#handPrefix = reader.number();
    this.#handIndex = reader.number();
    this.#pathIds = reader.number() === 1 ? new Uint32Segments() : null;
    this.#arena.read(reader);
  }

  *stored(): Generator<Iterable<Uint8Array>> {
    yield this.#blocks.views(this.#prefixes);
    yield this.#keys.views(this.#arena.end);
    yield this.#values.views(this.#arena.end);
    yield this.#pathIds?.views(this.#arena.end) ?? [];
  }

  #reach(prefix: number): void {
    if (prefix < this.#prefixes) return;
    this.#prefixes = prefix + 1;
    this.#blocks.reach(this.#prefixes);
  }

  #countOf(prefix: number): number {
    return prefix >= 0 && prefix < this.#prefixes ? this.#blocks.get(prefix, COUNT) : 0;
  }

  /** @returns the index in the prefix's block, or -1 - the index at which it would stand */
  #search(peer: number, prefix: number, pathId: number): number {
    if (prefix < 0 || prefix >= this.#prefixes) return -1;
    const block = this.#blocks.segmentOf(prefix);
    const place = this.#blocks.placeOf(prefix);
    const count = block[place + COUNT]!;
    if (count === 0) return -1;
    const start = block[place + START]!;
    const keys = this.#keys.segments[segmentOf(start)]!;
    const first = placeIn(start);
    const ids = this.#pathIds?.segments[segmentOf(start)];
    let low = 0;
    let high = count;
    // a table dump names peers in order
    if ((keys[first + count - 1]! & PEER) < peer) return -1 - count;
    // a few are gone through faster than halved: which half it is cannot be foreseen
    if (count <= FEW && ids === undefined) {
      while ((keys[first + low]! & PEER) < peer) low++;
    } else {
      while (low < high) {
        const middle = (low + high) >>> 1;
        const key = keys[first + middle]! & PEER;
        if (key < peer || (key === peer && ids !== undefined && ids[first + middle]! < pathId)) low = middle + 1;
        else high = middle;
      }
    }
    if (low === count || (keys[first + low]! & PEER) !== peer) return -1 - low;
    return (ids === undefined ? 0 : ids[first + low]!) === pathId ? low : -1 - low;
  }

  /** Gives the prefix's `count` routes a block of `room` places. */
  #move(prefix: number, count: number, room: number, roomBefore = roomFor(count)): void {
    const from = this.#blocks.get(prefix, START);
    const to = this.#arena.take(room);
    this.#keys.reach(this.#arena.end);
    this.#values.reach(this.#arena.end);
    this.#pathIds?.reach(this.#arena.end);
    this.#blocks.set(prefix, START, to);
    if (count === 0) return;
    this.#shift(from, to, count);
    this.#arena.release(from, roomBefore);
  }

  /** Copies routes to places of the same block or of another. */
  #shift(from: number, to: number, count: number): void {
    if (count === 0) return;
    this.#keys.copy(from, to, count);
    this.#values.copy(from, to, count);
    this.#pathIds?.copy(from, to, count);
  }
}
