import { IPV4_ADDRESS } from '../../src/bgp/address.js';
import { ORIGIN_IGP } from '../../src/bgp/batchColumns.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { mulberry32 } from '../../src/random/mulberry32.js';

/**
 * A prefix and the one before it in order of address go to the same network, and by the same path of a peer, as often as in
 * two shared recordings (790,029 routes of 45 peers in 40 files of route-views-2008: 0.601 and 0.519; 69,400 routes of 6
 * peers in rrc04-2021: 0.699 and 0.604, for IPv6 0.608 and 0.522). Recordings name some prefixes only, so a whole table has
 * closer neighbours still. Links are few, as there: 1.8 and 2.0 for each origin.
 *
 * Shares of prefix lengths, and of path lengths with prepending, as in the shared recording rrc04-2021 (31,624 prefixes,
 * 34,941 paths of 5,174 origins). An origin has 13 prefixes on average, as in the whole table (a million prefixes of
 * 76,000 networks), most of them one and a few hundreds; a peer has mostly one path to an origin and sometimes three.
 */
const IPV4_LENGTHS: [length: number, share: number][] = [
  [24, 0.61],
  [23, 0.118],
  [22, 0.141],
  [21, 0.043],
  [20, 0.046],
  [19, 0.018],
  [18, 0.01],
  [17, 0.006],
  [16, 0.008],
];
const IPV6_LENGTHS: [length: number, share: number][] = [
  [48, 0.46],
  [32, 0.2],
  [29, 0.06],
  [36, 0.06],
  [40, 0.06],
  [44, 0.08],
  [34, 0.04],
  [47, 0.04],
];
const PATH_LENGTHS: [length: number, share: number][] = [
  [3, 0.07],
  [4, 0.17],
  [5, 0.22],
  [6, 0.17],
  [7, 0.12],
  [8, 0.08],
  [9, 0.06],
  [10, 0.04],
  [12, 0.04],
  [15, 0.03],
];
const IPV6_SHARE = 0.2;
const PREFIXES_AN_ORIGIN = 13;
/** Of 100 prefixes, so many go by the origin's second and third path. */
const SECOND = 18;
const THIRD = 7;
const SAME_ORIGIN = 0.601;
/** Of neighbours with the same origin, so many have the same choice of its paths by more than chance. */
const SAME_CHOICE = 0.66;
const TRANSITS = 4_000;
/** Providers of a transit network. */
const PROVIDERS = 3;
/** The larger, the more the first transit networks carry. */
const TRANSIT_SKEW = 3;
const NOW = 1_767_225_600;
/** 198.51.100.0, the first peer's address, and its AS. */
export const FIRST_PEER = 0xc6336400;
export const FIRST_AS = 100;
const MESSAGES_A_SECOND = 100;
const BATCH_MESSAGES = 5_000;
const PIECE = 1 << 20;

/** Of one prefix; bits behind its length may be set. `hops` hold until the next is asked for. */
interface Announcement {
  peer: number;
  address: number;
  length: number;
  hops: readonly number[];
}

