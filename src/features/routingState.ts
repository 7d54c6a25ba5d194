import { SEQUENCE } from '../bgp/asPath.js';
import {
  type BatchColumns,
  ESTABLISHED,
  NONE,
  ORIGIN_EGP,
  ORIGIN_IGP,
  ORIGIN_INCOMPLETE,
  PEER_STATE,
  RIB_ENTRY,
} from '../bgp/batchColumns.js';
import type { ByteReader, ByteWriter } from './byteStream.js';
import { OpenMinute } from './openMinute.js';
import { AnnouncedPrefixes } from './routes/announcedPrefixes.js';
import { LinkTable } from './routes/linkTable.js';
import { NetworkTable } from './routes/networkTable.js';
import { PathTable } from './routes/pathTable.js';
import { PeerTable } from './routes/peerTable.js';
import { PrefixTable } from './routes/prefixTable.js';
import { RecentLinks } from './routes/recentLinks.js';
import { MOST_PEERS, RouteTable, WITHDRAWN } from './routes/routeTable.js';
import { MINUTES_PER_DAY, type Minute } from './row.js';

/** An origin, prefix or link counts as new for so many minutes after it was first met. */
const NEW_FOR = 10;
const UNMAPPED = -2;
/** Between these no AS number is assigned (RFC 6996 has the private ones above): a hash of an AS set. */
const UNASSIGNED: readonly [above: number, below: number] = [1_000_000, 4_200_000_000];

/** Bounds of the tables. */
export interface RoutingBounds {
  routes: number;
  peers: number;
  links: number;
}

export interface RoutingCounts {
  evictedRoutes: number;
  untracked: number;
}

/** A peer's present route. */
export interface HeldRoute {
  prefix: string;
  origin: number;
  peer: string;
  hops: number[];
}

export interface RoutingHoldings {
  routes: number;
  prefixes: number;
  paths: number;
  peers: number;
  links: number;
  /** Routes given up because the table was full, and elements that found no room, since the stream began. */
  evictedRoutes: number;
  untracked: number;
  /** Of the tables' columns, with room to grow; what the process takes is more. */
  bytes: number;
}

/** What is known of every peer's routes, and how a message changes it and its minute. */
export class RoutingState {
  readonly peers: PeerTable;
  readonly prefixes: PrefixTable;
  readonly announced: AnnouncedPrefixes;
  readonly paths = new PathTable(Number.MAX_SAFE_INTEGER);
  readonly routes: RouteTable;
  readonly links: LinkTable;
  /** Pairs (carrier, from): the carrier was seen to pass routes of `from` on to a third network. */
  readonly transits: LinkTable;
  readonly networks: NetworkTable;
  readonly #counts: RoutingCounts;
  /** Minutes from here on may still name prefixes. */
  oldestOpen: Minute = 0;
  /** In minutes before this one origins and links are learnt without evidence. */
  silentBefore: Minute = 0;
  #prefixOf = new Int32Array(1024);
  #pathOf = new Int32Array(1024);
  #originOf = new Uint32Array(1024);
  /** Minute from which the youngest link of a path is known. */
  #newestLink = new Int32Array(1024);
  #peerOf = new Int32Array(64);
  readonly #lately = new RecentLinks();
  #mappedEvictions = 0;
  #learning = false;
  #lastOld = -1;
  #lastNew = -1;
  #lastDistance = 0;

  constructor(bounds: RoutingBounds, counts: RoutingCounts) {
    this.#counts = counts;
    this.routes = new RouteTable(bounds.routes);
    // room for the prefixes that an open minute still names after their routes were given up
    this.prefixes = new PrefixTable(bounds.routes + 65_536);
    this.announced = new AnnouncedPrefixes(this.prefixes);
    this.peers = new PeerTable(Math.min(bounds.peers, MOST_PEERS));
    this.links = new LinkTable(bounds.links);
    this.transits = new LinkTable(bounds.links);
    this.networks = new NetworkTable(bounds.links);
  }

