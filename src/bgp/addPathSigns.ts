/** Whether bits are set behind a prefix's length (1 or more); `end` is the place after its last byte. */
export function hasHostBits(bytes: Uint8Array, end: number, length: number): boolean {
  return (bytes[end - 1]! & (0xff >> (((length - 1) & 7) + 1))) !== 0;
}

/**
 * Whether a list of prefixes reads without a flaw as one with path identifiers (RFC 7911, 3): all used up, no default
 * route, no bits behind a prefix's length. Only to be asked of a list that reads with flaws as one without.
 */
export function readsWithPathIds(bytes: Uint8Array, start: number, end: number, ipv4: boolean): boolean {
  let at = start;
  while (at < end) {
    if (at + 5 > end) return false;
    const length = bytes[at + 4]!;
    if (length === 0 || length > (ipv4 ? 32 : 128)) return false;
    at += 5 + ((length + 7) >> 3);
    if (at > end || hasHostBits(bytes, at, length)) return false;
  }
  return end > start;
}
