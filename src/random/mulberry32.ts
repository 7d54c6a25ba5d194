/**
 * Tommy Ettinger's mulberry32 (public domain): 0 <= value < 1. For what was measured and published with it, the gate's
 * exam and the benchmarks of drift and of full tables: another generator would change their rows. New code takes sfc32.
 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
