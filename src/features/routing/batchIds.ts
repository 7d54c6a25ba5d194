import { type BatchColumns, NONE } from '../../bgp/batchColumns.js';
import type { OpenMinute } from '../openMinute.js';
import { UNKNOWN } from '../routes/hashIndex.js';
import { NO_NOTE } from '../routes/pathTable.js';
import type { Minute } from '../row.js';
import type { Horizon } from './horizon.js';
import type { PathLinks } from './pathLinks.js';
import type { RoutingTables } from './routingTables.js';

const UNMAPPED = -2;
/** Entries of a dictionary that are looked up side by side. */
const AHEAD = 256;

/** Ids of a batch's dictionaries in the tables: looked up once a batch, on first use. */
export class BatchIds {
  #prefixOf = new Int32Array(1024);
  /** Of prefixes looked at, the hash and what may be the id. */
  #prefixHash = new Int32Array(1024);
  #likely = new Int32Array(1024);
  #pathOf = new Int32Array(1024);
  #hashOf = new Int32Array(1024);
  #likelyPath = new Int32Array(1024);
  #originOf = new Uint32Array(1024);
  /** Minute from which the youngest link of a path is known. */
  #newestLink = new Int32Array(1024);
  #peerOf = new Int32Array(64);
  /** Paths and prefixes below these were looked at. */
  #pathsAhead = 0;
  #prefixesAhead = 0;
  #mappedEvictions = 0;
  /** Only there so that what is read ahead is not optimized away. */
  lookedAt = 0;

  constructor(
    private readonly tables: RoutingTables,
    private readonly links: PathLinks,
    private readonly horizon: Horizon,
  ) {}

