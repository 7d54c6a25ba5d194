import { hashWords, IPV6_SHAPE } from '../../bgp/address.js';
import { maskedWord } from '../addressBlock.js';
import type { PrefixWords } from './prefixIndex.js';

const LEAST = 1 << 12;
const MOST = 1 << 21;
const FULL = 0.7;
/** Shortest blocks that are looked for around a prefix. */
const SHORTEST = { 4: 8, 6: 16 } as const;

/** Who holds a prefix. */
export interface Holder {
  origin: number;
  /** Since when, as far as was heard, ms. */
  sinceMs: number;
  /** Of the prefix that it holds. */
  length: number;
  /** Peers that have its route, at least; of more than 32 so many. */
  peers: number;
}

/**
 * Who holds which prefix, for the whole feed: 20 bytes an entry, two hashes in the place of the prefix. With a million
 * prefixes a wrong answer has odds of one in 10^13. A full table takes no more. A network holds a prefix for as long as one
 * of the peers has its route; beyond 32 peers several share a bit, so that one may be taken for gone too early.
 */
export class HeldPrefixes {
  #size = 0;
  #slots = LEAST;
  #first = new Uint32Array(LEAST);
  #second = new Uint32Array(LEAST);
  #origin = new Uint32Array(LEAST);
  /** Second of 1970 from which on the origin has announced it, as far as was heard. */
  #since = new Uint32Array(LEAST);
  /** Bits of the peers that have the origin's route. */
  #peers = new Uint32Array(LEAST);

  /**
   * A peer announced the prefix.
   * @param peer its bit
   * @param ms event time
   */
  note(prefix: PrefixWords, origin: number, peer: number, ms: number): void {
    if (origin === 0) return;
    if (this.#size >= this.#slots * FULL) {
      if (this.#slots >= MOST) return;
      this.#grow();
    }
    const [first, second] = keysOf(prefix);
    const slot = this.#find(first, second);
    if (this.#origin[slot] === origin) {
      this.#peers[slot]! |= peer;
      return;
    }
    this.#peers[slot]! &= ~peer;
    // who took it at some of the peers does not hold it while another does
    if (this.#peers[slot] !== 0) return;
    if (this.#origin[slot] === 0) this.#size++;
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.#since[slot] = Math.floor(ms / 1000);
    this.#origin[slot] = origin;
    this.#peers[slot] = peer;
  }

  /** A peer has the holder's route no more: it withdrew it, or has one of the operator's instead. */
  dropped(prefix: PrefixWords, peer: number): void {
    const [first, second] = keysOf(prefix);
    this.#peers[this.#find(first, second)]! &= ~peer;
  }

  holderOf(prefix: PrefixWords): Holder | null {
    const [first, second] = keysOf(prefix);
    const slot = this.#find(first, second);
    const bits = this.#peers[slot]!;
    if (bits === 0) return null;
    const [shape] = prefix;
    return {
      origin: this.#origin[slot]!,
      sinceMs: this.#since[slot]! * 1000,
      length: shape < IPV6_SHAPE ? shape : shape - IPV6_SHAPE,
      peers: ones(bits),
    };
  }

  /** The holder of the prefix itself or else of the longest block around it. */
  holderAround(prefix: PrefixWords): Holder | null {
    const [shape, w0, w1, w2, w3] = prefix;
    const base = shape < IPV6_SHAPE ? 0 : IPV6_SHAPE;
    for (let length = shape - base; length >= SHORTEST[base === 0 ? 4 : 6]; length--) {
      const rest =
        base === 0
          ? ([0, 0, 0] as const)
          : ([32, 64, 96] as const).map((bits, at) => maskedWord([w1, w2, w3][at]!, length - bits));
      const holder = this.holderOf([base + length, maskedWord(w0, length), rest[0]!, rest[1]!, rest[2]!]);
      if (holder !== null) return holder;
    }
    return null;
  }

  #find(first: number, second: number): number {
    const mask = this.#slots - 1;
    let slot = first & mask;
    while (this.#origin[slot] !== 0 && (this.#first[slot] !== first || this.#second[slot] !== second))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [first, second, origin] = [this.#first, this.#second, this.#origin];
    const [since, peers] = [this.#since, this.#peers];
    const slots = this.#slots;
    this.#slots = slots * 2;
    this.#first = new Uint32Array(this.#slots);
    this.#second = new Uint32Array(this.#slots);
    this.#origin = new Uint32Array(this.#slots);
    this.#since = new Uint32Array(this.#slots);
    this.#peers = new Uint32Array(this.#slots);
    for (let old = 0; old < slots; old++) {
      if (origin[old] === 0) continue;
      const slot = this.#find(first[old]!, second[old]!);
      this.#first[slot] = first[old]!;
      this.#second[slot] = second[old]!;
      this.#origin[slot] = origin[old]!;
      this.#since[slot] = since[old]!;
      this.#peers[slot] = peers[old]!;
    }
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}

function keysOf([shape, w0, w1, w2, w3]: PrefixWords): [number, number] {
  return [hashWords(shape, w0, w1, w2, w3) >>> 0, hashWords(w0 ^ 0x5bd1e995, w1, w2, w3, shape) >>> 0];
}
