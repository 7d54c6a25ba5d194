import { formatPrefix, IPV6_SHAPE } from '../bgp/address.js';

/** Octets in the order of their texts with a dot behind: 0., 1., 10., 100., ... */
const OCTETS_BY_TEXT = Array.from({ length: 256 }, (_, octet) => `${octet}.`).sort();
const RANK_OF_OCTET = new Uint8Array(256);
/** The first four characters of an address that begins with the octet, the first one highest. */
const HEAD_OF_OCTET = new Uint32Array(256);
for (const [rank, text] of OCTETS_BY_TEXT.entries()) {
  const octet = Number.parseInt(text, 10);
  RANK_OF_OCTET[octet] = rank;
  HEAD_OF_OCTET[octet] = headOf(text);
}

/**
 * A number by which prefixes sort as their texts do, without writing the texts: the smaller number comes
 * first. Of equal numbers the texts must be compared.
 */
export function prefixTextOrder(shape: number, w0: number, w1: number, w2: number, w3: number): number {
  if (shape < IPV6_SHAPE) {
    const rest = (RANK_OF_OCTET[(w0 >>> 16) & 255]! << 8) | RANK_OF_OCTET[(w0 >>> 8) & 255]!;
    return HEAD_OF_OCTET[w0 >>> 24]! * 65_536 + rest;
  }
  const group = w0 >>> 16;
  if (group < 0x1000) return headOf(formatPrefix(shape, w0, w1, w2, w3)) * 65_536;
  let head = 0;
  for (let shift = 12; shift >= 0; shift -= 4) head = head * 256 + hexadecimal((group >>> shift) & 15);
  return head * 65_536;
}

/** As `prefixTextOrder`, for whole numbers up to ten digits in decimal. */
export function decimalTextOrder(value: number): number {
  let order = value;
  if (order > 0) while (order < 1e9) order *= 10;
  return order;
}

function headOf(text: string): number {
  let head = 0;
  for (let at = 0; at < 4; at++) head = head * 256 + (at < text.length ? text.charCodeAt(at) : 0);
  return head;
}

function hexadecimal(digit: number): number {
  return digit < 10 ? 0x30 + digit : 0x57 + digit;
}

/** By code units. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
