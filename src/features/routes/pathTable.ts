import { CONFEDERATION_SEQUENCE, hashPath, SEGMENT_KIND, SEQUENCE, SET, START } from '../../bgp/asPath.js';
import type { ByteReader, ByteWriter } from '../byteStream.js';
import { editDistance } from '../editDistance.js';
import { BlockArena } from './blockArena.js';
import { DenseTable } from './denseTable.js';
import { HASH, OWN_FIELDS, UNKNOWN } from './hashIndex.js';
import { Int32Records, placeIn, segmentOf, Uint32Segments } from './segments.js';

/** Longer paths differ by their hash alone past this many tokens, and their edit distance is of the first so many. */
export const MAXIMUM_TOKENS = 255;
/** Paths lie in runs of a multiple of so many tokens. */
const GRAIN = 2;
/** Paths looked at side by side. */
const AHEAD = 256;
/**
 * Fields of a path's record: first token; length (16 bits), different tokens (8) and whether it is plain (1); routes that
 * refer to it; the network at its end, 0 for none; a second hash, of paths that are not plain; and what the owner of the
 * table has noted of it.
 */
const FIRST = OWN_FIELDS;
const SIZES = FIRST + 1;
const REFERENCES = FIRST + 2;
const ORIGIN = FIRST + 3;
const DIGEST = FIRST + 4;
const NOTE = FIRST + 5;
const RECORD = 8;
/** The path is one sequence, kept whole: its tokens are its hops. */
const PLAIN = 1 << 24;
/** Nothing was noted of the path yet. */
export const NO_NOTE = -1;

/** Paths of a batch, one behind the other. */
interface PathColumns {
  readonly hops: Uint32Array;
  readonly marks: Uint8Array;
  readonly pathStart: Uint32Array;
}

/**
 * AS paths that routes refer to, each once. A path is kept as tokens: an AS of a sequence is one token, an AS set is one
 * token (a hash of its members), confederation segments are none (RFC 5065, 5.3 does not count them). The length is the
 * number of tokens (RFC 4271, 9.1.2.2: a set counts as 1).
 */
export class PathTable extends DenseTable {
  readonly #records: Int32Records;
  readonly #tokens = new Uint32Segments();
  readonly #arena = new BlockArena(GRAIN);
  readonly #scratch = new Uint32Array(MAXIMUM_TOKENS);
  readonly #ahead = new Int32Array(AHEAD);

  constructor(maximum: number) {
    super(maximum, 1, new Int32Records(RECORD));
    this.#records = this.index.records;
  }

  /** Tokens kept, at most MAXIMUM_TOKENS. */
  tokenCount(path: number): number {
    return Math.min(this.length(path), MAXIMUM_TOKENS);
  }

  length(path: number): number {
    return this.#records.get(path, SIZES) & 0xffff;
  }

