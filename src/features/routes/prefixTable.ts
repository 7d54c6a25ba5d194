import { hashWords, IPV6_SHAPE, maskWords } from '../../bgp/address.js';
import { PrefixLists } from './prefixLists.js';
import { ORIGINS, PrefixRecords } from './prefixRecords.js';

/** Shorter covering prefixes are not looked for: defaults and bogons. */
const SHORTEST_COVERING_IPV4 = 8;
const SHORTEST_COVERING_IPV6 = 16;

/** Prefixes that are listed again before others get their turn. */
const LISTED_A_TURN = 1 << 15;

/** Most prefixes whose places are read side by side: more than the processor waits for at a time. */
const TOGETHER = 32;

const masked = new Uint32Array(4);

/** Prefixes of a batch. */
interface PrefixColumns {
  readonly prefixShape: Uint8Array;
  readonly prefixWords: Uint32Array;
}

/** Prefixes with who originates them. A prefix leaves by the clock once no route refers to it. */
export class PrefixTable extends PrefixRecords {
  /** Prefixes given up so far by this table: ids looked up before the latest may be another prefix's now. */
  evictions = 0;
  /** Prefixes of each shape, so that absent lengths are not looked up. */
  readonly #ofShape = new Int32Array(256);
  /** Prefixes of each origin known, and of each first 8 bits: what follows from the columns, so that nobody need walk all. */
  readonly #byOrigin = new PrefixLists((id, origin) => this.isUsed(id) && this.originSlot(id, origin) >= 0);
  readonly #byTop = new PrefixLists((id, top) => this.isUsed(id) && this.#topOf(id) === top);

