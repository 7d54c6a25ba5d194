import { Random } from '../random/random.js';
import type { Topology } from './topology.js';

export interface SimulatedPrefix {
  text: string;
  family: 4 | 6;
  length: number;
  /** Index of the origin AS in the topology. */
  origin: number;
}

/** Out of 10.0.0.0/8 (RFC 1918) and 2001:db8::/32 (RFC 3849): an AS has a /16 and a /40 of its own. */
export function drawPrefixes(topology: Topology, seed: number): SimulatedPrefix[] {
  const random = new Random(seed, 0x71);
  const prefixes: SimulatedPrefix[] = [];
  for (const origin of [...topology.transits, ...topology.stubs]) {
    const covering = random.next() < 0.6;
    if (covering) prefixes.push({ text: `10.${origin}.0.0/16`, family: 4, length: 16, origin });
    const count = (covering ? 0 : 1) + Math.min(5, random.poisson(1.1));
    for (let i = 0; i < count; i++) {
      const length = 20 + random.integer(5);
      // Slots of a /20 never overlap, so each text is drawn once.
      const slot = (i * 3 + (origin % 3)) % 16;
      prefixes.push({ text: `10.${origin}.${slot * 16}.0/${length}`, family: 4, length, origin });
    }
    if (random.next() < 0.3) {
      const block = `2001:db8:${(origin * 256).toString(16)}`;
      prefixes.push({ text: `${block}::/40`, family: 6, length: 40, origin });
    }
  }
  return prefixes;
}

/** A /24 inside an IPv4 prefix that is at most a /22, apart from the sub-prefixes that `drawPrefixes` gives. */
export function moreSpecificOf(prefix: SimulatedPrefix, index: number): string {
  const [a, b, c] = prefix.text.split('.').map((part) => Number.parseInt(part, 10));
  const size = 2 ** (24 - prefix.length);
  return `${a}.${b}.${c! + ((index * 2 + 1) % size)}.0/24`;
}
