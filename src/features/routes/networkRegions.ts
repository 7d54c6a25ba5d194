import { findSlot, firstSlot } from '../findSlot.js';

/** Fields of a network's slot: itself, its prefixes, its regions, the first of them with its prefixes, and a chain of the others. */
const NETWORK = 0;
const PREFIXES = 1;
const REGIONS = 2;
const FIRST_REGION = 3;
const FIRST_COUNT = 4;
const CHAIN = 5;
/** A slot is half a line of the processor's cache, so that one wait for memory brings all of it. */
const SLOT_BITS = 3;
/** Fields of a link of the chain: a region, its prefixes, and the next link + 1. */
const COUNT = 1;
const NEXT = 2;
const LINK = 3;
const FEWEST_SLOTS = 64;

/**
 * Prefixes of each network by region, and in all. Nearly every network is in one region or two, so they lie in a table
 * of numbers instead of one map a network. Network 0 is none.
 */
export class NetworkRegions {
  #slots = new Int32Array(FEWEST_SLOTS << SLOT_BITS);
  #taken = 0;
  #links = new Int32Array(LINK * FEWEST_SLOTS);
  #linksUsed = 0;
  /** The first link that is free again, + 1. */
  #freeLink = 0;
  /** Networks with a prefix, and those with just one. */
  networks = 0;
  singles = 0;

  prefixesOf(network: number): number {
    return this.#slots[this.#find(network) + PREFIXES]!;
  }

  /** Regions of the network, in no order. */
  regionsOf(network: number): number[] {
    const slots = this.#slots;
    const at = this.#find(network);
    if (slots[at + REGIONS] === 0) return [];
    const regions = [slots[at + FIRST_REGION]!];
    for (let link = slots[at + CHAIN]!; link > 0; link = this.#links[(link - 1) * LINK + NEXT]!) {
      regions.push(this.#links[(link - 1) * LINK]!);
    }
    return regions;
  }

  /** Reads where a network is looked for, and what it is chained to, for several to be read side by side. */
  lookAt(network: number): number {
    const link = this.#slots[firstSlot(this.#slots, network, SLOT_BITS) + CHAIN]!;
    return this.#links[Math.max(link - 1, 0) * LINK]!;
  }

  /** @returns how many regions it was in before when it was not in this one, else -1 */
  add(network: number, region: number): number {
    let at = this.#find(network);
    if (this.#slots[at + NETWORK] === 0) {
      if (this.#taken * 2 >= this.#slots.length >> SLOT_BITS) {
        this.#rebuild();
        at = this.#find(network);
      }
      this.#slots[at + NETWORK] = network;
      this.#taken++;
    }
    const slots = this.#slots;
    const prefixes = ++slots[at + PREFIXES]!;
    if (prefixes === 1) {
      this.networks++;
      this.singles++;
    } else if (prefixes === 2) this.singles--;
    const regions = slots[at + REGIONS]!;
    if (regions === 0) {
      slots[at + FIRST_REGION] = region;
      slots[at + FIRST_COUNT] = 1;
    } else if (slots[at + FIRST_REGION] === region) {
      slots[at + FIRST_COUNT]!++;
      return -1;
    } else {
      for (let link = slots[at + CHAIN]!; link > 0; link = this.#links[(link - 1) * LINK + NEXT]!) {
        if (this.#links[(link - 1) * LINK] !== region) continue;
        this.#links[(link - 1) * LINK + COUNT]!++;
        return -1;
      }
      slots[at + CHAIN] = this.#newLink(region, 1, slots[at + CHAIN]!);
    }
    slots[at + REGIONS] = regions + 1;
    return regions;
  }

  /** @returns how many regions it is left in when this was its last prefix of this one, else -1 */
  remove(network: number, region: number): number {
    const slots = this.#slots;
    const at = this.#find(network);
    if (slots[at + REGIONS] === 0) return -1;
    if (slots[at + FIRST_REGION] === region) {
      this.#loses(at);
      if (--slots[at + FIRST_COUNT]! > 0) return -1;
      const link = slots[at + CHAIN]! - 1;
      if (link >= 0) {
        slots[at + FIRST_REGION] = this.#links[link * LINK]!;
        slots[at + FIRST_COUNT] = this.#links[link * LINK + COUNT]!;
        slots[at + CHAIN] = this.#links[link * LINK + NEXT]!;
        this.#release(link);
      }
      return --slots[at + REGIONS]!;
    }
    let before = -1;
    for (let link = slots[at + CHAIN]! - 1; link >= 0; before = link, link = this.#links[link * LINK + NEXT]! - 1) {
      if (this.#links[link * LINK] !== region) continue;
      this.#loses(at);
      if (--this.#links[link * LINK + COUNT]! > 0) return -1;
      const behind = this.#links[link * LINK + NEXT]!;
      if (before < 0) slots[at + CHAIN] = behind;
      else this.#links[before * LINK + NEXT] = behind;
      this.#release(link);
      return --slots[at + REGIONS]!;
    }
    return -1;
  }

  clear(): void {
    this.#slots = new Int32Array(FEWEST_SLOTS << SLOT_BITS);
    this.#taken = 0;
    this.#linksUsed = 0;
    this.#freeLink = 0;
    this.networks = 0;
    this.singles = 0;
  }

  #loses(at: number): void {
    const prefixes = --this.#slots[at + PREFIXES]!;
    if (prefixes === 0) {
      this.networks--;
      this.singles--;
    } else if (prefixes === 1) this.singles++;
  }

  #find(network: number): number {
    return findSlot(this.#slots, network, SLOT_BITS, NETWORK);
  }

  /** Leaves networks without prefixes out, and makes room where those with some need it. */
  #rebuild(): void {
    const before = this.#slots;
    const wider = this.networks * 4 >= before.length >> SLOT_BITS;
    const slots = new Int32Array(wider ? before.length * 2 : before.length);
    this.#slots = slots;
    this.#taken = 0;
    for (let from = 0; from < before.length; from += 1 << SLOT_BITS) {
      if (before[from + PREFIXES] === 0) continue;
      const at = this.#find(before[from]!);
      for (let field = 0; field < 1 << SLOT_BITS; field++) slots[at + field] = before[from + field]!;
      this.#taken++;
    }
  }

  /** @returns the link + 1 */
  #newLink(region: number, count: number, next: number): number {
    let link = this.#freeLink - 1;
    if (link >= 0) this.#freeLink = this.#links[link * LINK + NEXT]!;
    else {
      link = this.#linksUsed++;
      if (this.#linksUsed * LINK > this.#links.length) {
        const wider = new Int32Array(this.#links.length * 2);
        wider.set(this.#links);
        this.#links = wider;
      }
    }
    this.#links[link * LINK] = region;
    this.#links[link * LINK + COUNT] = count;
    this.#links[link * LINK + NEXT] = next;
    return link + 1;
  }

  #release(link: number): void {
    this.#links[link * LINK + NEXT] = this.#freeLink;
    this.#freeLink = link + 1;
  }
}
