/** Mixes integers into 32 bits (the finaliser of MurmurHash3 over each part). */
export function hash(seed: number, ...parts: number[]): number {
  let h = seed | 0;
  for (const part of parts) {
    h = Math.imul(h ^ (part | 0), 0x9e3779b1) ^ (h >>> 15);
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** `hash` as a number in [0, 1). */
export function hashFraction(seed: number, ...parts: number[]): number {
  return hash(seed, ...parts) / 4294967296;
}
