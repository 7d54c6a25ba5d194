import { formatPrefix, hashWords, IPV6_SHAPE, maskWords } from '../../bgp/address.js';
import { prefixTextOrder } from '../textOrder.js';
import { DenseTable } from './denseTable.js';
import { OWN_FIELDS } from './hashIndex.js';
import { PrefixLists } from './prefixLists.js';
import { Int32Records } from './segments.js';

/** Origins remembered for each prefix; the one seen longest ago makes room for a fifth. */
export const ORIGINS = 4;
/** Shorter covering prefixes are not looked for: defaults and bogons. */
const SHORTEST_COVERING_IPV4 = 8;
const SHORTEST_COVERING_IPV6 = 16;

/**
 * Fields of a prefix's record: its shape and words; entries of the route table that name it, withdrawn ones too; routes
 * announced and not withdrawn; the minutes in which it was first and last met; the origin of its latest announcement, 0
 * where there was none, or an AS set; and a place for each of its origins. All of it lies in two lines of the processor's
 * cache, since a message asks for nearly all of it.
 */
const SHAPE = OWN_FIELDS;
const WORDS = SHAPE + 1;
const REFERENCES = WORDS + 4;
const ACTIVE = REFERENCES + 1;
const FIRST = REFERENCES + 2;
const LAST = REFERENCES + 3;
const LAST_ORIGIN = REFERENCES + 4;
const PLACES = LAST_ORIGIN + 1;
const RECORD_BITS = 5;
/** Of a place: the network; the minute from which it is known, 0 when learnt while warming up; and when it was met last, 0 in an empty place. */
const NETWORK = 0;
const SINCE = 1;
const MET = 2;
const PLACE = 3;
const PLACES_END = PLACES + ORIGINS * PLACE;

/** Prefixes that are listed again before others get their turn. */
const LISTED_A_TURN = 1 << 15;

const masked = new Uint32Array(4);

/** Prefixes of a batch. */
interface PrefixColumns {
  readonly prefixShape: Uint8Array;
  readonly prefixWords: Uint32Array;
}

/** Prefixes with who originates them. A prefix leaves by the clock when no route refers to it any more. */
export class PrefixTable extends DenseTable {
  /** Prefixes given up so far by this table: ids looked up before the latest may be another prefix's now. */
  evictions = 0;
  /** Only there so that what `lookAhead` reads is not optimized away. */
  lookedAt = 0;
  #ahead = new Int32Array(0);
  #hashes = new Int32Array(0);
  /** Prefixes of each shape, so that absent lengths are not looked up. */
  readonly #ofShape = new Int32Array(256);
  readonly #records: Int32Records;
  /** Prefixes of each origin known, and of each first 8 bits: what follows from the columns, so that nobody need walk all. */
  readonly #byOrigin = new PrefixLists((id, origin) => this.isUsed(id) && this.originPlace(id, origin) >= 0);
  readonly #byTop = new PrefixLists((id, top) => this.isUsed(id) && this.#topOf(id) === top);

  constructor(maximum: number) {
    super(maximum, 1, new Int32Records(RECORD_BITS));
    this.#records = this.index.records;
  }

  shape(id: number): number {
    return this.#records.get(id, SHAPE);
  }

  /** One of its four words. */
  word(id: number, at: number): number {
    return this.#records.get(id, WORDS + at) >>> 0;
  }

  retain(id: number): void {
    this.#records.add(id, REFERENCES, 1);
  }

  release(id: number): void {
    this.#records.add(id, REFERENCES, -1);
  }

  activeRoutes(id: number): number {
    return this.#records.get(id, ACTIVE);
  }

  /** @returns how many there are now */
  addActiveRoutes(id: number, change: number): number {
    return this.#records.add(id, ACTIVE, change);
  }

  firstMinute(id: number): number {
    return this.#records.get(id, FIRST);
  }

  setFirstMinute(id: number, minute: number): void {
    this.#records.set(id, FIRST, minute);
  }

  lastMinute(id: number): number {
    return this.#records.get(id, LAST);
  }

