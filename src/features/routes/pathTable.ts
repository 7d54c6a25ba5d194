import { CONFEDERATION_SEQUENCE, hashPath, SEGMENT_KIND, SEQUENCE, SET, START } from '../../bgp/asPath.js';
import type { ByteReader, ByteWriter } from '../byteStream.js';
import { editDistance } from '../editDistance.js';
import { BlockArena } from './blockArena.js';
import { DenseTable } from './denseTable.js';
import { type Growing, Int32Quads, placeIn, segmentOf, Uint32Segments } from './segments.js';

/** Longer paths are told apart by their hash alone past this many tokens, and their edit distance is of the first so many. */
export const MAXIMUM_TOKENS = 255;
/** Paths lie in runs of a multiple of so many tokens. */
const GRAIN = 2;
/**
 * Fields of a path's record: hash of the whole path, marks and confederations included; first token; length (16 bits),
 * different tokens (8) and where the origin stands (8); routes that refer to it.
 */
const DIGEST = 0;
const FIRST = 1;
const SIZES = 2;
const REFERENCES = 3;
/** The origin is unknown, is the last token, or stands behind the tokens as it is not among them. */
const NOWHERE = 0;
const LAST = 1;
const BEHIND = 2;

/**
 * AS paths that routes refer to, each once. A path is kept as tokens: an AS of a sequence is one token, an AS set is one
 * token (a hash of its members), confederation segments are none (RFC 5065, 5.3 does not count them). The length is the
 * number of tokens (RFC 4271, 9.1.2.2: a set counts as 1).
 */
export class PathTable extends DenseTable {
  readonly #records = new Int32Quads();
  readonly #tokens = new Uint32Segments();
  readonly #arena = new BlockArena(GRAIN);
  readonly #scratch = new Uint32Array(MAXIMUM_TOKENS + 1);

  protected override segmented(): Growing[] {
    return [this.#records];
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
    const where = this.#records.get(path, SIZES) >>> 24;
    if (where === NOWHERE) return 0;
    const at = this.#records.get(path, FIRST) + this.tokenCount(path);
    return this.#tokens.get(where === LAST ? at - 1 : at);
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

  /** The path's id with one reference more; give it back with `release`. */
  acquire(hops: Uint32Array, marks: Uint8Array, from: number, to: number): number {
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
    const hash = hashPath(hops, marks, from, to);
    const digest = secondHash(hops, marks, from, to);
    const sizes = Math.min(length, 0xffff);
    const { index } = this;
    const records = this.#records;
    search: for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      if (index.hash(id) !== hash || records.get(id, DIGEST) !== digest) continue;
      if ((records.get(id, SIZES) & 0xffff) !== sizes) continue;
      const start = records.get(id, FIRST);
      const known = this.#tokens.segments[segmentOf(start)]!;
      const place = placeIn(start);
      for (let i = 0; i < kept; i++) if (known[place + i] !== tokens[i]) continue search;
      this.retain(id);
      return id;
    }
    const id = this.insert(hash);
    let where = NOWHERE;
    if (origin !== 0) where = kept > 0 && tokens[kept - 1] === origin ? LAST : BEHIND;
    records.set(id, DIGEST, digest);
    records.set(id, SIZES, sizes | (distinct(tokens, kept) << 16) | (where << 24));
    records.set(id, REFERENCES, 1);
    tokens[kept] = origin;
    records.set(id, FIRST, this.#store(where === BEHIND ? kept + 1 : kept));
    return id;
  }

  retain(id: number): void {
    this.#records.set(id, REFERENCES, this.#records.get(id, REFERENCES) + 1);
  }

  /** @returns whether that was the last reference, so that the id is free for another path */
  release(id: number): boolean {
    const left = this.#records.get(id, REFERENCES) - 1;
    this.#records.set(id, REFERENCES, left);
    if (left > 0) return false;
    const behind = this.#records.get(id, SIZES) >>> 24 === BEHIND ? 1 : 0;
    this.#arena.release(this.#records.get(id, FIRST), roomFor(this.tokenCount(id) + behind));
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

  override *stored(): Generator<Uint8Array[]> {
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
