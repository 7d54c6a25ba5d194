import { IPV6_SHAPE } from '../../bgp/address.js';
import { NetworkRegions } from './networkRegions.js';
import type { PrefixTable } from './prefixTable.js';

/** The first 8 bits of IPv4 and 12 of IPv6 (the leading ones are common to all), side by side. */
const REGIONS = 512;
/** Networks in more regions are at home everywhere: they say nothing of which regions belong together. */
const MOST_REGIONS = 16;
/** Networks in a region from which its company can be judged. */
const FEWEST_NETWORKS = 20;
/** Share of all networks in a region above which it says nothing about place. */
const LARGEST_SHARE = 0.25;
/** Networks that two regions should have in common by chance, for none to say anything. */
const FEWEST_EXPECTED = 2;

/**
 * Which parts of the address space belong together, by the networks that announce prefixes in both. Registries hand
 * blocks out by region of the world, so this separates near from far without outside knowledge.
 */
export class AddressRegions {
  readonly #prefixes = new NetworkRegions();
  /** [REGIONS] networks in a region, and [REGIONS x REGIONS] in two. */
  readonly #networks = new Int32Array(REGIONS);
  readonly #both = new Int32Array(REGIONS * REGIONS);
  /** Networks in so few regions that they say something. */
  #all = 0;

  /** Networks with a prefix, and those with just one. */
  get networks(): number {
    return this.#prefixes.networks;
  }

  get singles(): number {
    return this.#prefixes.singles;
  }

  prefixesOf(network: number): number {
    return this.#prefixes.prefixesOf(network);
  }

  /** See NetworkRegions. */
  lookAt(network: number): number {
    return this.#prefixes.lookAt(network);
  }

  add(network: number, region: number): void {
    const before = this.#prefixes.add(network, region);
    if (before < 0) return;
    if (before === 0) {
      this.#networks[region]!++;
      this.#all++;
    } else if (before <= MOST_REGIONS) {
      const others = this.#prefixes.regionsOf(network).filter((other) => other !== region);
      if (before < MOST_REGIONS) this.#tally(region, others, 1);
      else {
        this.#tallyAll(others, -1);
        this.#all--;
      }
    }
  }

  remove(network: number, region: number): void {
    const left = this.#prefixes.remove(network, region);
    if (left < 0) return;
    if (left === 0) {
      this.#networks[region]!--;
      this.#all--;
    } else if (left < MOST_REGIONS) this.#tally(region, this.#prefixes.regionsOf(network), -1);
    else if (left === MOST_REGIONS) {
      this.#tallyAll(this.#prefixes.regionsOf(network), 1);
      this.#all++;
    }
  }

  clear(): void {
    this.#prefixes.clear();
    this.#networks.fill(0);
    this.#both.fill(0);
    this.#all = 0;
  }

  /**
   * log2 of how much oftener than by chance networks in one of `homes` are in `region` too, of the closest home; null where too
   * little is known.
   */
  company(region: number, homes: Iterable<number>): number | null {
    const here = this.#networks[region]!;
    if (here < FEWEST_NETWORKS || here > this.#all * LARGEST_SHARE) return null;
    let closest: number | null = null;
    for (const home of homes) {
      const there = this.#networks[home]!;
      if (there < FEWEST_NETWORKS) continue;
      const both = home === region ? here : this.#both[home * REGIONS + region]!;
      const expected = (here * there) / this.#all;
      if (expected < FEWEST_EXPECTED && both < FEWEST_EXPECTED) continue;
      const bits = Math.log2((both + 0.5) / expected);
      if (closest === null || bits > closest) closest = bits;
    }
    return closest;
  }

  /** A network comes to a region, or leaves it, and is in these others too. */
  #tally(region: number, others: Iterable<number>, change: number): void {
    this.#networks[region]! += change;
    for (const other of others) {
      this.#both[region * REGIONS + other]! += change;
      this.#both[other * REGIONS + region]! += change;
    }
  }

  #tallyAll(regions: Iterable<number>, change: number): void {
    const before: number[] = [];
    for (const region of regions) {
      this.#tally(region, before, change);
      before.push(region);
    }
  }
}

export function regionOf(prefixes: PrefixTable, prefix: number): number {
  const first = prefixes.word(prefix, 0);
  return prefixes.shape(prefix) < IPV6_SHAPE ? first >>> 24 : 256 + ((first >>> 20) & 255);
}
