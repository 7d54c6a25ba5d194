import { formatPrefix, IPV6_SHAPE } from '../../src/bgp/address.js';
import { SEQUENCE } from '../../src/bgp/asPath.js';
import { type BatchColumns, NONE, PEER_STATE } from '../../src/bgp/batchColumns.js';
import { PathDictionary } from '../../src/bgp/pathDictionary.js';
import { WordDictionary } from '../../src/bgp/wordDictionary.js';
import { NetworkGraph } from './networkGraph.js';

/** Minutes without a message after which a peer counts as away. */
const PEER_AWAY = 60;
/** A peer with fewer routes than this share of the median one sends no whole table. */
const WHOLE_TABLE = 0.1;
/** Minutes for which the lists of prefixes are kept. */
const LISTS_KEPT = 30;

interface Lists {
  minute: number;
  held: number[];
  byOrigin: Map<number, number[]>;
  origins: number[];
}

/**
 * What the recording's real messages told so far: each peer's routes, how long each origin has held each prefix, and who
 * neighbours whom. Events are planned from it, and never change it.
 */
export class RouteView {
  readonly graph = new NetworkGraph();
  readonly prefixes = new WordDictionary(1 << 16);
  readonly peers = new WordDictionary(256);
  readonly addresses = new WordDictionary(256);
  readonly #paths = new PathDictionary();
  /** By peer, [prefixes]: path + 1, or 0 for no route. */
  readonly #routes: Int32Array[] = [];
  readonly #lastHeard: number[] = [];
  readonly #held: number[] = [];
  /** [prefixes] the origin last announced, and since which minute it alone was. */
  #origin = new Uint32Array(1 << 16);
  #originSince = new Int32Array(1 << 16);
  #carriers = new Uint16Array(1 << 16);
  #minute = 0;
  #lists: Lists | null = null;

  get minute(): number {
    return this.#minute;
  }