  /** Entries of the route table. */
  get size(): number {
    return this.routes.size;
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

  get holdings(): RoutingHoldings {
    const { routes, prefixes, paths, peers, links } = this;
    const bytes = this.#tables().reduce((sum, table) => sum + table.byteLength, 0);
    return {
      routes: routes.size,
      prefixes: prefixes.size,
      paths: paths.size,
      peers: peers.size,
      links: links.size,
      evictedRoutes: this.#counts.evictedRoutes,
      untracked: this.#counts.untracked,
      bytes,
    };
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
  *stored(): Generator<Uint8Array[]> {
    for (const table of this.#tables()) yield* table.stored();
  }

  /** Works out what follows from the columns after they were filled; gives others a turn now and then. */
  *derived(): Generator<void> {
    for (const table of this.#dense()) yield* table.derived();
    this.announced.recount();
  }

  #dense() {
    return [this.peers, this.prefixes, this.paths, this.links, this.transits, this.networks];
  }

  #tables() {
    return [...this.#dense(), this.routes];
  }

  /** Applies a message of the mapped batch; `open` is undefined when its minute is closed already. */
  apply(columns: BatchColumns, message: number, element: number, minute: Minute, open: OpenMinute | undefined): void {
    if (columns.kind[message] === PEER_STATE) this.#peerState(columns, message, minute, open);
    else if (columns.kind[message] === RIB_ENTRY) this.#learn(columns, message, element, minute);
    else this.#update(columns, message, element, minute, open);
  }

  /** Ids of the batch's dictionaries are looked up once a batch, on first use. */
  map(columns: BatchColumns): void {
    const prefixes = columns.prefixShape.length;
    const paths = columns.pathStart.length - 1;
    const peers = columns.peerAs.length;
    if (this.#prefixOf.length < prefixes) this.#prefixOf = new Int32Array(prefixes * 2);
    if (this.#pathOf.length < paths) {
      this.#pathOf = new Int32Array(paths * 2);
      this.#originOf = new Uint32Array(paths * 2);
      this.#newestLink = new Int32Array(paths * 2);
    }
    if (this.#peerOf.length < peers) this.#peerOf = new Int32Array(peers * 2);
    this.#prefixOf.fill(UNMAPPED, 0, prefixes);
    this.#pathOf.fill(UNMAPPED, 0, paths);
    this.#peerOf.fill(UNMAPPED, 0, peers);
    this.#mappedEvictions = this.prefixes.evictions;
    this.#lastOld = -1;
  }

  unmap(columns: BatchColumns): void {
    for (let path = 0; path < columns.pathStart.length - 1; path++) {
      if (this.#pathOf[path]! >= 0) this.paths.release(this.#pathOf[path]!);
    }
  }

  #peer(columns: BatchColumns, peer: number): number {
    const mapped = this.#peerOf[peer]!;
    if (mapped !== UNMAPPED) return mapped;
    const address = columns.peerAddress[peer]!;
    const shape = columns.addressShape[address]!;
    return (this.#peerOf[peer] = this.peers.intern(shape, columns.addressWords, address * 4, columns.peerAs[peer]!));
  }

  #prefix(columns: BatchColumns, prefix: number, minute: Minute): number {
    const mapped = this.#prefixOf[prefix]!;
    if (mapped >= 0) {
      if (minute > this.prefixes.lastMinute[mapped]!) this.prefixes.lastMinute[mapped] = minute;
      return mapped;
    }
    const shape = columns.prefixShape[prefix]!;
    const oldestOpen = Math.min(this.oldestOpen, minute);
    const id = this.prefixes.intern(shape, columns.prefixWords, prefix * 4, minute, oldestOpen);
    if (this.prefixes.evictions !== this.#mappedEvictions) {
      this.#mappedEvictions = this.prefixes.evictions;
      this.#prefixOf.fill(UNMAPPED, 0, columns.prefixShape.length);
    }
    return (this.#prefixOf[prefix] = id);
  }

  #path(columns: BatchColumns, path: number, minute: Minute): number {
    const mapped = this.#pathOf[path]!;
    if (mapped !== UNMAPPED) return mapped;
    const from = columns.pathStart[path]!;
    const to = columns.pathStart[path + 1]!;
    if (this.#learning) {
      const id = this.paths.acquire(columns.hops, columns.marks, from, to);
      this.#newestLink[path] = 0;
      // a table names each path many times: the links of one that another route has are known
      if (this.paths.references(id) === 1) this.#learnLinks(columns, path);
      this.#originOf[path] = this.paths.origin(id);
      return (this.#pathOf[path] = id);
    }
    this.#newestLink[path] = this.#noteLinks(columns, path, minute, undefined, 0, -1, -1);
    const id = this.paths.acquire(columns.hops, columns.marks, from, to);
    this.#originOf[path] = this.paths.origin(id);
    return (this.#pathOf[path] = id);
  }

  /** Minute to note as the first of something met now. */
  #knownFrom(minute: Minute): Minute {
    return this.#learning || minute < this.silentBefore ? 0 : minute;
  }

  #isNew(from: Minute, minute: Minute): boolean {
    return from > 0 && from > minute - NEW_FOR;
  }

  /**
   * Learns the links of a path, and who carries whose routes in it; with an open minute also notes the new ones there.
   * @returns since when the youngest is known
   */
  #noteLinks(
    columns: BatchColumns,
    path: number,
    minute: Minute,
    open: OpenMinute | undefined,
    routes: number,
    prefix: number,
    peer: number,
  ): Minute {
    const { hops, marks } = columns;
    const known = this.#knownFrom(minute);
    let youngest = 0;
    let before = 0;
    const end = columns.pathStart[path + 1]!;
    for (let at = columns.pathStart[path]! + 1; at < end; at++) {
      const left = hops[at - 1]!;
      const right = hops[at]!;
      if (left === right || marks[at] !== SEQUENCE || marks[at - 1] !== SEQUENCE) continue;
      const from = this.#noteLink(left, right, known);
      if (from > youngest) youngest = from;
      if (this.#isNew(from, minute)) open?.newLink(left, right, routes, prefix);
      if (before !== 0) {
        const since = this.#noteTransit(left, right, known);
        if (since > youngest) youngest = since;
        if (this.#isNew(since, minute)) open?.newTransit([left, right, before, hops[end - 1]!], routes, prefix, peer);
      }
      before = left;
    }
    return youngest;
  }

  /** As `noteLinks` for a table, without asking since when. */
  #learnLinks({ hops, marks, pathStart }: BatchColumns, path: number): void {
    let before = false;
    const end = pathStart[path + 1]!;
    for (let at = pathStart[path]! + 1; at < end; at++) {
      const left = hops[at - 1]!;
      const right = hops[at]!;
      if (left === right || marks[at] !== SEQUENCE || marks[at - 1] !== SEQUENCE) continue;
      if (!this.#lately.met(left, right, before, this.links.full || this.transits.full)) {
        this.#noteLink(left, right, 0);
        if (before) this.#noteTransit(left, right, 0);
      }
      before = left !== 0;
    }
  }

  #noteLink(left: number, right: number, known: Minute): Minute {
    const { added } = this.links;
    const from = this.links.note(left, right, known);
    if (this.links.added === added) return from;
    for (const as of [left, right]) {
      const network = this.networks.intern(as, known);
      if (network >= 0) this.networks.degree[network]!++;
    }
    return from;
  }

  #noteTransit(carrier: number, origin: number, known: Minute): Minute {
    const { added } = this.transits;
    const from = this.transits.note(carrier, origin, known);
    if (this.transits.added === added) return from;
    const network = this.networks.find(carrier);
    if (network >= 0) this.networks.carries[network]!++;
    return from;
  }

  #peerState(columns: BatchColumns, message: number, minute: Minute, open: OpenMinute | undefined): void {
    const peer = this.#peer(columns, columns.peer[message]!);
    if (peer < 0) {
      this.#counts.untracked++;
      return;
    }
    const oldState = columns.origin[message]! >> 4;
    const newState = columns.origin[message]! & 15;
    if (newState === ESTABLISHED) {
      this.peers.upMinute[peer] = minute;
      open?.reset(peer, 'up', this.peers.activeRoutes[peer]!);
    } else if (oldState === ESTABLISHED) open?.reset(peer, 'down', this.peers.activeRoutes[peer]!);
  }

  /** A route of a table dump is known without being news; when it was originated is kept. */
  #learn(columns: BatchColumns, message: number, element: number, minute: Minute): void {
    if (columns.announced[message] !== 1) return;
    const peer = this.#peer(columns, columns.peer[message]!);
    const prefix = peer < 0 ? -1 : this.#prefix(columns, columns.prefix[element]!, minute);
    if (prefix < 0) {
      this.#counts.untracked++;
      return;
    }
    this.#learning = true;
    const batchPath = columns.path[message]!;
    const path = batchPath === NONE ? this.#emptyPath() : this.#path(columns, batchPath, minute);
    this.#learning = false;
    const origin = batchPath === NONE ? 0 : this.#originOf[batchPath]!;
    // before the route, or it would count as one of no network for a moment
    if (origin !== 0) this.announced.originatedBy(prefix, origin);
    this.#place(peer, prefix, columns.pathId.length > 0 ? columns.pathId[element]! : 0, path);
    if (origin !== 0) {
      // the column of sizes has the route's age; one of a dump is never so young as to be news
      const age = Math.floor(columns.size[message]! / 60);
      const since = Math.max(1, minute - Math.max(age, NEW_FOR));
      const { prefixes } = this;
      prefixes.learnOrigin(prefix, origin, minute, since);
      if (since < prefixes.firstMinute[prefix]!) prefixes.firstMinute[prefix] = since;
    }
    if (batchPath === NONE) this.#release(path);
  }

  /** The peer's route to the prefix is `path`, and no minute counts it. */
  #place(peer: number, prefix: number, pathId: number, path: number): void {
    const routes = this.routes;
    let route = routes.find(peer, prefix, pathId);
    const old = route < 0 ? WITHDRAWN : routes.path(route);
    if (old === path) return;
    if (route < 0 && (routes.full || routes.crowded(prefix))) {
      // one route of a table is as good as another: those that are known stay
      this.#counts.evictedRoutes++;
      return;
    }
    this.paths.retain(path);
    if (old !== WITHDRAWN) this.#release(old);
    else {
      if (route < 0) route = this.#addRoute(peer, prefix, pathId);
      this.announced.routeAdded(prefix);
      this.peers.activeRoutes[peer]!++;
    }
    routes.setPath(route, path);
  }

