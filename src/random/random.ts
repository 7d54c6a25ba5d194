import { hash } from './hash.js';
import { sfc32 } from './sfc32.js';

/** Draws of one seed and purpose: the same on every machine. */
export class Random {
  /** Uniform in [0, 1). */
  readonly next: () => number;

  /** A stream of its own for each (seed, parts), so that one minute's draws never shift another's. */
  constructor(seed: number, ...parts: number[]) {
    this.next = sfc32(hash(seed, 1, ...parts) | 0, hash(seed, 2, ...parts) | 0, hash(seed, 3, ...parts) | 0, 8);
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
