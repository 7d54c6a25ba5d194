/**
 * IP addresses and prefixes as words: an IPv4 address is one 32-bit word, an IPv6 address four, highest first. A prefix's
 * `shape` is its length for IPv4 (0..32) and 64 + its length for IPv6 (64..192), so one byte says family and length.
 */

export const IPV6_SHAPE = 64;
const MAXIMUM_SHAPE = IPV6_SHAPE + 128;
/** Shapes of whole addresses. */
export const IPV4_ADDRESS = 32;
export const IPV6_ADDRESS = MAXIMUM_SHAPE;

const DOT = 0x2e;
const COLON = 0x3a;
const SLASH = 0x2f;

export function isShape(shape: number): boolean {
  return (shape >= 0 && shape <= 32) || (shape >= IPV6_SHAPE && shape <= MAXIMUM_SHAPE);
}

/** Words that an address or prefix of this shape takes: 1 or 4. */
export function wordsOf(shape: number): 1 | 4 {
  return shape < IPV6_SHAPE ? 1 : 4;
}

function parseIpv4(text: Uint8Array, start: number, end: number, words: Uint32Array, word: number): boolean {
  let address = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let at = start; at < end; at++) {
    const character = text[at]!;
    if (character === DOT) {
      if (digits === 0 || octet > 255 || ++dots > 3) return false;
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
    } else {
      const digit = character - 0x30;
      if (digit < 0 || digit > 9 || ++digits > 3) return false;
      octet = octet * 10 + digit;
    }
  }
  if (dots !== 3 || digits === 0 || octet > 255) return false;
  words[word] = address * 256 + octet;
  return true;
}

const group = new Uint16Array(8);

/** Also takes a dotted IPv4 tail (RFC 4291, 2.2). */
function parseIpv6(text: Uint8Array, start: number, end: number, words: Uint32Array): boolean {
  let count = 0;
  let gapAt = -1;
  let at = start;
  if (at + 1 < end && text[at] === COLON) {
    if (text[at + 1] !== COLON) return false;
    gapAt = 0;
    at += 2;
  }
  while (at < end) {
    let value = 0;
    let digits = 0;
    const groupStart = at;
    while (at < end) {
      const character = text[at]!;
      const digit =
        character >= 0x30 && character <= 0x39
          ? character - 0x30
          : character >= 0x61 && character <= 0x66
            ? character - 0x57
            : character >= 0x41 && character <= 0x46
              ? character - 0x37
              : -1;
      if (digit < 0) break;
      if (++digits > 4) return false;
      value = value * 16 + digit;
      at++;
    }
    if (at < end && text[at] === DOT) {
      if (count > 6 || !parseIpv4(text, groupStart, end, words, 3)) return false;
      group[count++] = words[3]! >>> 16;
      group[count++] = words[3]! & 0xffff;
      at = end;
      break;
    }
    if (digits === 0 || count === 8) return false;
    group[count++] = value;
    if (at === end) break;
    if (text[at] !== COLON) return false;
    at++;
    if (at === end) return false;
    if (text[at] === COLON) {
      if (gapAt >= 0) return false;
      gapAt = count;
      at++;
    }
  }
  if (gapAt < 0 ? count !== 8 : count > 7) return false;
  const missing = 8 - count;
  for (let word = 0; word < 4; word++) {
    const high = groupAt(word * 2, gapAt, missing);
    const low = groupAt(word * 2 + 1, gapAt, missing);
    words[word] = ((high << 16) | low) >>> 0;
  }
  return true;
}

function groupAt(position: number, gapAt: number, missing: number): number {
  if (gapAt < 0 || position < gapAt) return group[position]!;
  return position < gapAt + missing ? 0 : group[position - missing]!;
}

/**
 * Parses the address in text[start, end) into `words` (at least 4).
 * @returns IPV4_ADDRESS, IPV6_ADDRESS, or -1 when it is not an address
 */
export function parseAddress(text: Uint8Array, start: number, end: number, words: Uint32Array): number {
  const limit = Math.min(end, start + 5);
  for (let at = start; at < limit; at++) {
    if (text[at] === COLON) return parseIpv6(text, start, end, words) ? IPV6_ADDRESS : -1;
    if (text[at] === DOT) break;
  }
  return parseIpv4(text, start, end, words, 0) ? IPV4_ADDRESS : -1;
}

/** Parses `address/length`, clears the bits after the length. @returns the shape, or -1 when it is not a prefix */
export function parsePrefix(text: Uint8Array, start: number, end: number, words: Uint32Array): number {
  let length = 0;
  let at = end - 1;
  let weight = 1;
  while (at > start && text[at] !== SLASH) {
    const digit = text[at]! - 0x30;
    if (digit < 0 || digit > 9 || weight > 100) return -1;
    length += digit * weight;
    weight *= 10;
    at--;
  }
  if (at === start || at === end - 1) return -1;
  const family = parseAddress(text, start, at, words);
  if (family < 0) return -1;
  if (length > (family === IPV4_ADDRESS ? 32 : 128)) return -1;
  const shape = family === IPV4_ADDRESS ? length : IPV6_SHAPE + length;
  maskWords(shape, words);
  return shape;
}

/** Clears the bits of an address that lie after the prefix length. */
export function maskWords(shape: number, words: Uint32Array): void {
  if (shape < IPV6_SHAPE) {
    words[0] = shape === 0 ? 0 : words[0]! & (-1 << (32 - shape));
    return;
  }
  const length = shape - IPV6_SHAPE;
  for (let word = 0; word < 4; word++) {
    const bits = length - word * 32;
    if (bits <= 0) words[word] = 0;
    else if (bits < 32) words[word] = words[word]! & (-1 << (32 - bits));
  }
}

/** Text as in RFC 5952. */
export function formatAddress(shape: number, w0: number, w1: number, w2: number, w3: number): string {
  if (shape < IPV6_SHAPE) return `${w0 >>> 24}.${(w0 >>> 16) & 255}.${(w0 >>> 8) & 255}.${w0 & 255}`;
  const parts = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  let longestAt = -1;
  let longest = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && parts[to] === 0) to++;
    if (to - from > longest) {
      longest = to - from;
      longestAt = from;
    }
  }
  if (longestAt < 0) return parts.map((part) => part.toString(16)).join(':');
  const head = parts.slice(0, longestAt).map((part) => part.toString(16));
  const tail = parts.slice(longestAt + longest).map((part) => part.toString(16));
  return `${head.join(':')}::${tail.join(':')}`;
}

export function formatPrefix(shape: number, w0: number, w1: number, w2: number, w3: number): string {
  return `${formatAddress(shape, w0, w1, w2, w3)}/${shape < IPV6_SHAPE ? shape : shape - IPV6_SHAPE}`;
}

/** A 32-bit mix of a shape and its words; also of any five integers. */
export function hashWords(shape: number, w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(shape ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ w0, 0xc2b2ae35);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ w1, 0x27d4eb2f);
  hash = Math.imul(hash ^ w2, 0x165667b1);
  hash ^= hash >>> 13;
  hash = Math.imul(hash ^ w3, 0x9e3779b1);
  return hash ^ (hash >>> 16);
}
