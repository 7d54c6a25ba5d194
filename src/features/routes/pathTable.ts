import { CONFEDERATION_SEQUENCE, hashPath, SEGMENT_KIND, SEQUENCE, SET, START } from '../../bgp/asPath.js';
import type { ByteReader, ByteWriter } from '../byteStream.js';
import { type Column, DenseTable } from './denseTable.js';

/** Longer paths are told apart by their hash alone past this many tokens, and their edit distance is of the first so many. */
export const MAXIMUM_TOKENS = 255;
/** Arena blocks are a multiple of this many tokens; freed blocks are used again for paths of the same block count. */
const BLOCK = 4;

/**
 * AS paths that routes refer to, each once. A path is kept as tokens: an AS of a sequence is one token, an AS set is one
 * token (a hash of its members), confederation segments are none (RFC 5065, 5.3 does not count them). The length is the
 * number of tokens (RFC 4271, 9.1.2.2: a set counts as 1).
 */
export class PathTable extends DenseTable {
  start = new Int32Array(this.capacity);
  /** Tokens in the arena, at most MAXIMUM_TOKENS. */
  tokenCount = new Uint16Array(this.capacity);
  length = new Uint16Array(this.capacity);
  uniqueLength = new Uint16Array(this.capacity);
  /** Hash of the whole path, marks and confederations included. */
  digest = new Int32Array(this.capacity);
  origin = new Uint32Array(this.capacity);
  references = new Int32Array(this.capacity);
  arena = new Uint32Array(1 << 14);
  #arenaEnd = 0;
  #freeBlocks: number[][] = Array.from({ length: MAXIMUM_TOKENS / BLOCK + 2 }, () => []);
  readonly #tokens = new Uint32Array(MAXIMUM_TOKENS);

  protected override columns(): Column[] {
    return [this.start, this.tokenCount, this.length, this.uniqueLength, this.digest, this.origin, this.references];
  }

  protected override setColumns(columns: Column[]): void {
    [this.start, this.tokenCount, this.length, this.uniqueLength, this.digest, this.origin, this.references] =
      columns as [
        Int32Array<ArrayBuffer>,
        Uint16Array<ArrayBuffer>,
        Uint16Array<ArrayBuffer>,
        Uint16Array<ArrayBuffer>,
        Int32Array<ArrayBuffer>,
        Uint32Array<ArrayBuffer>,
        Int32Array<ArrayBuffer>,
      ];
  }

  /** A view that holds until the table grows. */
  tokensOf(path: number): Uint32Array {
    return this.arena.subarray(this.start[path]!, this.start[path]! + this.tokenCount[path]!);
  }

  override get byteLength(): number {
    return super.byteLength + this.arena.byteLength;
  }

  /** The path's id with one reference more; give it back with `release`. */
  acquire(hops: Uint32Array, marks: Uint8Array, from: number, to: number): number {
    const tokens = this.#tokens;
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
    const { slots, arena } = this;
    const mask = slots.length - 1;
    search: for (let slot = hash & mask, id = slots[slot]!; id !== -1; id = slots[(slot = (slot + 1) & mask)]!) {
      if (this.hashes[id] !== hash || this.digest[id] !== digest || this.length[id] !== Math.min(length, 0xffff)) {
        continue;
      }
      const start = this.start[id]!;
      for (let i = 0; i < kept; i++) if (arena[start + i] !== tokens[i]) continue search;
      this.references[id]!++;
      return id;
    }
    const id = this.insert(hash);
    this.start[id] = this.#store(kept);
    this.tokenCount[id] = kept;
    this.length[id] = Math.min(length, 0xffff);
    this.uniqueLength[id] = distinct(tokens, kept);
    this.digest[id] = digest;
    this.origin[id] = origin;
    this.references[id] = 1;
    return id;
  }

  retain(id: number): void {
    this.references[id]!++;
  }

  /** @returns whether that was the last reference, so that the id is free for another path */
  release(id: number): boolean {
    if (--this.references[id]! > 0) return false;
    this.#freeBlocks[Math.ceil(this.tokenCount[id]! / BLOCK)]!.push(this.start[id]!);
    this.remove(id);
    return true;
  }

  #store(count: number): number {
    const blocks = Math.ceil(count / BLOCK);
    const reused = this.#freeBlocks[blocks]!.pop();
    const start = reused ?? this.#arenaEnd;
    if (reused === undefined) {
      this.#arenaEnd += blocks * BLOCK;
      if (this.#arenaEnd > this.arena.length) {
        const arena = new Uint32Array(this.arena.length * 2);
        arena.set(this.arena);
        this.arena = arena;
      }
    }
    for (let i = 0; i < count; i++) this.arena[start + i] = this.#tokens[i]!;
    return start;
  }

  override write(writer: ByteWriter): void {
    super.write(writer);
    let total = 0;
    for (let id = 0; id < this.high; id++) if (this.isUsed(id)) total += this.tokenCount[id]!;
    const tokens = new Uint32Array(total);
    let at = 0;
    for (let id = 0; id < this.high; id++) {
      if (!this.isUsed(id)) continue;
      const start = this.start[id]!;
      for (let i = 0; i < this.tokenCount[id]!; i++) tokens[at++] = this.arena[start + i]!;
    }
    writer.column(tokens);
  }

  /** Lays the tokens out anew: where they lie decides nothing. */
  override read(reader: ByteReader): void {
    super.read(reader);
    const tokens = reader.column(Uint32Array);
    let at = 0;
    for (let id = 0; id < this.high; id++) {
      if (!this.isUsed(id)) continue;
      const count = this.tokenCount[id]!;
      for (let i = 0; i < count; i++) this.#tokens[i] = tokens[at++]!;
      this.start[id] = this.#store(count);
    }
  }
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
