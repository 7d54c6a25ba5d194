import { IPV4_ADDRESS, IPV6_ADDRESS } from '../address.js';
import type { UpdateBatchBuilder } from '../updateBatchBuilder.js';
import type { MrtRecord } from './mrtRecords.js';

/** PEER_INDEX_TABLE of TABLE_DUMP_V2 (RFC 6396, 4.3.1): the peers that the entries after it name by number. */
export class MrtPeerIndex {
  #shapes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #as = new Uint32Array(0);
  /** Indices in the builder's batch of that number. */
  #known = new Int32Array(0);
  #knownIn = -1;
  /** By number, the index in that batch of the peer's latest path, -1 before the first. */
  paths = new Int32Array(0);
  /** Where the peers of the record read last end. */
  end = 0;

  /** @returns null, or what is wrong with the record; then no peer is known */
  read(record: MrtRecord): string | null {
    const { view, bytes, start, end } = record;
    this.#shapes = new Uint8Array(0);
    if (start + 6 > end) return 'PEER_INDEX_TABLE is too short';
    let at = start + 6 + view.getUint16(start + 4);
    if (at + 2 > end) return 'view name exceeds the PEER_INDEX_TABLE';
    const count = view.getUint16(at);
    at += 2;
    const shapes = new Uint8Array(count);
    this.#words = new Uint32Array(count * 4);
    this.#as = new Uint32Array(count);
    for (let peer = 0; peer < count; peer++) {
      if (at + 1 > end) return 'peers exceed the PEER_INDEX_TABLE';
      const ipv6 = (bytes[at]! & 1) !== 0;
      const as4 = (bytes[at]! & 2) !== 0;
      at += 5;
      const asAt = at + (ipv6 ? 16 : 4);
      if (asAt + (as4 ? 4 : 2) > end) return 'peers exceed the PEER_INDEX_TABLE';
      shapes[peer] = ipv6 ? IPV6_ADDRESS : IPV4_ADDRESS;
      for (let i = 0; i < (ipv6 ? 4 : 1); i++) this.#words[peer * 4 + i] = view.getUint32(at + i * 4);
      this.#as[peer] = as4 ? view.getUint32(asAt) : view.getUint16(asAt);
      at = asAt + (as4 ? 4 : 2);
    }
    this.#shapes = shapes;
    this.#known = new Int32Array(count).fill(-1);
    this.paths = new Int32Array(count).fill(-1);
    this.end = at;
    return null;
  }

  /** The peer's index in the builder, -1 for an unknown peer. */
  peer(index: number, into: UpdateBatchBuilder): number {
    if (index >= this.#shapes.length) return -1;
    if (into.taken !== this.#knownIn) {
      this.#known.fill(-1);
      this.paths.fill(-1);
      this.#knownIn = into.taken;
    }
    const known = this.#known[index]!;
    if (known >= 0) return known;
    into.words.set(this.#words.subarray(index * 4, index * 4 + 4));
    return (this.#known[index] = into.peer(into.address(this.#shapes[index]!), this.#as[index]!));
  }
}
