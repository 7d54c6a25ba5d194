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

/** Seeded generator (sfc32, Chris Doty-Humphrey's PractRand): the same seed gives the same draws on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** A stream of its own for each (seed, parts), so that one minute's draws never shift another's. */
  constructor(seed: number, ...parts: number[]) {
    this.#a = hash(seed, 1, ...parts) | 0;
    this.#b = hash(seed, 2, ...parts) | 0;
    this.#c = hash(seed, 3, ...parts) | 0;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return (sum >>> 0) / 4294967296;
  }

  /** Uniform in 0 .. below - 1. */
  integer(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)]!;
  }

  /** Poisson draw; for large means the rounded normal approximation, as Knuth's product would underflow. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let product = this.next();
    let count = 0;
    while (product > limit) {
      product *= this.next();
      count++;
    }
    return count;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** The first `count` of a shuffled copy. */
  sample<T>(list: readonly T[], count: number): T[] {
    const copy = [...list];
    const wanted = Math.min(count, copy.length);
    for (let i = 0; i < wanted; i++) {
      const j = i + this.integer(copy.length - i);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy.slice(0, wanted);
  }
}
