import type { ByteReader, ByteWriter } from '../byteStream.js';
import { AnnouncedPrefixes } from '../routes/announcedPrefixes.js';
import { LinkTable } from '../routes/linkTable.js';
import { NetworkTable } from '../routes/networkTable.js';
import { PathTable } from '../routes/pathTable.js';
import { PeerTable } from '../routes/peerTable.js';
import { PrefixTable } from '../routes/prefixTable.js';
import { MOST_PEERS, RouteTable, WITHDRAWN } from '../routes/routeTable.js';

/** Between these no AS number is assigned (RFC 6996 has the private ones above): a hash of an AS set. */
const UNASSIGNED: readonly [above: number, below: number] = [1_000_000, 4_200_000_000];

/** Bounds of the tables. */
export interface RoutingBounds {
  routes: number;
  peers: number;
  links: number;
}

/** A peer's present route. */
export interface HeldRoute {
  prefix: string;
  origin: number;
  peer: string;
  hops: number[];
}

/** The tables of what a stream has learnt, and how they are stored. */
export class RoutingTables {
  readonly peers: PeerTable;
  readonly prefixes: PrefixTable;
  readonly announced: AnnouncedPrefixes;
  readonly paths = new PathTable(Number.MAX_SAFE_INTEGER);
  readonly routes: RouteTable;
  readonly links: LinkTable;
  readonly networks: NetworkTable;

  constructor(bounds: RoutingBounds) {
    this.routes = new RouteTable(bounds.routes);
    // room for the prefixes that an open minute still names after their routes were given up
    this.prefixes = new PrefixTable(bounds.routes + 65_536);
    this.announced = new AnnouncedPrefixes(this.prefixes);
    this.peers = new PeerTable(Math.min(bounds.peers, MOST_PEERS));
    this.links = new LinkTable(bounds.links);
    this.networks = new NetworkTable(bounds.links);
  }

  /** Of all columns, with room to grow; what the process takes is more. */
  get byteLength(): number {
    return this.#tables().reduce((sum, table) => sum + table.byteLength, 0);
  }

  routesWhere(wanted: (prefix: string, origin: number) => boolean): HeldRoute[] {
    const { routes, paths, prefixes, peers } = this;
    const found: HeldRoute[] = [];
    for (const { prefix: id, peer, path } of routes.present()) {
      const prefix = prefixes.text(id);
      const origin = paths.origin(path);
      if (wanted(prefix, origin)) found.push({ prefix, origin, peer: peers.text(peer), hops: this.hopsOf(path) });
    }
    return found;
  }

  /** The ASes of a path in use, without AS sets, of which only a hash is kept; none of WITHDRAWN. */
  hopsOf(path: number): number[] {
    if (path === WITHDRAWN) return [];
    const hops: number[] = [];
    const tokens = this.paths.tokensOf(path);
    for (let at = 0; at < tokens.length; at++) {
      const hop = tokens[at]!;
      if (hop <= UNASSIGNED[0] || hop >= UNASSIGNED[1]) hops.push(hop);
    }
    return hops;
  }

  /** The network next to the origin in a path in use that ends there; 0 without one, or for an AS set. */
  neighbourOf(origin: number, path: number): number {
    if (path === WITHDRAWN || this.paths.origin(path) !== origin) return 0;
    const tokens = this.paths.tokensOf(path);
    let at = tokens.length - 1;
    while (at >= 0 && tokens[at] === origin) at--;
    const hop = at < 0 ? 0 : tokens[at]!;
    return hop <= UNASSIGNED[0] || hop >= UNASSIGNED[1] ? hop : 0;
  }

  /** A path without any AS with one reference more; give it back with `release`. */
  emptyPath(): number {
    return this.paths.acquire(new Uint32Array(0), new Uint8Array(0), 0, 0);
  }

  /** What the columns alone do not say; the columns themselves are those of `stored`. */
  write(writer: ByteWriter): void {
    for (const table of this.#tables()) table.write(writer);
  }

  /** Makes room for what was stored: `stored` is to be filled then, and `derived` gone through. */
  read(reader: ByteReader): void {
    for (const table of this.#tables()) table.read(reader);
  }

  /** Every column, in an order that does not change, as the bytes that it lies in. */
  *stored(): Generator<Iterable<Uint8Array>> {
    for (const table of this.#tables()) yield* table.stored();
  }

  /** Works out what follows from the columns after they were filled; gives others a turn now and then. */
  *derived(): Generator<void> {
    for (const table of this.#dense()) yield* table.derived();
    yield* this.announced.recount();
  }

  #dense() {
    return [this.peers, this.prefixes, this.paths, this.links, this.networks];
  }

  #tables() {
    return [...this.#dense(), this.routes];
  }
}
