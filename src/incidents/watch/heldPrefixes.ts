import { hashWords, IPV6_SHAPE } from '../../bgp/address.js';
import { maskedWord } from '../addressBlock.js';
import type { PrefixWords } from './prefixIndex.js';

const LEAST = 1 << 12;
const MOST = 1 << 21;
const FULL = 0.7;
/** Shortest blocks that are looked for around a prefix. */
const SHORTEST = { 4: 8, 6: 16 } as const;

/**
 * Who announced which prefix last, for the whole feed: 16 bytes an entry, two hashes in the place of the prefix. With a
 * million prefixes a wrong answer has odds of one in 10^13. A full table takes no more.
 */
export class HeldPrefixes {
  #size = 0;
  #slots = LEAST;
  #first = new Uint32Array(LEAST);
  #second = new Uint32Array(LEAST);
  #origin = new Uint32Array(LEAST);
  /** Second of 1970 from which on the origin has announced it, as far as was heard. */
  #since = new Uint32Array(LEAST);

  /** @param ms event time */
  note(prefix: PrefixWords, origin: number, ms: number): void {
    if (origin === 0) return;
    if (this.#size >= this.#slots * FULL) {
      if (this.#slots >= MOST) return;
      this.#grow();
    }
    const [first, second] = keysOf(prefix);
    const slot = this.#find(first, second);
    if (this.#origin[slot] === 0) this.#size++;
    this.#first[slot] = first;
    this.#second[slot] = second;
    if (this.#origin[slot] !== origin) this.#since[slot] = Math.floor(ms / 1000);
    this.#origin[slot] = origin;
  }

  /** 0 where nobody is known. */
  holderOf(prefix: PrefixWords): number {
    const [first, second] = keysOf(prefix);
    return this.#origin[this.#find(first, second)]!;
  }

  /** Since when the present holder has it, ms. */
  heldSince(prefix: PrefixWords): number {
    const [first, second] = keysOf(prefix);
    return this.#since[this.#find(first, second)]! * 1000;
  }

  /** The holder of the prefix itself or else of the longest block around it. */
  holderAround(prefix: PrefixWords): number {
    const [shape, w0, w1, w2, w3] = prefix;
    const base = shape < IPV6_SHAPE ? 0 : IPV6_SHAPE;
    for (let length = shape - base; length >= SHORTEST[base === 0 ? 4 : 6]; length--) {
      const rest =
        base === 0
          ? ([0, 0, 0] as const)
          : ([32, 64, 96] as const).map((bits, at) => maskedWord([w1, w2, w3][at]!, length - bits));
      const holder = this.holderOf([base + length, maskedWord(w0, length), rest[0]!, rest[1]!, rest[2]!]);
      if (holder !== 0) return holder;
    }
    return 0;
  }

  #find(first: number, second: number): number {
    const mask = this.#slots - 1;
    let slot = first & mask;
    while (this.#origin[slot] !== 0 && (this.#first[slot] !== first || this.#second[slot] !== second))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [first, second, origin, since] = [this.#first, this.#second, this.#origin, this.#since];
    const slots = this.#slots;
    this.#slots = slots * 2;
    this.#first = new Uint32Array(this.#slots);
    this.#second = new Uint32Array(this.#slots);
    this.#origin = new Uint32Array(this.#slots);
    this.#since = new Uint32Array(this.#slots);
    for (let old = 0; old < slots; old++) {
      if (origin[old] === 0) continue;
      const slot = this.#find(first[old]!, second[old]!);
      this.#first[slot] = first[old]!;
      this.#second[slot] = second[old]!;
      this.#origin[slot] = origin[old]!;
      this.#since[slot] = since[old]!;
    }
  }
}

function keysOf([shape, w0, w1, w2, w3]: PrefixWords): [number, number] {
  return [hashWords(shape, w0, w1, w2, w3) >>> 0, hashWords(w0 ^ 0x5bd1e995, w1, w2, w3, shape) >>> 0];
}