  map(columns: BatchColumns): void {
    const prefixes = columns.prefixShape.length;
    const paths = columns.pathStart.length - 1;
    const peers = columns.peerAs.length;
    if (this.#prefixOf.length < prefixes) {
      this.#prefixOf = new Int32Array(prefixes * 2);
      this.#prefixHash = new Int32Array(prefixes * 2);
      this.#likely = new Int32Array(prefixes * 2);
    }
    if (this.#pathOf.length < paths) {
      this.#pathOf = new Int32Array(paths * 2);
      this.#hashOf = new Int32Array(paths * 2);
      this.#likelyPath = new Int32Array(paths * 2);
      this.#originOf = new Uint32Array(paths * 2);
      this.#newestLink = new Int32Array(paths * 2);
    }
    if (this.#peerOf.length < peers) this.#peerOf = new Int32Array(peers * 2);
    this.#prefixOf.fill(UNMAPPED, 0, prefixes);
    this.#pathOf.fill(UNMAPPED, 0, paths);
    this.#peerOf.fill(UNMAPPED, 0, peers);
    this.#pathsAhead = 0;
    this.#prefixesAhead = 0;
    this.#mappedEvictions = this.tables.prefixes.evictions;
  }

  unmap(columns: BatchColumns): void {
    for (let path = 0; path < columns.pathStart.length - 1; path++) {
      if (this.#pathOf[path]! >= 0) this.tables.paths.release(this.#pathOf[path]!);
    }
  }

  /** -1 where the table is full. */
  peer(columns: BatchColumns, peer: number): number {
    const mapped = this.#peerOf[peer]!;
    if (mapped !== UNMAPPED) return mapped;
    const address = columns.peerAddress[peer]!;
    const { peers } = this.tables;
    const shape = columns.addressShape[address]!;
    return (this.#peerOf[peer] = peers.intern(shape, columns.addressWords, address * 4, columns.peerAs[peer]!));
  }

  /** -1 where the table is full. */
  prefix(columns: BatchColumns, prefix: number, minute: Minute, open?: OpenMinute): number {
    const { prefixes } = this.tables;
    const mapped = this.#prefixOf[prefix]!;
    if (mapped >= 0) {
      prefixes.named(mapped, minute);
      return mapped;
    }
    if (prefix >= this.#prefixesAhead) this.#lookAtPrefixes(columns, prefix, open);
    const shape = columns.prefixShape[prefix]!;
    const oldestOpen = Math.min(this.horizon.oldestOpen, minute);
    const hash = this.#prefixHash[prefix]!;
    const id = prefixes.intern(hash, this.#likely[prefix]!, shape, columns.prefixWords, prefix * 4, minute, oldestOpen);
    if (prefixes.evictions !== this.#mappedEvictions) {
      this.#mappedEvictions = prefixes.evictions;
      this.#prefixOf.fill(UNMAPPED, 0, columns.prefixShape.length);
      this.#likely.fill(UNKNOWN, 0, columns.prefixShape.length);
    }
    return (this.#prefixOf[prefix] = id);
  }

  /** The id of a prefix that was asked for by `prefix` just before. */
  knownPrefix(prefix: number): number {
    return this.#prefixOf[prefix]!;
  }

  /** Its links are noted. */
  path(columns: BatchColumns, path: number, minute: Minute, open: OpenMinute): number {
    const mapped = this.#pathOf[path]!;
    if (mapped !== UNMAPPED) return mapped;
    const id = this.#acquire(columns, path, open);
    const { paths, links } = this.tables;
    // the links of a path that is known are known too, and since when they are does not change, while none is forgotten
    let newest = links.forgot ? NO_NOTE : paths.noted(id);
    if (newest === NO_NOTE) {
      newest = this.links.note(columns, path, minute);
      paths.note(id, newest);
    }
    this.#newestLink[path] = newest;
    return id;
  }

  /** As `path` for one of a table dump. */
  learntPath(columns: BatchColumns, path: number): number {
    const mapped = this.#pathOf[path]!;
    if (mapped !== UNMAPPED) return mapped;
    const id = this.#acquire(columns, path);
    this.#newestLink[path] = 0;
    const { paths, links } = this.tables;
    // a table names each path many times: the links of one that another route has are known
    if (paths.references(id) > 1) return id;
    this.links.learn(columns, path);
    // where no link has a date, those of this path have none either: an update need not ask for each
    if (!links.dated && !links.forgot) paths.note(id, 0);
    return id;
  }

  /** The network at the end of a path that was asked for before. */
  origin(path: number): number {
    return this.#originOf[path]!;
  }

  /** Minute from which the youngest link of a path is known that was asked for before. */
  newestLink(path: number): Minute {
    return path === NONE ? 0 : this.#newestLink[path]!;
  }

  #acquire(columns: BatchColumns, path: number, open?: OpenMinute): number {
    const { paths } = this.tables;
    if (path >= this.#pathsAhead) {
      // from the last one looked at: a batch need not ask for its paths in order
      const from = this.#pathsAhead;
      this.#pathsAhead = Math.min(path + AHEAD, columns.pathStart.length - 1);
      paths.lookAhead(columns, from, this.#pathsAhead, this.#hashOf, this.#likelyPath);
      this.#lookAtNetworks(columns, from, this.#pathsAhead, open);
    }
    const { hops, marks, pathStart } = columns;
    const from = pathStart[path]!;
    const to = pathStart[path + 1]!;
    const id = paths.acquire(hops, marks, from, to, this.#hashOf[path]!, this.#likelyPath[path]!);
    this.#originOf[path] = paths.origin(id);
    return (this.#pathOf[path] = id);
  }

  #lookAtPrefixes(columns: BatchColumns, prefix: number, open: OpenMinute | undefined): void {
    const from = this.#prefixesAhead;
    const to = Math.min(prefix + AHEAD, columns.prefixShape.length);
    this.#prefixesAhead = to;
    const { prefixes, routes } = this.tables;
    prefixes.lookAhead(columns, from, to, this.#prefixHash, this.#likely);
    routes.lookAhead(this.#likely, from, to);
    if (open !== undefined) this.#lookAtCounts(from, to, open);
  }

  /** Reads ahead where a minute counts prefixes; those in a row with the one before are counted beside it. */
  #lookAtCounts(from: number, to: number, open: OpenMinute): void {
    const likely = this.#likely;
    let read = 0;
    // new ones take ids one after another
    let next = this.tables.prefixes.high;
    let before = -1;
    for (let at = from; at < to; at++) {
      const id = likely[at]! < 0 ? next++ : likely[at]!;
      if (id !== before + 1) read ^= open.lookAt(id);
      before = id;
    }
    this.lookedAt = read;
  }

  /** Reads ahead what is kept of the links of new paths, and counted and listed of the networks at their ends. */
  #lookAtNetworks(columns: BatchColumns, from: number, to: number, open: OpenMinute | undefined): void {
    const { hops, pathStart } = columns;
    const { announced, prefixes } = this.tables;
    let read = 0;
    for (let path = from; path < to; path++) {
      if (this.#likelyPath[path]! >= 0) continue;
      read ^= this.links.lookAt(columns, path);
      const origin = hops[Math.max(pathStart[path + 1]!, 1) - 1]! | 0;
      read ^= announced.regions.lookAt(origin) ^ prefixes.lookAtOrigin(origin);
      if (open !== undefined) read ^= open.originRoutes.lookAt(origin);
    }
    this.lookedAt = read;
  }
}
