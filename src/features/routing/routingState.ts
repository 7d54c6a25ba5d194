import {
  type BatchColumns,
  ESTABLISHED,
  NONE,
  ORIGIN_EGP,
  ORIGIN_IGP,
  ORIGIN_INCOMPLETE,
  PEER_STATE,
} from '../../bgp/batchColumns.js';
import { OpenMinute } from '../openMinute.js';
import { WITHDRAWN } from '../routes/routeTable.js';
import type { Minute } from '../row.js';
import { TallyRoom } from '../tallyRoom.js';
import { BatchIds } from './batchIds.js';
import { HeldRoutes, type RoutingCounts } from './heldRoutes.js';
import { Horizon, isNew } from './horizon.js';
import { type Origination, OriginNews } from './originNews.js';
import { PathLinks } from './pathLinks.js';
import { type RoutingBounds, RoutingTables } from './routingTables.js';
import { TableEntries } from './tableEntries.js';

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
  readonly tables: RoutingTables;
  readonly horizon = new Horizon();
  readonly #counts: RoutingCounts;
  readonly #links: PathLinks;
  readonly #ids: BatchIds;
  readonly #held: HeldRoutes;
  readonly #origins: OriginNews;
  readonly #entries: TableEntries;
  readonly #said = new Announcement();
  readonly #nowhere = new TallyRoom();

  constructor(bounds: RoutingBounds, counts: RoutingCounts) {
    this.#counts = counts;
    this.tables = new RoutingTables(bounds);
    this.#links = new PathLinks(this.tables, this.horizon);
    this.#ids = new BatchIds(this.tables, this.#links, this.horizon);
    this.#held = new HeldRoutes(this.tables, counts);
    this.#origins = new OriginNews(this.tables, this.horizon);
    this.#entries = new TableEntries(this.tables, this.#ids, this.#held, counts);
  }

  get holdings(): RoutingHoldings {
    const { routes, prefixes, paths, peers, links, byteLength: bytes } = this.tables;
    const { evictedRoutes, untracked } = this.#counts;
    return {
      routes: routes.size,
      prefixes: prefixes.size,
      paths: paths.size,
      peers: peers.size,
      links: links.size,
      evictedRoutes,
      untracked,
      bytes,
    };
  }

  /** Ids of the batch's dictionaries are looked up once a batch, on first use. */
  map(columns: BatchColumns): void {
    this.#ids.map(columns);
    this.#held.forgetDistance();
  }

  unmap(columns: BatchColumns): void {
    this.#ids.unmap(columns);
  }

  /** Applies a message of the mapped batch; `open` is undefined when its minute is closed already. */
  apply(columns: BatchColumns, message: number, element: number, minute: Minute, open: OpenMinute | undefined): void {
    if (columns.kind[message] === PEER_STATE) this.#peerState(columns, message, minute, open);
    else if (open !== undefined) this.#update(columns, message, element, minute, open);
    else {
      // a late message still changes routes; what it adds up to goes nowhere
      const nowhere = new OpenMinute(minute, this.#nowhere);
      this.#update(columns, message, element, minute, nowhere);
      nowhere.release();
    }
  }

  /**
   * Learns a table dump's entry of the mapped batch, and those after it that name the same prefix.
   * @returns the message after them
   */
  learn(columns: BatchColumns, message: number, element: number, minute: Minute): number {
    if (columns.announced[message] !== 1) return message + 1;
    const end = TableEntries.end(columns, message, element);
    this.#entries.learn(columns, message, end, element, minute);
    return end;
  }

  #peerState(columns: BatchColumns, message: number, minute: Minute, open: OpenMinute | undefined): void {
    const peer = this.#ids.peer(columns, columns.peer[message]!);
    if (peer < 0) {
      this.#counts.untracked++;
      return;
    }
    const { peers } = this.tables;
    const oldState = columns.origin[message]! >> 4;
    const newState = columns.origin[message]! & 15;
    if (newState === ESTABLISHED) {
      peers.upMinute[peer] = minute;
      open?.reset(peer, 'up', peers.activeRoutes[peer]!);
    } else if (oldState === ESTABLISHED) open?.reset(peer, 'down', peers.activeRoutes[peer]!);
  }

  #update(columns: BatchColumns, message: number, first: number, minute: Minute, open: OpenMinute): void {
    const { totals } = open;
    const withdrawn = columns.withdrawn[message]!;
    const announced = columns.announced[message]!;
    const size = columns.size[message]!;
    totals.updates++;
    if (size > 0) {
      totals.sized++;
      totals.bytes += size;
    }
    const peer = this.#ids.peer(columns, columns.peer[message]!);
    if (peer < 0) this.#counts.untracked += withdrawn + announced;
    else if (withdrawn + announced > 0) open.peerRoutes.add(peer, withdrawn + announced);
    if (withdrawn > 0) {
      totals.withdrawals++;
      totals.withdrawnPrefixes += withdrawn;
      if (peer >= 0) this.#withdraw(columns, first, first + withdrawn, peer, minute, open);
    }
    if (announced > 0) {
      totals.announcements++;
      totals.announcedPrefixes += announced;
      this.#announce(columns, message, first + withdrawn, peer, minute, open);
    }
  }

  #withdraw(columns: BatchColumns, from: number, end: number, peer: number, minute: Minute, open: OpenMinute): void {
    for (let element = from; element < end; element++) {
      const prefix = this.#ids.prefix(columns, columns.prefix[element]!, minute, open);
      if (prefix < 0) {
        this.#counts.untracked++;
        continue;
      }
      open.prefixRoutes.add(prefix, 1);
      this.#held.withdraw(peer, prefix, columns.pathId.length > 0 ? columns.pathId[element]! : 0, minute, open);
    }
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
    const { paths } = this.tables;
    const announced = columns.announced[message]!;
    const origin = columns.origin[message]!;
    if (origin === ORIGIN_IGP) totals.originIgp++;
    else if (origin === ORIGIN_EGP) totals.originEgp++;
    else if (origin === ORIGIN_INCOMPLETE) totals.originIncomplete++;
    const batchPath = columns.path[message]!;
    const path = batchPath === NONE ? this.tables.emptyPath() : this.#ids.path(columns, batchPath, minute, open);
    const length = paths.length(path);
    // an empty path is a route of the peer's own (RFC 4271, 5.1.2)
    const originAs = paths.tokenCount(path) === 0 ? columns.peerAs[columns.peer[message]!]! : paths.origin(path);
    totals.pathLength += length;
    totals.uniquePathLength += paths.uniqueLength(path);
    if (length > totals.longestPath) totals.longestPath = length;
    if (originAs !== 0) open.originRoutes.add(originAs, announced);
    if (peer >= 0) {
      const said = this.#said;
      said.columns = columns;
      said.path = batchPath;
      said.origin = originAs;
      said.peer = peer;
      said.minute = minute;
      this.#announceEach(first, first + announced, path, open);
    }
    if (batchPath === NONE) this.#held.release(path);
  }

  /** Applies the elements from `first` to `end`, which announce what is `said`. @param path its id */
  #announceEach(first: number, end: number, path: number, open: OpenMinute): void {
    const said = this.#said;
    const { columns, path: batchPath, origin: originAs, peer, minute } = said;
    const newLink = isNew(this.#ids.newestLink(batchPath), minute);
    for (let element = first; element < end; element++) {
      const prefix = this.#ids.prefix(columns, columns.prefix[element]!, minute, open);
      if (prefix < 0) {
        this.#counts.untracked++;
        continue;
      }
      open.prefixRoutes.add(prefix, 1);
      const pathId = columns.pathId.length > 0 ? columns.pathId[element]! : 0;
      const old = this.#held.announce(peer, prefix, pathId, path, minute, open);
      const newOrigin = originAs !== 0 && this.#origins.note(prefix, said, open);
      if (old === path) continue;
      if (newOrigin || newLink || this.#origins.leaves(prefix, old, originAs, minute)) {
        this.#changed(prefix, peer, old, path, open);
      }
      if (old !== WITHDRAWN) this.#held.release(old);
    }
    if (!newLink) return;
    for (let element = first; element < end; element++) {
      const prefix = this.#ids.knownPrefix(columns.prefix[element]!);
      this.#links.note(columns, batchPath, minute, { open, prefix, peer });
    }
  }

  /** By itself, since functions inside a loop that capture its variables cost each turn an allocation. */
  #changed(prefix: number, peer: number, old: number, path: number, open: OpenMinute): void {
    const { tables } = this;
    open.changedPath(
      prefix,
      peer,
      () => tables.hopsOf(old),
      () => tables.hopsOf(path),
    );
  }
}

/** An announcement at hand: one object for all of them, since one each would keep the collector of garbage busy. */
class Announcement implements Origination {
  columns!: BatchColumns;
  path = 0;
  origin = 0;
  peer = 0;
  minute: Minute = 0;
}