function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a + 0x9e37, 0x85ebca6b) ^ Math.imul(b + 0x79b9, 0xc2b2ae35) ^ Math.imul(c + 1, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

function drawn(shares: readonly [number, number][], at: number): number {
  let sum = 0;
  for (const [value, share] of shares) {
    sum += share;
    if (at < sum) return value;
  }
  return shares[0]![0];
}

/** A collector's table: peers with the same prefixes. The same numbers give the same bytes. */
export class GeneratedTable {
  readonly #prefixes: number;
  readonly #origins: number;
  readonly #path: number[] = [];
  /** The prefix whose path was asked for last, with its origin and its choice of the origin's paths. */
  #prefix = -1;
  #origin = 0;
  #choice = 0;

  constructor(
    routes: number,
    readonly seed: number,
    readonly peers = 10,
    /** Of the dump, seconds since 1970. */
    readonly now = NOW,
  ) {
    this.#prefixes = Math.floor(routes / peers);
    this.#origins = Math.ceil(this.#prefixes / PREFIXES_AN_ORIGIN);
  }

  #isIpv6(prefix: number): boolean {
    return prefix >= this.#prefixes * (1 - IPV6_SHARE);
  }

  #length(prefix: number): number {
    const at = hash(this.seed, prefix, 2) / 2 ** 32;
    return drawn(this.#isIpv6(prefix) ? IPV6_LENGTHS : IPV4_LENGTHS, at);
  }

  /** First 32 bits; neighbours are apart by more than any prefix here covers, wrapping around. */
  #address(prefix: number): number {
    return (Math.imul(prefix + 1, 0x9e3779b1) >>> 0) | 0x01000000;
  }

  /** AS numbers of a peer's path to the prefix, by the `variant`-th choice of the origin. Valid until the next call. */
  #hops(peer: number, prefix: number, variant: number): number[] {
    this.#at(prefix);
    const origin = this.#origin;
    const path = this.#path;
    path.length = drawn(PATH_LENGTHS, hash(origin, peer, variant) / 2 ** 32);
    path[0] = FIRST_AS + peer;
    path[path.length - 1] = 200_000 + origin;
    // the farther from the origin, the more paths go through the same networks
    for (let at = path.length - 2; at > 0; at--) {
      const spread = TRANSITS >> Math.min(8, path.length - 2 - at);
      const choice = at === path.length - 2 ? variant : (variant + peer) % PROVIDERS;
      path[at] = 1_000 + Math.floor((hash(path[at + 1]!, choice, 5) / 2 ** 32) ** TRANSIT_SKEW * spread);
    }
    return path;
  }

  /** Finds the prefix's origin and choice: its own, or those of the one before it. */
  #at(prefix: number): void {
    if (prefix === this.#prefix) return;
    this.#prefix = prefix;
    let chooser = prefix;
    let first = prefix;
    while (first > 0 && hash(this.seed, first, 8) / 2 ** 32 < SAME_ORIGIN) {
      if (chooser === first && hash(this.seed, first, 9) / 2 ** 32 < SAME_CHOICE) chooser--;
      first--;
    }
    const share = (hash(this.seed, first, 3) / 2 ** 32) ** 2.2;
    this.#origin = Math.floor(share * this.#origins);
    const draw = hash(this.seed, chooser, 4) % 100;
    this.#choice = draw < THIRD ? 2 : draw < THIRD + SECOND ? 1 : 0;
  }

  #variant(prefix: number): number {
    this.#at(prefix);
    return this.#choice;
  }

  /** The table as TABLE_DUMP_V2, in pieces of a megabyte. */
  *dump(): Generator<Buffer> {
    let piece = Buffer.alloc(PIECE);
    let at = 0;
    const head = (type: number, subtype: number): number => {
      piece.writeUInt32BE(this.now, at);
      piece.writeUInt16BE(type, at + 4);
      piece.writeUInt16BE(subtype, at + 6);
      at += 12;
      return at;
    };
    const start = head(13, 1);
    at = piece.writeUInt32BE(0xc0000201, at);
    at = piece.writeUInt16BE(0, at);
    at = piece.writeUInt16BE(this.peers, at);
    for (let peer = 0; peer < this.peers; peer++) {
      at = piece.writeUInt8(2, at);
      at = piece.writeUInt32BE(0, at);
      at = piece.writeUInt32BE(FIRST_PEER + peer, at);
      at = piece.writeUInt32BE(FIRST_AS + peer, at);
    }
    piece.writeUInt32BE(at - start, start - 4);
    for (let prefix = 0; prefix < this.#prefixes; prefix++) {
      if (at > PIECE - 128 * this.peers - 64) {
        yield piece.subarray(0, at);
        piece = Buffer.alloc(PIECE);
        at = 0;
      }
      const ipv6 = this.#isIpv6(prefix);
      const length = this.#length(prefix);
      const body = head(13, ipv6 ? 4 : 2);
      at = piece.writeUInt32BE(prefix, at);
      at = piece.writeUInt8(length, at);
      const size = (length + 7) >> 3;
      for (let i = 0; i < size; i++) piece[at + i] = this.#byte(prefix, ipv6, length, i);
      at += size;
      at = piece.writeUInt16BE(this.peers, at);
      for (let peer = 0; peer < this.peers; peer++) at = this.#entry(piece, at, peer, prefix, ipv6);
      piece.writeUInt32BE(at - body, body - 4);
    }
    yield piece.subarray(0, at);
  }

  /** A byte of the prefix: of IPv6 2001::/16 and the address behind it; bits behind the length are 0. */
  #byte(prefix: number, ipv6: boolean, length: number, i: number): number {
    const place = ipv6 ? i - 2 : i;
    const byte = place < 0 ? 0x20 - 0x1f * i : (this.#address(prefix) >>> (24 - place * 8)) & 0xff;
    return i === length >> 3 ? byte & (0xff00 >> (length & 7)) & 0xff : byte;
  }

  #entry(piece: Buffer, start: number, peer: number, prefix: number, ipv6: boolean): number {
    const path = this.#hops(peer, prefix, this.#variant(prefix));
    let at = piece.writeUInt16BE(peer, start);
    at = piece.writeUInt32BE(this.now - (hash(prefix, peer, 6) % 2_592_000), at) + 2;
    const attributes = at;
    at = piece.writeUInt32BE(0x40010100, at);
    at = piece.writeUInt16BE(0x4002, at);
    at = piece.writeUInt8(2 + 4 * path.length, at);
    at = piece.writeUInt16BE(0x0200 + path.length, at);
    for (const as of path) at = piece.writeUInt32BE(as, at);
    if (ipv6) {
      at = piece.writeUInt32BE(0x800e1110, at);
      at = piece.writeUInt32BE(0x20010db8, at);
      at = piece.writeUInt32BE(0, at);
      at = piece.writeUInt32BE(0, at);
      at = piece.writeUInt32BE(peer + 1, at);
    } else {
      at = piece.writeUInt16BE(0x4003, at);
      at = piece.writeUInt8(4, at);
      at = piece.writeUInt32BE(FIRST_PEER + peer, at);
    }
    at = piece.writeUInt16BE(0xc008, at);
    at = piece.writeUInt8(12, at);
    for (let i = 0; i < 3; i++) at = piece.writeUInt32BE(hash(path[1]!, i, 7), at);
    piece.writeUInt16BE(at - attributes, attributes - 2);
    return at;
  }

  /** Routes as text. */
  *texts(): Generator<{ peer: string; prefix: string; path: string }> {
    for (let prefix = 0; prefix < this.#prefixes; prefix++) {
      const text = `${this.#address(prefix).toString(16)}/${this.#length(prefix)}`;
      for (let peer = 0; peer < this.peers; peer++) {
        yield {
          peer: `198.51.100.${peer}`,
          prefix: text,
          path: this.#hops(peer, prefix, this.#variant(prefix)).join(' '),
        };
      }
    }
  }

  /** Announcements after the table: random routes that go over to another of their origin's paths, or back. */
  *announcements(count: number): Generator<Announcement> {
    const random = mulberry32(this.seed);
    const ipv4 = Math.floor(this.#prefixes * (1 - IPV6_SHARE));
    for (let message = 0; message < count; message++) {
      const prefix = Math.floor(random() * ipv4);
      const peer = Math.floor(random() * this.peers);
      const hops = this.#hops(peer, prefix, Math.floor(random() * 3));
      yield { peer, address: this.#address(prefix), length: this.#length(prefix), hops };
    }
  }

  /** The same as messages. */
  *updates(count: number, batchMessages = BATCH_MESSAGES): Generator<UpdateBatch> {
    const into = new UpdateBatchBuilder();
    let message = 0;
    for (const { peer, address, length, hops } of this.announcements(count)) {
      into.begin();
      into.words[0] = FIRST_PEER + peer;
      const from = into.address(IPV4_ADDRESS);
      into.words[0] = address;
      into.announce(into.maskedPrefix(length), from, 0);
      for (const as of hops) into.paths.push(as, 0);
      const timeMs = this.now * 1000 + (message++ / MESSAGES_A_SECOND) * 1000;
      into.commitUpdate(timeMs, into.peer(from, FIRST_AS + peer), 0, ORIGIN_IGP, into.paths.close());
      if (into.messages === batchMessages) yield new UpdateBatch(into.takeColumns());
    }
    if (into.messages > 0) yield new UpdateBatch(into.takeColumns());
  }
}
