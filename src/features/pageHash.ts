const SPREAD = 2 ** 21;

/**
 * A number of 53 bits that differs when bytes differ: two pages have the same one by chance in 2^53 comparisons. It is not
 * made to withstand an attacker, who would have to choose the contents of this program's memory.
 */
export function pageHash(bytes: Uint8Array): number {
  const whole = bytes.byteLength >>> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, whole);
  let a = 0x2545f491 ^ bytes.byteLength;
  let b = 0x1b873593;
  for (let at = 0; at < whole; at++) {
    const word = words[at]!;
    a = Math.imul(a ^ word, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0x85ebca6b);
    b ^= b >>> 13;
  }
  for (let at = 4 * whole; at < bytes.byteLength; at++) {
    a = Math.imul(a ^ bytes[at]!, 0x9e3779b1);
    b = Math.imul(b + bytes[at]!, 0x85ebca6b);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  return (a >>> 0) * SPREAD + ((b ^ (b >>> 7)) >>> 11);
}