  #update(columns: BatchColumns, message: number, first: number, minute: Minute, opened: OpenMinute | undefined): void {
    // a late message still changes routes; what it adds up to goes nowhere
    const open = opened ?? new OpenMinute(minute);
    const { totals } = open;
    const withdrawn = columns.withdrawn[message]!;
    const announced = columns.announced[message]!;
    const size = columns.size[message]!;
    totals.updates++;
    if (size > 0) {
      totals.sized++;
      totals.bytes += size;
    }
    const peer = this.#peer(columns, columns.peer[message]!);
    if (peer < 0) this.#counts.untracked += withdrawn + announced;
    else if (withdrawn + announced > 0) open.peerRoutes.add(peer, withdrawn + announced);
    let element = first;
    if (withdrawn > 0) {
      totals.withdrawals++;
      totals.withdrawnPrefixes += withdrawn;
      if (peer >= 0) {
        for (const end = element + withdrawn; element < end; element++) {
          this.#withdraw(columns, element, peer, minute, open);
        }
      } else element += withdrawn;
    }
    if (announced > 0) {
      totals.announcements++;
      totals.announcedPrefixes += announced;
      this.#announce(columns, message, element, peer, minute, open);
    }
  }

  #withdraw(columns: BatchColumns, element: number, peer: number, minute: Minute, open: OpenMinute): void {
    const prefix = this.#prefix(columns, columns.prefix[element]!, minute);
    if (prefix < 0) {
      this.#counts.untracked++;
      return;
    }
    open.prefixRoutes.add(prefix, 1);
    const pathId = columns.pathId.length > 0 ? columns.pathId[element]! : 0;
    let route = this.routes.find(peer, prefix, pathId);
    if (route < 0) route = this.#addRoute(peer, prefix, pathId);
    else if (this.routes.path(route) === WITHDRAWN) open.totals.duplicateWithdrawals++;
    else {
      const lost = this.routes.path(route);
      const { activeRoutes, lastOrigin } = this.prefixes;
      open.withdrew(prefix, lastOrigin[prefix]!, peer, activeRoutes[prefix]!, () => this.hopsOf(lost));
      this.#deactivate(prefix, route);
    }
    this.routes.withdraw(route, minute);
  }

  #announce(
    columns: BatchColumns,
    message: number,
    first: number,
    peer: number,
    minute: Minute,
    open: OpenMinute,
  ): void {
    const { totals } = open;
    const announced = columns.announced[message]!;
    const origin = columns.origin[message]!;
    if (origin === ORIGIN_IGP) totals.originIgp++;
    else if (origin === ORIGIN_EGP) totals.originEgp++;
    else if (origin === ORIGIN_INCOMPLETE) totals.originIncomplete++;
    const batchPath = columns.path[message]!;
    const path = batchPath === NONE ? this.#emptyPath() : this.#path(columns, batchPath, minute);
    const length = this.paths.length(path);
    // an empty path is a route of the peer's own (RFC 4271, 5.1.2)
    const originAs =
      this.paths.tokenCount(path) === 0 ? columns.peerAs[columns.peer[message]!]! : this.paths.origin(path);
    totals.pathLength += length;
    totals.uniquePathLength += this.paths.uniqueLength(path);
    if (length > totals.longestPath) totals.longestPath = length;
    if (originAs !== 0) open.originRoutes.add(originAs, announced);
    if (peer >= 0) {
      const pathIds = columns.pathId;
      const known = this.#knownFrom(minute);
      const newLink = batchPath !== NONE && this.#isNew(this.#newestLink[batchPath]!, minute);
      for (let element = first; element < first + announced; element++) {
        const prefix = this.#prefix(columns, columns.prefix[element]!, minute);
        if (prefix < 0) {
          this.#counts.untracked++;
          continue;
        }
        open.prefixRoutes.add(prefix, 1);
        const old = this.#replace(peer, prefix, pathIds.length > 0 ? pathIds[element]! : 0, path, minute, open);
        const newOrigin =
          originAs !== 0 && this.#noteOrigin(columns, batchPath, prefix, originAs, peer, minute, known, open);
        if (old === path) continue;
        if (newOrigin || newLink || this.#leavesNewOrigin(prefix, old, originAs, minute)) {
          open.changedPath(
            prefix,
            peer,
            () => this.hopsOf(old),
            () => this.hopsOf(path),
          );
        }
        if (old !== WITHDRAWN) this.#release(old);
      }
      if (newLink) {
        for (let element = first; element < first + announced; element++) {
          const prefix = this.#prefixOf[columns.prefix[element]!]!;
          this.#noteLinks(columns, batchPath, minute, open, 1, prefix, peer);
        }
      }
    }
    if (batchPath === NONE) this.#release(path);
  }

  /**
   * The peer's route to the prefix becomes `path`.
   * @returns its path before; unless that is `path` itself or WITHDRAWN, the caller releases it
   */
  #replace(peer: number, prefix: number, pathId: number, path: number, minute: Minute, open: OpenMinute): number {
    const routes = this.routes;
    let route = routes.find(peer, prefix, pathId);
    const old = route < 0 ? WITHDRAWN : routes.path(route);
    if (old === path) {
      open.totals.duplicateAnnouncements++;
      open.peerRepeats.add(peer, 1);
      return path;
    }
    this.paths.retain(path);
    if (old === WITHDRAWN) {
      if (route < 0) route = this.#addRoute(peer, prefix, pathId);
      else if (routes.withdrawnMinute(route) === minute) open.returned(prefix);
      this.announced.routeAdded(prefix);
      this.peers.activeRoutes[peer]!++;
    } else {
      const distance = this.#editDistance(old, path);
      open.totals.implicitWithdrawals++;
      open.pathChanges.add(prefix, 1);
      open.totals.editDistance += distance;
      if (distance > open.totals.longestEditDistance) open.totals.longestEditDistance = distance;
    }
    routes.setPath(route, path);
    return old;
  }

  /** Whether a route goes back from an origin that came up for its prefix within the last day. */
  #leavesNewOrigin(prefix: number, old: number, originAs: number, minute: Minute): boolean {
    if (old === WITHDRAWN) return false;
    const oldOrigin = this.paths.origin(old);
    if (oldOrigin === originAs || oldOrigin === 0) return false;
    const since = this.prefixes.originSince(prefix, oldOrigin);
    return since > 0 && since > minute - MINUTES_PER_DAY;
  }

  /** The ASes of a path in use, without AS sets, of which only a hash is kept; none of WITHDRAWN. */
  hopsOf(path: number): number[] {
    if (path === WITHDRAWN) return [];
    return [...this.paths.tokensOf(path)].filter((hop) => hop <= UNASSIGNED[0] || hop >= UNASSIGNED[1]);
  }

  #editDistance(old: number, path: number): number {
    if (old !== this.#lastOld || path !== this.#lastNew) {
      this.#lastDistance = this.paths.editDistance(old, path);
      this.#lastOld = old;
      this.#lastNew = path;
    }
    return this.#lastDistance;
  }

  /** @returns whether the origin is new for the prefix */
  #noteOrigin(
    columns: BatchColumns,
    batchPath: number,
    prefix: number,
    origin: number,
    peer: number,
    minute: Minute,
    known: Minute,
    open: OpenMinute,
  ): boolean {
    const prefixes = this.prefixes;
    this.announced.originatedBy(prefix, origin);
    const from = prefixes.noteOrigin(prefix, origin, minute, known);
    const isNew = this.#isNew(from, minute);
    if (isNew) {
      const previous = () => prefixes.originsBefore(prefix, from, origin);
      open.newOrigin(prefix, origin, peer, previous, () => batchHops(columns, batchPath, origin));
    }
    this.#noteSpecific(columns, batchPath, prefix, origin, peer, minute, known, open);
    return isNew;
  }

  /** Notes a prefix that is new and lies inside one that others hold. */
  #noteSpecific(
    columns: BatchColumns,
    batchPath: number,
    prefix: number,
    origin: number,
    peer: number,
    minute: Minute,
    known: Minute,
    open: OpenMinute,
  ): void {
    const prefixes = this.prefixes;
    const first = prefixes.firstMinute[prefix]!;
    if (known === 0 || !this.#isNew(first, minute) || this.#knownFrom(first) === 0) return;
    if (open.moreSpecificAgain(prefix, origin, peer)) return;
    const covering = prefixes.covering(prefix, first);
    if (covering < 0) return;
    const holders = prefixes.originsBefore(covering, first, 0);
    if (holders.length === 0 || holders.includes(origin)) return;
    const path = batchHops(columns, batchPath, origin);
    open.moreSpecific(prefix, origin, peer, covering, holders, path);
  }

  #emptyPath(): number {
    return this.paths.acquire(new Uint32Array(0), new Uint8Array(0), 0, 0);
  }

  #addRoute(peer: number, prefix: number, pathId: number): number {
    if (this.routes.full || this.routes.crowded(prefix)) {
      const victim = this.routes.victim(prefix);
      if (this.routes.path(victim.at) !== WITHDRAWN) this.#deactivate(victim.prefix, victim.at);
      this.prefixes.references[victim.prefix]!--;
      this.routes.drop(victim.prefix, victim.at);
      this.#counts.evictedRoutes++;
    }
    this.prefixes.references[prefix]!++;
    return this.routes.add(peer, prefix, pathId);
  }

  /** A route that was there is no more; the caller says since when. */
  #deactivate(prefix: number, route: number): void {
    this.announced.routeRemoved(prefix);
    this.peers.activeRoutes[this.routes.peer(route)]!--;
    this.#release(this.routes.path(route));
  }

  /** The pair remembered for the edit distance must not outlive a freed id. */
  #release(path: number): void {
    if (this.paths.release(path)) this.#lastOld = -1;
  }
}

/** The hops of a batch's path; of an empty one its origin, the peer. */
function batchHops(columns: BatchColumns, path: number, origin: number): number[] {
  const hops = path === NONE ? [] : [...columns.hops.subarray(columns.pathStart[path]!, columns.pathStart[path + 1]!)];
  return hops.length === 0 ? [origin] : hops;
}
