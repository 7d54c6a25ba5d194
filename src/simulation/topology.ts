import { Random } from '../random/random.js';

/** What a neighbour is to an AS, as a preference of the routes learned from it (Gao and Rexford, 2001). */
export const PROVIDER = 0;
export const PEER = 1;
export const CUSTOMER = 2;
export type Relation = typeof PROVIDER | typeof PEER | typeof CUSTOMER;

export interface Neighbour {
  /** Index of the AS in the topology. */
  as: number;
  /** What that AS is to this one. */
  relation: Relation;
}

/** ASes by index: tier-1 first, then transit, then stubs. */
export interface Topology {
  /** [ases] AS numbers, all of the private ranges of RFC 6996, so that no real network is ever named as a culprit. */
  numbers: number[];
  neighbours: Neighbour[][];
  /** [ases] where the AS is; outages strike regions. */
  regions: Uint8Array;
  tier1: number[];
  transits: number[];
  stubs: number[];
}

export const REGIONS = 6;
const TIER1 = 6;
const TRANSITS = 34;
const STUBS = 110;

/**
 * Draws a hierarchy: a clique of tier-1 ASes, transits that buy from two or three ASes above them and peer inside their
 * region, and stubs with one to three providers.
 */
export function drawTopology(seed: number): Topology {
  const random = new Random(seed, 0x70);
  const size = TIER1 + TRANSITS + STUBS;
  const numbers: number[] = [];
  const neighbours: Neighbour[][] = Array.from({ length: size }, () => []);
  const regions = new Uint8Array(size);
  const linked = new Set<number>();

  const link = (customer: number, provider: number, relation: Relation) => {
    const key = Math.min(customer, provider) * size + Math.max(customer, provider);
    if (customer === provider || linked.has(key)) return;
    linked.add(key);
    neighbours[customer]!.push({ as: provider, relation });
    neighbours[provider]!.push({ as: customer, relation: relation === PEER ? PEER : CUSTOMER });
  };

  for (let as = 0; as < size; as++) {
    if (as < TIER1) numbers.push(64601 + as);
    else if (as < TIER1 + TRANSITS) numbers.push(64701 + as - TIER1);
    else if (as % 5 === 0) numbers.push(4200000000 + as);
    else numbers.push(65001 + as - TIER1 - TRANSITS);
    regions[as] = as % REGIONS;
  }
  for (let as = 0; as < TIER1; as++) for (let other = 0; other < as; other++) link(as, other, PEER);

  for (let as = TIER1; as < TIER1 + TRANSITS; as++) {
    link(as, random.integer(TIER1), PROVIDER);
    for (let extra = 1 + random.integer(2); extra > 0; extra--) {
      // Later transits may buy from earlier ones: paths grow longer at the edge.
      link(as, random.integer(random.next() < 0.5 ? TIER1 : as), PROVIDER);
    }
    for (let other = TIER1; other < as; other++) {
      const near = regions[as] === regions[other];
      if (random.next() < (near ? 0.4 : 0.05)) link(as, other, PEER);
    }
  }
  for (let as = TIER1 + TRANSITS; as < size; as++) {
    const wanted = 1 + random.integer(3);
    const local: number[] = [];
    for (let t = TIER1; t < TIER1 + TRANSITS; t++) if (regions[t] === regions[as]) local.push(t);
    for (let i = 0; i < wanted; i++) {
      link(as, random.next() < 0.75 ? random.pick(local) : TIER1 + random.integer(TRANSITS), PROVIDER);
    }
  }
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  return {
    numbers,
    neighbours,
    regions,
    tier1: range(0, TIER1),
    transits: range(TIER1, TIER1 + TRANSITS),
    stubs: range(TIER1 + TRANSITS, size),
  };
}
