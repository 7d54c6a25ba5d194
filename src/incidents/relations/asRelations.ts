import type { GivenRelation } from '../../features/row.js';

/** What one network is to another: it pays it, it is paid by it, or they exchange their customers' routes. */
export type Relation = 'customer' | 'provider' | 'peer';

/** Providers that are followed upwards from a network. */
const HEIGHT = 3;
/** A provider of more customers brings nobody together. */
const SMALL = 60;

interface Neighbours {
  providers: number[];
  peers: number[];
  customers: number;
}

/** Business relations of networks, as CAIDA and others infer them from all the paths that they see. */
export class AsRelations {
  readonly #networks = new Map<number, Neighbours>();
  #size = 0;

  /** Relations held. */
  get size(): number {
    return this.#size;
  }

  addCustomer(provider: number, customer: number): void {
    this.#of(customer).providers.push(provider);
    this.#of(provider).customers++;
    this.#size++;
  }

  addPeers(a: number, b: number): void {
    this.#of(a).peers.push(b);
    this.#of(b).peers.push(a);
    this.#size++;
  }

  /** What `network` is to `other`; undefined where nothing is given of the two. */
  relation(network: number, other: number): Relation | undefined {
    const own = this.#networks.get(network);
    if (own === undefined) return undefined;
    if (own.providers.includes(other)) return 'customer';
    if (this.#networks.get(other)?.providers.includes(network)) return 'provider';
    return own.peers.includes(other) ? 'peer' : undefined;
  }

  /** Undefined where one of the two is not in the list, so that nothing can be said. */
  between(network: number, other: number): GivenRelation | undefined {
    if (!(this.#networks.has(network) && this.#networks.has(other))) return undefined;
    const direct = this.relation(network, other);
    if (direct !== undefined) return direct === 'peer' ? 'peers' : 'neighbours';
    if (this.#above(network).has(other) || this.#above(other).has(network)) return 'one above the other';
    const providers = this.#networks.get(other)!.providers;
    const common = this.#networks.get(network)!.providers.filter((provider) => providers.includes(provider));
    return common.some((provider) => this.#networks.get(provider)!.customers <= SMALL)
      ? 'same small provider'
      : 'strangers';
  }

  /**
   * Whether `carrier` may pass routes of `from` on to `to` (Gao, 2001): those of customers to everybody, those of others to
   * customers alone. Undefined where a relation is not given.
   */
  mayCarry(carrier: number, from: number, to: number): boolean | undefined {
    const source = this.relation(from, carrier);
    const target = this.relation(to, carrier);
    if (source === 'customer' || target === 'customer') return true;
    return source === undefined || target === undefined ? undefined : false;
  }

  /** Providers of a network, their providers, and so on. */
  #above(network: number): Set<number> {
    const found = new Set<number>();
    let level = [network];
    for (let height = 0; height < HEIGHT; height++) {
      level = level.flatMap((each) => this.#networks.get(each)?.providers ?? []).filter((each) => !found.has(each));
      for (const each of level) found.add(each);
    }
    return found;
  }

  #of(network: number): Neighbours {
    let own = this.#networks.get(network);
    if (own === undefined) this.#networks.set(network, (own = { providers: [], peers: [], customers: 0 }));
    return own;
  }
}
