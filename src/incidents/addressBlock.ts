import { IPV6_SHAPE, parsePrefix } from '../bgp/address.js';

/**
 * An address block as numbers, for questions of containment. `words` are the address in big-endian 32-bit words (one
 * for IPv4, four for IPv6), with the bits after `length` cleared.
 */
export interface AddressBlock {
  family: 4 | 6;
  words: number[];
  length: number;
}

const encoder = new TextEncoder();
/** Longer than any prefix in text; reused, since half a million VRPs are read in a row. */
const bytes = new Uint8Array(64);
const parsed = new Uint32Array(4);

/** The upper `length` bits of a word, as an unsigned number. */
export function maskedWord(word: number, length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? word >>> 0 : (word & (0xffffffff << (32 - length))) >>> 0;
}

/** Reads 192.0.2.0/24 or 2001:db8::/32; null when it is neither. Host bits are cleared. */
export function parseAddressBlock(text: string): AddressBlock | null {
  if (text.length > 60) return null;
  const { written } = encoder.encodeInto(text, bytes);
  const shape = parsePrefix(bytes, 0, written, parsed);
  if (shape < 0) return null;
  return shape < IPV6_SHAPE
    ? { family: 4, length: shape, words: [parsed[0]!] }
    : { family: 6, length: shape - IPV6_SHAPE, words: [parsed[0]!, parsed[1]!, parsed[2]!, parsed[3]!] };
}

/** Whether `inner` lies in `outer`, the same block included. */
export function covers(outer: AddressBlock, inner: AddressBlock): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return outer.words.every((word, index) => maskedWord(inner.words[index]!, outer.length - 32 * index) === word);
}