  /** A message of this minute names it. */
  met(id: number, minute: number): void {
    if (minute > this.#records.get(id, LAST)) this.#records.set(id, LAST, minute);
  }

  lastOrigin(id: number): number {
    return this.#records.get(id, LAST_ORIGIN) >>> 0;
  }

  setLastOrigin(id: number, origin: number): void {
    this.#records.set(id, LAST_ORIGIN, origin);
  }

  /**
   * Reads what `intern` and what follows it will ask for, for several prefixes at once, which takes memory much less time
   * than one by one.
   * @returns what may be their ids, -1 where there is none; valid until the next call
   */
  lookAhead({ prefixShape, prefixWords: words }: PrefixColumns, from: number, to: number): Int32Array {
    const count = to - from;
    if (this.#ahead.length < count) {
      this.#ahead = new Int32Array(count);
      this.#hashes = new Int32Array(count);
    }
    const ids = this.#ahead;
    const hashes = this.#hashes;
    for (let at = 0; at < count; at++) {
      const w = (from + at) * 4;
      hashes[at] = hashWords(prefixShape[from + at]!, words[w]!, words[w + 1]!, words[w + 2]!, words[w + 3]!);
    }
    const { index } = this;
    index.firsts(hashes, 0, count, ids);
    const records = this.#records;
    let read = 0;
    for (let at = 0; at < count; at++) {
      let id = ids[at]!;
      while (id >= 0 && index.hash(id) !== hashes[at]) id = index.after(id);
      ids[at] = id;
      if (id >= 0) read ^= records.get(id, PLACES_END - 1);
    }
    this.lookedAt = read;
    return ids.subarray(0, count);
  }

  find(shape: number, w0: number, w1: number, w2: number, w3: number): number {
    return this.#find(hashWords(shape, w0, w1, w2, w3), shape, w0, w1, w2, w3);
  }

  #find(hash: number, shape: number, w0: number, w1: number, w2: number, w3: number): number {
    const { index } = this;
    const records = this.#records;
    for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      const record = records.segment(id);
      const at = records.place(id);
      if (
        record[at + WORDS] === (w0 | 0) &&
        record[at + SHAPE] === shape &&
        record[at + WORDS + 1] === (w1 | 0) &&
        record[at + WORDS + 2] === (w2 | 0) &&
        record[at + WORDS + 3] === (w3 | 0)
      ) {
        return id;
      }
    }
    return -1;
  }

  /**
   * @param minute of the message that names the prefix
   * @param oldestOpen minutes from here on are open and may still name evicted prefixes
   * @returns the prefix's id, or -1 when the table is full of prefixes in use
   */
  intern(shape: number, words: Uint32Array, at: number, minute: number, oldestOpen: number): number {
    const w0 = words[at]!;
    const w1 = words[at + 1]!;
    const w2 = words[at + 2]!;
    const w3 = words[at + 3]!;
    const hash = hashWords(shape, w0, w1, w2, w3);
    const known = this.#find(hash, shape, w0, w1, w2, w3);
    if (known >= 0) {
      this.met(known, minute);
      return known;
    }
    if (this.full && !this.#evict(oldestOpen)) return -1;
    const id = this.insert(hash);
    const record = this.#records.segment(id);
    const start = this.#records.place(id);
    record[start + SHAPE] = shape;
    record[start + WORDS] = w0;
    record[start + WORDS + 1] = w1;
    record[start + WORDS + 2] = w2;
    record[start + WORDS + 3] = w3;
    record[start + REFERENCES] = 0;
    record[start + ACTIVE] = 0;
    record[start + FIRST] = minute;
    record[start + LAST] = minute;
    record[start + LAST_ORIGIN] = 0;
    for (let place = PLACES; place < PLACES_END; place += PLACE) record[start + place + MET] = 0;
    this.#ofShape[shape]!++;
    this.#byTop.add(this.#topOf(id), id);
    return id;
  }

  #evict(oldestOpen: number): boolean {
    const id = this.nextEvictable(
      4096,
      (candidate) => this.#records.get(candidate, REFERENCES) === 0 && this.lastMinute(candidate) < oldestOpen,
    );
    if (id < 0) return false;
    this.#ofShape[this.shape(id)]!--;
    this.#byTop.outdated(1);
    this.#byOrigin.outdated(ORIGINS);
    this.remove(id);
    this.evictions++;
    return true;
  }

  /**
   * Notes that `origin` announced the prefix.
   * @param known minute from which the origin counts as known when it is new: 0 while warming up
   * @returns the minute from which the origin is known, or -1 when it is the first origin of the prefix
   */
  noteOrigin(id: number, origin: number, minute: number, known: number): number {
    const record = this.#records.segment(id);
    const from = this.#records.place(id) + PLACES;
    let oldest = from;
    let empty = true;
    for (let place = from; place < from + ORIGINS * PLACE; place += PLACE) {
      const met = record[place + MET]!;
      if (met !== 0) {
        empty = false;
        if (record[place + NETWORK] === (origin | 0)) {
          if (minute > met) record[place + MET] = minute;
          return record[place + SINCE]!;
        }
      }
      if (met < record[oldest + MET]!) oldest = place;
    }
    if (record[oldest + MET] !== 0) this.#byOrigin.outdated(1);
    record[oldest + NETWORK] = origin;
    record[oldest + SINCE] = empty ? 0 : known;
    record[oldest + MET] = minute;
    this.#byOrigin.add(origin, id);
    return empty ? -1 : known;
  }

  /**
   * Notes an origin by a table dump, where the order of the entries says nothing.
   * @param since minute from which the origin had the prefix at the latest
   */
  learnOrigin(id: number, origin: number, minute: number, since: number): void {
    const record = this.#records.segment(id);
    const from = this.#records.place(id) + PLACES;
    let oldest = from;
    for (let place = from; place < from + ORIGINS * PLACE; place += PLACE) {
      const met = record[place + MET]!;
      if (met !== 0 && record[place + NETWORK] === (origin | 0)) {
        if (since < record[place + SINCE]!) record[place + SINCE] = since;
        if (minute > met) record[place + MET] = minute;
        return;
      }
      if (met < record[oldest + MET]!) oldest = place;
    }
    // four origins of this very dump leave no room for a fifth
    if (record[oldest + MET]! >= minute) return;
    if (record[oldest + MET] !== 0) this.#byOrigin.outdated(1);
    record[oldest + NETWORK] = origin;
    record[oldest + SINCE] = since;
    record[oldest + MET] = minute;
    this.#byOrigin.add(origin, id);
  }

  /** The minute in which an origin was first met for the prefix; 0 when it was always there, or is not known. */
  originSince(id: number, origin: number): number {
    const place = this.originPlace(id, origin);
    return place < 0 ? 0 : this.since(id, place);
  }

  /** Origins of the prefix known before `minute`, without `except`, in rising order. */
  originsBefore(id: number, minute: number, except: number): number[] {
    const result: number[] = [];
    for (let place = 0; place < ORIGINS; place++) {
      const origin = this.origin(id, place);
      if (origin !== 0 && origin !== except && this.since(id, place) < minute) result.push(origin);
    }
    return result.sort((a, b) => a - b);
  }

  /** The network in one of a prefix's places, 0 where there is none. */
  origin(id: number, place: number): number {
    const record = this.#records.segment(id);
    const at = this.#records.place(id) + PLACES + place * PLACE;
    return record[at + MET] === 0 ? 0 : record[at + NETWORK]! >>> 0;
  }

  /** The minute from which the network in that place is known for the prefix, 0 when learnt while warming up. */
  since(id: number, place: number): number {
    return this.#records.get(id, PLACES + place * PLACE + SINCE);
  }

  /** The minute in which the network in that place announced the prefix last. */
  until(id: number, place: number): number {
    return this.#records.get(id, PLACES + place * PLACE + MET);
  }

  /** The longest active prefix that covers this one and was there before `minute`, or -1. */
  covering(id: number, minute: number): number {
    const shape = this.shape(id);
    const base = shape < IPV6_SHAPE ? 0 : IPV6_SHAPE;
    const shortest = base + (base === 0 ? SHORTEST_COVERING_IPV4 : SHORTEST_COVERING_IPV6);
    this.wordsOf(id, masked);
    for (let candidate = shape - 1; candidate >= shortest; candidate--) {
      if (this.#ofShape[candidate] === 0) continue;
      maskWords(candidate, masked);
      const found = this.find(candidate, masked[0]!, masked[1]!, masked[2]!, masked[3]!);
      if (found >= 0 && this.activeRoutes(found) > 0 && this.firstMinute(found) < minute) return found;
    }
    return -1;
  }

  /** Ids of the prefixes that have or had this origin, in rising order. */
  ofOrigin(origin: number): readonly number[] {
    return this.#byOrigin.of(origin);
  }

  /** Ids of the prefixes of one family with the first 8 bits of this one, in rising order. */
  besides(id: number): readonly number[] {
    return this.#byTop.of(this.#topOf(id));
  }

  #topOf(id: number): number {
    return (this.shape(id) < IPV6_SHAPE ? 0 : 256) + (this.word(id, 0) >>> 24);
  }

  /** Where a prefix remembers an origin, or -1. */
  originPlace(id: number, origin: number): number {
    for (let place = 0; place < ORIGINS; place++) if (this.origin(id, place) === origin) return place;
    return -1;
  }

  /** Fills `words` with the prefix's four. */
  wordsOf(id: number, words: Uint32Array): void {
    for (let word = 0; word < 4; word++) words[word] = this.word(id, word);
  }

  text(id: number): string {
    return formatPrefix(this.shape(id), this.word(id, 0), this.word(id, 1), this.word(id, 2), this.word(id, 3));
  }

  /** See prefixTextOrder. */
  textOrder(id: number): number {
    return prefixTextOrder(this.shape(id), this.word(id, 0), this.word(id, 1), this.word(id, 2), this.word(id, 3));
  }

  override *derived(): Generator<void> {
    yield* super.derived();
    this.#ofShape.fill(0);
    this.#byOrigin.empty();
    this.#byTop.empty();
    for (let id = 0; id < this.high; id++) {
      if (id % LISTED_A_TURN === LISTED_A_TURN - 1) yield;
      if (!this.isUsed(id)) continue;
      this.#ofShape[this.shape(id)]!++;
      this.#byTop.add(this.#topOf(id), id);
      for (let place = 0; place < ORIGINS; place++) {
        const origin = this.origin(id, place);
        if (origin !== 0) this.#byOrigin.add(origin, id);
      }
    }
  }
}
