import { CUSTOMER, PROVIDER, type Topology } from './topology.js';

export interface RoutingFault {
  /** ASes that are off the net, by index. */
  dead?: ReadonlySet<number>;
  /** A link that is down, as [index, index]. */
  deadLink?: readonly [number, number];
  /** An AS that exports every route to every neighbour (RFC 7908: a route leak of types 1 to 4). */
  leaker?: number;
}

const NO_ROUTE = -1;
const ORIGINATES = 3;
const MOST_ROUNDS = 40;

/**
 * The stable routes of all ASes to one destination under the Gao-Rexford rules: routes of customers are preferred to
 * those of peers, and those to providers' (then the shorter path, then the lower AS number); only customers' routes are
 * exported to peers and providers.
 * Source: L. Gao, J. Rexford, "Stable Internet routing without global coordination", IEEE/ACM ToN 9(6), 2001.
 */
export class Routes {
  readonly #topology: Topology;
  readonly #fault: RoutingFault;
  readonly #next: Int16Array;
  readonly #preference: Int8Array;
  readonly #length: Uint8Array;

  /** @param origins indices of the ASes that originate the destination: two of them in a hijack */
  constructor(topology: Topology, origins: readonly number[], fault: RoutingFault = {}) {
    const size = topology.numbers.length;
    this.#topology = topology;
    this.#fault = fault;
    this.#next = new Int16Array(size).fill(NO_ROUTE);
    this.#preference = new Int8Array(size).fill(NO_ROUTE);
    this.#length = new Uint8Array(size);
    for (const origin of origins) {
      if (fault.dead?.has(origin)) continue;
      this.#next[origin] = origin;
      this.#preference[origin] = ORIGINATES;
    }
    // A leak may leave the net without a stable state; the rounds are bounded and loops are cut in `path`.
    for (let round = 0; round < MOST_ROUNDS && this.#round(); round++);
  }

  #round(): boolean {
    let changed = false;
    for (let as = 0; as < this.#next.length; as++) {
      if (this.#preference[as] === ORIGINATES || this.#fault.dead?.has(as)) continue;
      let next = NO_ROUTE;
      let preference = NO_ROUTE;
      let length = 0;
      for (const { as: neighbour, relation } of this.#topology.neighbours[as]!) {
        if (!this.#exports(neighbour, as, relation === PROVIDER)) continue;
        const candidate = this.#length[neighbour]! + 1;
        const better = relation > preference || (relation === preference && candidate < length);
        if (better && !this.#passes(neighbour, as)) {
          next = neighbour;
          preference = relation;
          length = candidate;
        }
      }
      if (next !== this.#next[as] || length !== this.#length[as]) {
        this.#next[as] = next;
        this.#preference[as] = preference;
        this.#length[as] = length;
        changed = true;
      }
    }
    return changed;
  }

  #exports(from: number, to: number, toCustomer: boolean): boolean {
    const preference = this.#preference[from]!;
    if (preference === NO_ROUTE) return false;
    const link = this.#fault.deadLink;
    if (link !== undefined && ((link[0] === from && link[1] === to) || (link[0] === to && link[1] === from)))
      return false;
    return toCustomer || preference >= CUSTOMER || from === this.#fault.leaker;
  }

  /** Whether the route of `from` passes `as`, which would then refuse it as a loop. */
  #passes(from: number, as: number): boolean {
    let at = from;
    for (let hop = 0; hop < 32; hop++) {
      if (at === as) return true;
      const next = this.#next[at]!;
      if (next === at || next === NO_ROUTE) return false;
      at = next;
    }
    return true;
  }

  /** Indices from `as` to the origin, both included; null without a route. */
  path(as: number): number[] | null {
    const path: number[] = [];
    let at = as;
    while (at !== NO_ROUTE) {
      if (path.includes(at)) return null;
      path.push(at);
      const next = this.#next[at]!;
      if (next === at) return path;
      at = next;
    }
    return null;
  }

  /** All paths that `as` is offered, best first: what it falls back to while routes are withdrawn. */
  offers(as: number): number[][] {
    if (this.#preference[as] === ORIGINATES) return [[as]];
    const offers: { path: number[]; relation: number }[] = [];
    for (const { as: neighbour, relation } of this.#topology.neighbours[as]!) {
      if (!this.#exports(neighbour, as, relation === PROVIDER)) continue;
      const path = this.path(neighbour);
      if (path !== null && !path.includes(as)) offers.push({ path: [as, ...path], relation });
    }
    offers.sort((a, b) => b.relation - a.relation || a.path.length - b.path.length);
    return offers.map((offer) => offer.path);
  }
}