  /** Different tokens among those kept. */
  uniqueLength(path: number): number {
    return (this.#records.get(path, SIZES) >>> 16) & 0xff;
  }

  /** The network at the path's end; 0 where that is a set. */
  origin(path: number): number {
    return this.#records.get(path, ORIGIN) >>> 0;
  }

  /** What was noted of the path last, NO_NOTE of a new one. Not negative. */
  noted(path: number): number {
    return this.#records.get(path, NOTE);
  }

  note(path: number, value: number): void {
    this.#records.set(path, NOTE, value);
  }

  references(path: number): number {
    return this.#records.get(path, REFERENCES);
  }

  /** A view that holds until the path is released. */
  tokensOf(path: number): Uint32Array {
    const start = this.#records.get(path, FIRST);
    const place = placeIn(start);
    return this.#tokens.segments[segmentOf(start)]!.subarray(place, place + this.tokenCount(path));
  }

  /** See editDistance. */
  editDistance(path: number, other: number): number {
    const a = this.#records.get(path, FIRST);
    const b = this.#records.get(other, FIRST);
    const { segments } = this.#tokens;
    return editDistance(
      { tokens: segments[segmentOf(a)]!, start: placeIn(a), count: this.tokenCount(path) },
      { tokens: segments[segmentOf(b)]!, start: placeIn(b), count: this.tokenCount(other) },
    );
  }

  override get byteLength(): number {
    return super.byteLength + this.#tokens.byteLength;
  }

  /**
   * Reads what `acquire` will ask for, for several paths at once, which takes memory much less time than one by one.
   * @param hashes takes the hash of each path from `first` to `end`
   * @param likely takes what may be its id, or else what says that it has none
   */
  lookAhead(
    { hops, marks, pathStart }: PathColumns,
    first: number,
    end: number,
    hashes: Int32Array,
    likely: Int32Array,
  ): void {
    const starts = this.#ahead;
    const { segments } = this.#tokens;
    for (let from = first; from < end; from += AHEAD) {
      const to = Math.min(end, from + AHEAD);
      for (let path = from; path < to; path++) {
        hashes[path] = hashPath(hops, marks, pathStart[path]!, pathStart[path + 1]!);
      }
      this.index.withHashes(hashes, from, to, likely);
      if (this.size === 0) continue;
      const count = to - from;
      for (let at = 0; at < count; at++) starts[at] = this.#records.get(Math.max(likely[from + at]!, 0), FIRST);
      let read = 0;
      for (let at = 0; at < count; at++) read ^= segments[segmentOf(starts[at]!)]![placeIn(starts[at]!)]!;
      this.index.lookedAt = read;
    }
  }

  /**
   * The path's id with one reference more; give it back with `release`.
   * @param hash its hashPath
   * @param likely what `lookAhead` said of its id
   */
  acquire(
    hops: Uint32Array,
    marks: Uint8Array,
    from: number,
    to: number,
    hash = hashPath(hops, marks, from, to),
    likely = UNKNOWN,
  ): number {
    let kinds = 0;
    for (let at = from; at < to; at++) kinds |= marks[at]!;
    if (kinds !== SEQUENCE || to - from > MAXIMUM_TOKENS) return this.#acquireMixed(hops, marks, from, to, hash);
    const length = to - from;
    if (likely >= 0 && this.#isPlain(likely, hash, hops, from, to)) return this.#again(likely);
    const { index } = this;
    if (!index.isAbsent(hash, likely)) {
      for (let id = index.first(hash); id >= 0; id = index.after(id)) {
        if (this.#isPlain(id, hash, hops, from, to)) return this.#again(id);
      }
    }
    for (let at = from; at < to; at++) this.#scratch[at - from] = hops[at]!;
    return this.#add(hash, 0, length, PLAIN, length === 0 ? 0 : hops[to - 1]!);
  }

  /** Whether the id is of the path with these hops, all of one sequence. */
  #isPlain(id: number, hash: number, hops: Uint32Array, from: number, to: number): boolean {
    const record = this.#records.segmentOf(id);
    const field = this.#records.placeOf(id);
    if (record[field + HASH] !== hash || record[field + REFERENCES]! <= 0) return false;
    const sizes = record[field + SIZES]!;
    if ((sizes & PLAIN) === 0 || (sizes & 0xffff) !== to - from) return false;
    const start = record[field + FIRST]!;
    const known = this.#tokens.segments[segmentOf(start)]!;
    const place = placeIn(start) - from;
    for (let at = from; at < to; at++) if (known[place + at] !== hops[at]) return false;
    return true;
  }

  #again(id: number): number {
    this.retain(id);
    return id;
  }

  #acquireMixed(hops: Uint32Array, marks: Uint8Array, from: number, to: number, hash: number): number {
    const tokens = this.#scratch;
    let length = 0;
    let origin = 0;
    let at = from;
    while (at < to) {
      const kind = marks[at]! & SEGMENT_KIND;
      let token = hops[at]!;
      let end = at + 1;
      origin = kind === SEQUENCE ? token : 0;
      if (kind !== SEQUENCE) {
        while (end < to && (marks[end]! & (SEGMENT_KIND | START)) === kind) end++;
        token = hashPath(hops, marks, at, end);
        if (kind === SET && end === at + 1) origin = hops[at]!;
      }
      at = end;
      if (kind >= CONFEDERATION_SEQUENCE) continue;
      if (length < MAXIMUM_TOKENS) tokens[length] = token;
      length++;
    }
    const kept = Math.min(length, MAXIMUM_TOKENS);
    const digest = secondHash(hops, marks, from, to);
    const sizes = Math.min(length, 0xffff);
    const { index } = this;
    const records = this.#records;
    search: for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      if (index.hash(id) !== hash || records.get(id, DIGEST) !== digest) continue;
      if ((records.get(id, SIZES) & (PLAIN | 0xffff)) !== sizes) continue;
      const start = records.get(id, FIRST);
      const known = this.#tokens.segments[segmentOf(start)]!;
      const place = placeIn(start);
      for (let i = 0; i < kept; i++) if (known[place + i] !== tokens[i]) continue search;
      this.retain(id);
      return id;
    }
    return this.#add(hash, digest, sizes, 0, origin);
  }

  /** Adds a path of the scratch's tokens, with one reference. */
  #add(hash: number, digest: number, length: number, plain: number, origin: number): number {
    const kept = Math.min(length, MAXIMUM_TOKENS);
    const id = this.insert(hash);
    const record = this.#records.segmentOf(id);
    const at = this.#records.placeOf(id);
    record[at + DIGEST] = digest;
    record[at + SIZES] = length | (distinct(this.#scratch, kept) << 16) | plain;
    record[at + REFERENCES] = 1;
    record[at + ORIGIN] = origin;
    record[at + NOTE] = NO_NOTE;
    record[at + FIRST] = this.#store(kept);
    return id;
  }

  retain(id: number): void {
    this.#records.segmentOf(id)[this.#records.placeOf(id) + REFERENCES]!++;
  }

  /** @returns whether that was the last reference, so that the id is free for another path */
  release(id: number): boolean {
    const left = --this.#records.segmentOf(id)[this.#records.placeOf(id) + REFERENCES]!;
    if (left > 0) return false;
    this.#arena.release(this.#records.get(id, FIRST), roomFor(this.tokenCount(id)));
    this.remove(id);
    return true;
  }

  #store(count: number): number {
    const start = this.#arena.take(roomFor(count));
    this.#tokens.reach(this.#arena.end);
    const into = this.#tokens.segments[segmentOf(start)]!;
    const place = placeIn(start);
    for (let i = 0; i < count; i++) into[place + i] = this.#scratch[i]!;
    return start;
  }

  override write(writer: ByteWriter): void {
    super.write(writer);
    this.#arena.write(writer);
  }

  override read(reader: ByteReader): void {
    super.read(reader);
    this.#arena.read(reader);
  }

  override *stored(): Generator<Iterable<Uint8Array>> {
    yield* super.stored();
    yield this.#tokens.views(this.#arena.end);
  }
}

/** Places of a path; an empty one has some too, so that each has its own. */
function roomFor(count: number): number {
  return Math.max(1, Math.ceil(count / GRAIN)) * GRAIN;
}

/** Different tokens among the first `count`; paths are short, so looking back beats a set. */
function distinct(tokens: Uint32Array, count: number): number {
  let result = 0;
  for (let i = 0; i < count; i++) {
    let earlier = i - 1;
    while (earlier >= 0 && tokens[earlier] !== tokens[i]) earlier--;
    if (earlier < 0) result++;
  }
  return result;
}

function secondHash(hops: Uint32Array, marks: Uint8Array, from: number, to: number): number {
  let hash = 0x2545f491;
  for (let at = from; at < to; at++) {
    hash = Math.imul((hash << 5) ^ (hash >>> 27) ^ hops[at]!, 0x9e3779b1) + marks[at]!;
  }
  return hash | 0;
}