  /**
   * Looks several prefixes up at once, which takes memory much less time than one by one. Prefixes that were first met
   * one after another often come so again: once two do, the id behind the last one is tried first.
   * @param hashes takes the hash of each prefix from `from` to `to`
   * @param ids takes what may be their ids, or else what says that there is none
   */
  lookAhead(columns: PrefixColumns, from: number, to: number, hashes: Int32Array, ids: Int32Array): void {
    const { prefixShape, prefixWords: words } = columns;
    let together = 2;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + together);
      for (let prefix = at; prefix < end; prefix++) {
        const w = prefix * 4;
        hashes[prefix] = hashWords(prefixShape[prefix]!, words[w]!, words[w + 1]!, words[w + 2]!, words[w + 3]!);
      }
      this.index.withHashes(hashes, at, end, ids);
      const last = ids[end - 1]!;
      const isRow = end - at > 1 && last > 0 && ids[end - 2] === last - 1;
      at = isRow ? this.#inRow(columns, end, to, last + 1, hashes, ids) : end;
      together = isRow ? 2 : Math.min(together * 2, TOGETHER);
    }
  }

  /** As `lookAhead`, as long as the prefixes have ids one after another. @returns the first that does not */
  #inRow(
    { prefixShape, prefixWords: words }: PrefixColumns,
    from: number,
    to: number,
    first: number,
    hashes: Int32Array,
    ids: Int32Array,
  ): number {
    let id = first;
    for (let at = from; at < to; at++, id++) {
      const w = at * 4;
      const isNext =
        this.isUsed(id) &&
        this.is(id, prefixShape[at]!, words[w]! | 0, words[w + 1]! | 0, words[w + 2]! | 0, words[w + 3]! | 0);
      if (!isNext) return at;
      hashes[at] = this.index.hash(id);
      ids[at] = id;
    }
    return to;
  }

  /** @param w0 as a signed number, as are the others: larger ones would cost an object each */
  find(shape: number, w0: number, w1: number, w2: number, w3: number): number {
    return this.#find(hashWords(shape, w0, w1, w2, w3), shape, w0, w1, w2, w3);
  }

  #find(hash: number, shape: number, w0: number, w1: number, w2: number, w3: number): number {
    const { index } = this;
    for (let id = index.first(hash); id >= 0; id = index.after(id)) if (this.is(id, shape, w0, w1, w2, w3)) return id;
    return -1;
  }

  /**
   * @param hash of the prefix
   * @param likely what `lookAhead` said of its id, UNKNOWN where that does not hold
   * @param minute of the message that names the prefix
   * @param oldestOpen minutes from here on are open and may still name evicted prefixes
   * @returns the prefix's id, or -1 when the table is full of prefixes in use
   */
  intern(
    hash: number,
    likely: number,
    shape: number,
    words: Uint32Array,
    at: number,
    minute: number,
    oldestOpen: number,
  ): number {
    const w0 = words[at]! | 0;
    const w1 = words[at + 1]! | 0;
    const w2 = words[at + 2]! | 0;
    const w3 = words[at + 3]! | 0;
    const isLikely = likely >= 0 && this.is(likely, shape, w0, w1, w2, w3);
    const isAbsent = !isLikely && this.index.isAbsent(hash, likely);
    const known = isLikely ? likely : isAbsent ? -1 : this.#find(hash, shape, w0, w1, w2, w3);
    if (known >= 0) {
      this.named(known, minute);
      return known;
    }
    if (this.full && !this.#evict(oldestOpen)) return -1;
    const id = this.insert(hash);
    this.begin(id, shape, words, at, minute);
    this.#ofShape[shape]!++;
    this.#byTop.add(this.#topOf(id), id);
    return id;
  }

  #evict(oldestOpen: number): boolean {
    const id = this.nextEvictable(
      4096,
      (candidate) => this.references(candidate) === 0 && this.lastMinute(candidate) < oldestOpen,
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
    const from = id * ORIGINS;
    let oldest = from;
    let oldestSeen = Number.POSITIVE_INFINITY;
    let empty = true;
    for (let slot = from; slot < from + ORIGINS; slot++) {
      const seen = this.originLast(slot);
      if (seen !== 0) {
        empty = false;
        if (this.origin(slot) === origin) {
          this.sawOrigin(slot, minute);
          return this.originFirst(slot);
        }
      }
      if (seen >= oldestSeen) continue;
      oldest = slot;
      oldestSeen = seen;
    }
    if (this.originLast(oldest) !== 0) this.#byOrigin.outdated(1);
    this.setOrigin(oldest, origin, empty ? 0 : known, minute);
    this.#byOrigin.add(origin, id);
    return empty ? -1 : known;
  }

  /**
   * Notes an origin by a table dump, where the order of the entries says nothing.
   * @param since minute from which the origin had the prefix at the latest
   */
  learnOrigin(id: number, origin: number, minute: number, since: number): void {
    const from = id * ORIGINS;
    let oldest = from;
    let oldestSeen = Number.POSITIVE_INFINITY;
    for (let slot = from; slot < from + ORIGINS; slot++) {
      const seen = this.originLast(slot);
      if (seen !== 0 && this.origin(slot) === origin) {
        this.hadOrigin(slot, since);
        this.sawOrigin(slot, minute);
        return;
      }
      if (seen >= oldestSeen) continue;
      oldest = slot;
      oldestSeen = seen;
    }
    // four origins of this very dump leave no room for a fifth
    if (oldestSeen >= minute) return;
    if (this.originLast(oldest) !== 0) this.#byOrigin.outdated(1);
    this.setOrigin(oldest, origin, since, minute);
    this.#byOrigin.add(origin, id);
  }

  /** The minute in which an origin was first met for the prefix; 0 when it was always there, or is not known. */
  originSince(id: number, origin: number): number {
    const slot = this.originSlot(id, origin);
    return slot < 0 ? 0 : this.originFirst(slot);
  }

  /** Origins of the prefix known before `minute`, without `except`, in rising order. */
  originsBefore(id: number, minute: number, except: number): number[] {
    const result: number[] = [];
    for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) {
      const known = this.originLast(slot) !== 0 && this.originFirst(slot) < minute;
      if (known && this.origin(slot) !== except) result.push(this.origin(slot));
    }
    return result.sort((a, b) => a - b);
  }

  /** The longest active prefix that covers this one and was there before `minute`, or -1. */
  covering(id: number, minute: number): number {
    const shape = this.shape(id);
    const base = shape < IPV6_SHAPE ? 0 : IPV6_SHAPE;
    const shortest = base + (base === 0 ? SHORTEST_COVERING_IPV4 : SHORTEST_COVERING_IPV6);
    for (let word = 0; word < 4; word++) masked[word] = this.word(id, word);
    for (let candidate = shape - 1; candidate >= shortest; candidate--) {
      if (this.#ofShape[candidate] === 0) continue;
      maskWords(candidate, masked);
      const found = this.find(candidate, masked[0]! | 0, masked[1]! | 0, masked[2]! | 0, masked[3]! | 0);
      if (found >= 0 && this.activeRoutes(found) > 0 && this.firstMinute(found) < minute) return found;
    }
    return -1;
  }

  /** Reads where the prefixes of an origin are listed, for several to be read side by side. */
  lookAtOrigin(origin: number): number {
    return this.#byOrigin.lookAt(origin);
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
  originSlot(id: number, origin: number): number {
    for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) {
      if (this.originLast(slot) !== 0 && this.origin(slot) === origin) return slot;
    }
    return -1;
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
      for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) {
        if (this.originLast(slot) !== 0) this.#byOrigin.add(this.origin(slot), id);
      }
    }
  }
}
