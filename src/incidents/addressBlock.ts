/**
 * An address block as numbers, for questions of containment. `words` are the address in big-endian 32-bit words (one
 * for IPv4, four for IPv6), with the bits after `length` cleared.
 */
export interface AddressBlock {
  family: 4 | 6;
  words: number[];
  length: number;
}

function ipv4Words(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let word = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part)) return null;
    const byte = Number(part);
    if (byte > 255) return null;
    word = word * 256 + byte;
  }
  return [word];
}

/** RFC 4291 text forms, with `::` and a trailing dotted IPv4 part. */
function ipv6Words(text: string): number[] | null {
  const dotted = text.lastIndexOf(':');
  let source = text;
  if (text.includes('.')) {
    const tail = ipv4Words(text.slice(dotted + 1));
    if (tail === null) return null;
    source = `${text.slice(0, dotted + 1)}${(tail[0]! >>> 16).toString(16)}:${(tail[0]! & 0xffff).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return null;
  const read = (half: string) => (half === '' ? [] : half.split(':'));
  const head = read(halves[0]!);
  const tail = halves.length === 2 ? read(halves[1]!) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  const words: number[] = [];
  for (let index = 0; index < 8; index += 2) {
    const high = groups[index]!;
    const low = groups[index + 1]!;
    if (!/^[0-9a-f]{1,4}$/i.test(high) || !/^[0-9a-f]{1,4}$/i.test(low)) return null;
    words.push(Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16));
  }
  return words;
}

/** The upper `length` bits of a word, as an unsigned number. */
export function maskedWord(word: number, length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? word >>> 0 : (word & (0xffffffff << (32 - length))) >>> 0;
}

/** Reads 192.0.2.0/24 or 2001:db8::/32; null when it is neither. Host bits are cleared. */
export function parseAddressBlock(text: string): AddressBlock | null {
  const slash = text.indexOf('/');
  if (slash < 0) return null;
  const family = text.includes(':') ? 6 : 4;
  const lengthText = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(lengthText)) return null;
  const length = Number(lengthText);
  if (length > (family === 4 ? 32 : 128)) return null;
  const words = family === 4 ? ipv4Words(text.slice(0, slash)) : ipv6Words(text.slice(0, slash));
  if (words === null) return null;
  return { family, length, words: words.map((word, index) => maskedWord(word, length - 32 * index)) };
}

/** Whether `inner` lies in `outer`, the same block included. */
export function covers(outer: AddressBlock, inner: AddressBlock): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return outer.words.every((word, index) => maskedWord(inner.words[index]!, outer.length - 32 * index) === word);
}