  /** Index of a prefix by its words; those that nobody announces may be asked for too. */
  prefix(shape: number, w0: number, w1: number, w2: number, w3: number): number {
    const index = this.prefixes.index(shape, w0, w1, w2, w3);
    if (index >= this.#origin.length) this.#widen();
    return index;
  }

  prefixText(prefix: number): string {
    const { shapes, words } = this.prefixes;
    const at = prefix * 4;
    return formatPrefix(shapes[prefix]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** Bits of the prefix. */
  length(prefix: number): number {
    const shape = this.prefixes.shapes[prefix]!;
    return shape < IPV6_SHAPE ? shape : shape - IPV6_SHAPE;
  }

  isIpv6(prefix: number): boolean {
    return this.prefixes.shapes[prefix]! >= IPV6_SHAPE;
  }

  /** The lower (0) or upper (1) half of a prefix. */
  half(prefix: number, bit: 0 | 1): number {
    const length = this.length(prefix);
    const words = [...this.prefixes.words.subarray(prefix * 4, prefix * 4 + 4)];
    const word = length >> 5;
    if (bit === 1) words[word] = (words[word]! | (0x8000_0000 >>> (length & 31))) >>> 0;
    return this.prefix(this.prefixes.shapes[prefix]! + 1, words[0]!, words[1]!, words[2]!, words[3]!);
  }

  /** The AS that holds a prefix; 0 when nobody does. */
  holder(prefix: number): number {
    return this.#carriers[prefix]! > 0 ? this.#origin[prefix]! : 0;
  }

  carriers(prefix: number): number {
    return this.#carriers[prefix]!;
  }

  /** Minutes for which the present origin has been the only one. */
  age(prefix: number): number {
    return this.#minute - this.#originSince[prefix]!;
  }

  /** Hops of a peer's route, prepending and all; null for none, and for one with an AS set. */
  path(peer: number, prefix: number): number[] | null {
    const entry = this.#routes[peer]![prefix] ?? 0;
    if (entry === 0) return null;
    const from = this.#paths.starts[entry - 1]!;
    const to = this.#paths.starts[entry]!;
    for (let at = from; at < to; at++) if (this.#paths.marks[at] !== SEQUENCE) return null;
    return [...this.#paths.hops.subarray(from, to)];
  }

  hasRoute(peer: number, prefix: number): boolean {
    return (this.#routes[peer]![prefix] ?? 0) !== 0;
  }

  routesHeld(peer: number): number {
    return this.#held[peer]!;
  }

  /** Peers that were heard lately and send more than a few routes. */
  activePeers(): number[] {
    // not of the fullest: without a RIB the others' tables are learnt from updates, and one that comes back sends its whole
    const median = [...this.#held].sort((a, b) => a - b)[this.#held.length >> 1] ?? 0;
    return this.#routes
      .map((_, peer) => peer)
      .filter((p) => this.#minute - this.#lastHeard[p]! <= PEER_AWAY && this.#held[p]! >= WHOLE_TABLE * median);
  }

  /** Prefixes that somebody holds, and the same by origin; at most half an hour old. */
  lists(): Lists {
    if (this.#lists !== null && this.#minute - this.#lists.minute < LISTS_KEPT) return this.#lists;
    const lists: Lists = { minute: this.#minute, held: [], byOrigin: new Map(), origins: [] };
    for (let prefix = 0; prefix < this.prefixes.count; prefix++) {
      const holder = this.holder(prefix);
      if (holder === 0) continue;
      lists.held.push(prefix);
      const own = lists.byOrigin.get(holder);
      if (own) own.push(prefix);
      else lists.byOrigin.set(holder, [prefix]);
    }
    lists.origins = [...lists.byOrigin.keys()];
    return (this.#lists = lists);
  }

  /** Networks that hold a prefix. */
  origins(): readonly number[] {
    return this.lists().origins;
  }

  prefixesOf(network: number): readonly number[] {
    return this.lists().byOrigin.get(network) ?? [];
  }

  /** All that these networks hold at this moment. */
  heldNow(networks: readonly number[]): number[] {
    const wanted = new Set(networks);
    return Array.from({ length: this.prefixes.count }, (_, prefix) => prefix).filter((prefix) =>
      wanted.has(this.holder(prefix)),
    );
  }

  /** Whether a network was ever seen to pass routes of a neighbour on to another: to a peer of the collector alone it may. */
  passesOn(network: number, neighbour: number): boolean {
    const { hops, starts, count } = this.#paths;
    for (let path = 0; path < count; path++) {
      const start = starts[path]!;
      for (let at = start + 1; at < starts[path + 1]!; at++) {
        if (hops[at] === neighbour && hops[at - 1] === network && hops[start] !== network) return true;
      }
    }
    return false;
  }

  /** By peer: its path to some prefix of the network's own. */
  pathsTo(network: number, peers: readonly number[]): Map<number, number[]> {
    const paths = new Map<number, number[]>();
    for (const prefix of this.prefixesOf(network).slice(0, 64)) {
      for (const peer of peers) {
        if (paths.has(peer) || !this.hasRoute(peer, prefix)) continue;
        const path = this.path(peer, prefix);
        if (path !== null && path.at(-1) === network) paths.set(peer, path);
      }
    }
    return paths;
  }

  apply(columns: BatchColumns): void {
    const prefixOf = this.#mappedPrefixes(columns);
    const pathOf = this.#mappedPaths(columns);
    const peerOf = this.#mappedPeers(columns);
    let element = 0;
    for (let message = 0; message < columns.kind.length; message++) {
      const withdrawn = columns.withdrawn[message]!;
      const announced = columns.announced[message]!;
      const minute = Math.floor(columns.time[message]! / 60_000);
      if (minute > this.#minute) this.#minute = minute;
      const peer = peerOf[columns.peer[message]!]!;
      this.#lastHeard[peer] = this.#minute;
      if (columns.kind[message] !== PEER_STATE) {
        for (let n = 0; n < withdrawn; n++) this.#set(peer, prefixOf[columns.prefix[element + n]!]!, 0);
        const path = columns.path[message]!;
        const entry = path === NONE ? 0 : pathOf[path]! + 1;
        for (let n = withdrawn; n < withdrawn + announced; n++) {
          this.#set(peer, prefixOf[columns.prefix[element + n]!]!, entry);
        }
      }
      element += withdrawn + announced;
    }
  }

  #set(peer: number, prefix: number, entry: number): void {
    const routes = this.#routes[peer]!;
    const wide = prefix < routes.length ? routes : this.#widenRoutes(peer);
    const before = wide[prefix]!;
    wide[prefix] = entry;
    if (before === 0 && entry !== 0) {
      this.#carriers[prefix]!++;
      this.#held[peer]!++;
    } else if (before !== 0 && entry === 0) {
      this.#carriers[prefix]!--;
      this.#held[peer]!--;
    }
    if (entry === 0) return;
    const origin = this.#paths.hops[this.#paths.starts[entry]! - 1] ?? 0;
    if (origin === this.#origin[prefix]) return;
    this.#origin[prefix] = origin;
    this.#originSince[prefix] = this.#minute;
  }

  #mappedPrefixes({ prefixShape, prefixWords: w }: BatchColumns): Int32Array {
    return Int32Array.from(prefixShape, (shape, i) =>
      this.prefix(shape, w[i * 4]!, w[i * 4 + 1]!, w[i * 4 + 2]!, w[i * 4 + 3]!),
    );
  }

  #mappedPaths({ pathStart, hops, marks }: BatchColumns): Int32Array {
    const mapped = new Int32Array(pathStart.length - 1);
    for (let path = 0; path < mapped.length; path++) {
      const known = this.#paths.count;
      for (let at = pathStart[path]!; at < pathStart[path + 1]!; at++) this.#paths.push(hops[at]!, marks[at]!);
      mapped[path] = this.#paths.close();
      if (this.#paths.count > known) this.graph.learn(hops, marks, pathStart[path]!, pathStart[path + 1]!);
    }
    return mapped;
  }

  #mappedPeers({ peerAddress, peerAs, addressShape, addressWords: w }: BatchColumns): Int32Array {
    return Int32Array.from(peerAs, (as, i) => {
      const a = peerAddress[i]!;
      const address = this.addresses.index(addressShape[a]!, w[a * 4]!, w[a * 4 + 1]!, w[a * 4 + 2]!, w[a * 4 + 3]!);
      const peer = this.peers.index(0, address, as, 0, 0);
      if (peer === this.#routes.length) {
        this.#routes.push(new Int32Array(1 << 16));
        this.#lastHeard.push(this.#minute);
        this.#held.push(0);
      }
      return peer;
    });
  }

  #widenRoutes(peer: number): Int32Array {
    const wide = new Int32Array(this.#origin.length);
    wide.set(this.#routes[peer]!);
    return (this.#routes[peer] = wide);
  }

  #widen(): void {
    const origin = new Uint32Array(this.#origin.length * 2);
    origin.set(this.#origin);
    this.#origin = origin;
    const since = new Int32Array(origin.length);
    since.set(this.#originSince);
    this.#originSince = since;
    const carriers = new Uint16Array(origin.length);
    carriers.set(this.#carriers);
    this.#carriers = carriers;
  }
}
