import { SEQUENCE } from '../../src/bgp/asPath.js';

const NOBODY: ReadonlySet<number> = new Set();

/** Who stands left (towards the collector) and right (towards the origin) of whom in the paths seen so far. */
export class NetworkGraph {
  readonly #left = new Map<number, Set<number>>();
  readonly #right = new Map<number, Set<number>>();

  learn(hops: Uint32Array, marks: Uint8Array, from: number, to: number): void {
    for (let at = from + 1; at < to; at++) {
      const left = hops[at - 1]!;
      const right = hops[at]!;
      if (left === right || marks[at] !== SEQUENCE || marks[at - 1] !== SEQUENCE) continue;
      note(this.#left, right, left);
      note(this.#right, left, right);
    }
  }

  /** Networks that pass this one's routes on: providers and peers. */
  upstreams(network: number): ReadonlySet<number> {
    return this.#left.get(network) ?? NOBODY;
  }

  /** Networks whose routes this one passes on: customers, and of small networks providers as well. */
  downstreams(network: number): ReadonlySet<number> {
    return this.#right.get(network) ?? NOBODY;
  }

  areNeighbours(a: number, b: number): boolean {
    return this.upstreams(a).has(b) || this.upstreams(b).has(a);
  }

  shareUpstream(a: number, b: number): boolean {
    const other = this.upstreams(b);
    return [...this.upstreams(a)].some((network) => other.has(network));
  }

  /** Networks that pass on routes of at least so many others. */
  transits(downstreams: number): number[] {
    return [...this.#right].filter(([, right]) => right.size >= downstreams).map(([network]) => network);
  }
}

function note(map: Map<number, Set<number>>, key: number, value: number): void {
  const known = map.get(key);
  if (known) known.add(value);
  else map.set(key, new Set([value]));
}
