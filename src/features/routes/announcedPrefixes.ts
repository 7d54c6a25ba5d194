import { AddressRegions, regionOf } from './addressRegions.js';
import type { PrefixTable } from './prefixTable.js';

/** Prefixes counted anew before others get their turn. */
const COUNTED_A_TURN = 1 << 15;

/** How many prefixes have a route, in all and by the network that originated each last. Follows from the prefix table. */
export class AnnouncedPrefixes {
  #all = 0;
  readonly regions = new AddressRegions();

  constructor(private readonly prefixes: PrefixTable) {}

  get all(): number {
    return this.#all;
  }

  /** Share of the networks with a prefix that have just one; 0 without any. */
  get singleShare(): number {
    const { networks, singles } = this.regions;
    return networks === 0 ? 0 : singles / networks;
  }

  of(origin: number): number {
    return this.regions.prefixesOf(origin);
  }

  /** A peer has a route to the prefix that it did not have. */
  routeAdded(prefix: number): void {
    this.routesAdded(prefix, 1);
  }

  routesAdded(prefix: number, count: number): void {
    if (this.prefixes.changeActive(prefix, count) > count) return;
    this.#all++;
    this.#count(prefix, this.prefixes.lastOrigin(prefix), 1);
  }

  routeRemoved(prefix: number): void {
    if (this.prefixes.changeActive(prefix, -1) > 0) return;
    this.#all--;
    this.#count(prefix, this.prefixes.lastOrigin(prefix), -1);
  }

  originatedBy(prefix: number, origin: number): void {
    const before = this.prefixes.lastOrigin(prefix);
    if (before === origin) return;
    this.prefixes.setLastOrigin(prefix, origin);
    if (this.prefixes.activeRoutes(prefix) <= 0) return;
    this.#count(prefix, before, -1);
    this.#count(prefix, origin, 1);
  }

  /** Counts anew, after the prefix table was read from a snapshot; gives others a turn now and then. */
  *recount(): Generator<void> {
    const { prefixes } = this;
    this.#all = 0;
    this.regions.clear();
    for (let id = 0; id < prefixes.high; id++) {
      if (id % COUNTED_A_TURN === COUNTED_A_TURN - 1) yield;
      if (prefixes.activeRoutes(id) <= 0) continue;
      this.#all++;
      this.#count(id, prefixes.lastOrigin(id), 1);
    }
  }

  #count(prefix: number, origin: number, change: 1 | -1): void {
    // not announced yet, or by an AS set: no network
    if (origin === 0) return;
    const region = regionOf(this.prefixes, prefix);
    if (change > 0) this.regions.add(origin, region);
    else this.regions.remove(origin, region);
  }
}
