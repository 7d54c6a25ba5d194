import type { NetworkTable } from './routes/networkTable.js';
import type { PathTable } from './routes/pathTable.js';
import type { PeerTable } from './routes/peerTable.js';
import { type RouteTable, WITHDRAWN } from './routes/routeTable.js';

/** What a descent needs of the stream's knowledge. */
interface Known {
  readonly networks: NetworkTable;
  readonly paths: PathTable;
  readonly peers: PeerTable;
  readonly routes: RouteTable;
}

/** Neighbours as a share of all networks beyond which a network brings nobody together. */
const LARGEST_SHARE = 0.01;

/**
 * The networks from the top of paths down to the one that is looked for, without it. A route is passed up, across and down
 * (Gao, 2001); the top is the network of most neighbours. Where the paths come down says where in the Internet a network
 * is, whichever peer looks at it.
 */
export class Descent {
  readonly #networks = new Set<number>();

  constructor(private readonly known: Known) {}

  /** @param hops from the peer to the origin, prepending and all; `end` hops of them lead to the network */
  add(hops: ArrayLike<number>, end: number): void {
    // the peer's own place says nothing of the origin's
    let top = Math.min(1, end);
    let most = -1;
    for (let at = top; at < end; at++) {
      const degree = this.#degree(hops[at]!);
      if (degree > most) {
        most = degree;
        top = at;
      }
    }
    for (let at = top; at < end; at++) this.#networks.add(hops[at]!);
  }

  /** Adds the present routes to a prefix of which `length` says how many hops lead to the network, -1 for none. */
  addRoutes(prefix: number, length: (tokens: Uint32Array) => number): this {
    const { routes, paths, peers } = this.known;
    for (let peer = 0; peer < peers.high; peer++) {
      const route = routes.find(peer, prefix, 0);
      const path = route < 0 ? WITHDRAWN : routes.path(route);
      if (path === WITHDRAWN) continue;
      const tokens = paths.tokensOf(path);
      const end = length(tokens);
      if (end >= 0) this.add(tokens, end);
    }
    return this;
  }

  has(network: number): boolean {
    return this.#networks.has(network);
  }

  get networks(): number[] {
    return [...this.#networks];
  }

  /**
   * 1 / log2(1 + degree) of the smallest network that both descents pass, beside `except`; 0 without one. What a network
   * in common says is the less, the more neighbours it has (Adamic and Adar, 2003), and nothing where it is next to a good
   * part of all.
   */
  common(others: readonly number[], except: readonly number[]): number {
    let rarest = 0;
    const most = this.known.networks.size * LARGEST_SHARE;
    for (const network of others) {
      if (!this.#networks.has(network) || except.includes(network)) continue;
      const degree = this.#degree(network);
      if (degree > 0 && degree <= most) rarest = Math.max(rarest, 1 / Math.log2(1 + degree));
    }
    return Math.round(rarest * 1000) / 1000;
  }

  #degree(network: number): number {
    const id = this.known.networks.find(network);
    return id < 0 ? 0 : this.known.networks.degree[id]!;
  }
}

/** Hops that lead to the origin, without it and its prepending; -1 when the path does not end there. */
export function hopsTo(tokens: ArrayLike<number>, origin: number): number {
  let end = tokens.length;
  if (end === 0 || tokens[end - 1] !== origin) return -1;
  while (end > 0 && tokens[end - 1] === origin) end--;
  return end;
}

/** Hops that lead to a network which passes the route on to its origin; -1 when the path does not end in the two. */
export function hopsToLink(tokens: ArrayLike<number>, carrier: number, origin: number): number {
  const end = hopsTo(tokens, origin);
  if (end <= 0 || tokens[end - 1] !== carrier) return -1;
  let at = end;
  while (at > 0 && tokens[at - 1] === carrier) at--;
  return at;
}
