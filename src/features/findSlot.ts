/**
 * Of an open table of 32-bit keys: where the key's slot begins, or the free one that it would take. One slot at least
 * is free.
 *
 * @param slots a power of two of slots, each of 2^bits numbers that begin with the key
 * @param bits log2 of the numbers in a slot
 * @param field the number of a slot that is 0 while it is free
 */
export function findSlot(slots: Int32Array, key: number, bits: number, field: number): number {
  const wanted = key | 0;
  const mask = slots.length - 1;
  let at = firstSlot(slots, key, bits);
  while (slots[at + field] !== 0 && slots[at] !== wanted) at = (at + (1 << bits)) & mask;
  return at;
}

/** Where the key's slot is looked for first. */
export function firstSlot(slots: Int32Array, key: number, bits: number): number {
  let hash = Math.imul(key, 0x9e3779b1);
  hash ^= hash >>> 15;
  return (hash << bits) & (slots.length - 1);
}
