import { IPV4_ADDRESS, IPV6_ADDRESS, IPV6_SHAPE } from '../address.js';
import { NONE } from '../batchColumns.js';
import { BgpUpdateDecoder, type OnCommunities } from '../bgpUpdate.js';
import type { UpdateBatchBuilder } from '../updateBatchBuilder.js';
import { type MrtRecord, MrtRecords } from './mrtRecords.js';
import { MrtStatistics } from './mrtStatistics.js';
import {
  BGP,
  BGP4MP,
  BGP4MP_ET,
  type Bgp4mpSubtype,
  bgp4mpSubtype,
  isOtherTable,
  TABLE_DUMP,
  TABLE_DUMP_V2,
  type TableDumpV2Subtype,
  tableDumpV2Subtype,
} from './mrtTypes.js';
import { MrtPeerIndex } from './peerIndex.js';

const RECORD_HEADER = 12;
const BGP_HEADER = 19;
const BGP_UPDATE = 2;
const OLD_BGP = { as4: false, addPath: false };
const TABLE_DUMP_ENTRY = { as4: false, abbreviated: false };
const TABLE_DUMP_V2_ENTRY = { as4: true, abbreviated: true };
/** A batch of more elements, its columns and dictionaries, would not stay near the processor until it is applied. */
const ENOUGH_ELEMENTS = 8192;
/** Highest state: Quagga writes 7 (clearing) and 8 (deleted). */
const HIGHEST_STATE = 8;

export interface MrtDecoderOptions {
  /** A record that claims more is damage; default 4 MiB. */
  maximumRecordBytes?: number;
  /** Asks for communities, which no feature needs: given before the message is in the batch, at its index there. */
  onCommunities?: OnCommunities;
}

/**
 * Decodes MRT (RFC 6396, RFC 8050) pushed in pieces of any size into a batch builder. Damaged records are counted with
 * offset and reason, and decoding goes on with the next.
 */
export class MrtDecoder {
  readonly statistics = new MrtStatistics();
  readonly #records: MrtRecords;
  readonly #updates: BgpUpdateDecoder;
  readonly #peerIndex = new MrtPeerIndex();
  /** Where what the record at hand says is over. */
  #contentEnd = 0;

  constructor(
    readonly into: UpdateBatchBuilder,
    options: MrtDecoderOptions = {},
  ) {
    this.#records = new MrtRecords(this.statistics, options.maximumRecordBytes ?? 4 << 20);
    this.#updates = new BgpUpdateDecoder(into, this.statistics, options.onCommunities);
  }

  /** Gives more bytes; `decode` then takes what is whole. */
  push(bytes: Uint8Array): void {
    this.#records.push(bytes);
  }

  /** No more bytes will come: a record that is cut short is damage now. */
  end(): void {
    this.#records.end();
  }

  /** Decodes until the builder holds `maximumMessages` or many elements. @returns false when more bytes are needed */
  decode(maximumMessages: number): boolean {
    while (this.into.messages < maximumMessages && this.into.elements < ENOUGH_ELEMENTS) {
      const record = this.#records.next();
      if (record === null) return false;
      this.statistics.records++;
      const before = this.into.messages;
      this.#contentEnd = record.end;
      const reason = this.#record(record);
      if (reason !== null) {
        this.statistics.skip(record.offset, reason);
        this.#records.doubt(record, record.start - RECORD_HEADER + 1, null);
      } else if (this.#contentEnd < record.end) this.#records.doubt(record, this.#contentEnd, 'its content is shorter');
      if (reason === null && this.into.messages > before) this.statistics.lastTime = record.seconds * 1000;
    }
    return true;
  }

  /** @returns null, or why the record was skipped */
  #record(record: MrtRecord): string | null {
    switch (record.type) {
      case BGP4MP:
        return this.#bgp4mp(record, record.start, record.seconds * 1000);
      case BGP4MP_ET: {
        if (record.start + 4 > record.end) return 'BGP4MP_ET is too short';
        const microseconds = record.view.getUint32(record.start);
        if (microseconds > 999_999) return `${microseconds} microseconds`;
        return this.#bgp4mp(record, record.start + 4, record.seconds * 1000 + Math.floor(microseconds / 1000));
      }
      case BGP:
        return this.#oldBgp(record);
      case TABLE_DUMP:
        return this.#tableDump(record);
      case TABLE_DUMP_V2:
        return this.#tableDumpV2(record);
      default:
        return `type ${record.type} is not supported`;
    }
  }

  #peer(record: MrtRecord, at: number, ipv6: boolean, as: number): number {
    const { words } = this.into;
    for (let i = 0; i < (ipv6 ? 4 : 1); i++) words[i] = record.view.getUint32(at + i * 4);
    return this.into.peer(this.into.address(ipv6 ? IPV6_ADDRESS : IPV4_ADDRESS), as);
  }

  #bgp4mp(record: MrtRecord, start: number, timeMs: number): string | null {
    const subtype: Bgp4mpSubtype | undefined = bgp4mpSubtype(record.subtype);
    if (subtype === undefined) return `BGP4MP subtype ${record.subtype} is not supported`;
    const { view, bytes, end } = record;
    const width = subtype.as4 ? 4 : 2;
    const addresses = start + 2 * width + 4;
    if (addresses > end) return 'BGP4MP is too short';
    const as = subtype.as4 ? view.getUint32(start) : view.getUint16(start);
    const family = view.getUint16(addresses - 2);
    if (family !== 1 && family !== 2) return `address family ${family}`;
    const ipv6 = family === 2;
    const body = addresses + (ipv6 ? 32 : 8);
    if (body + (subtype.state ? 4 : BGP_HEADER) > end) return 'BGP4MP is too short';
    if (subtype.state) {
      this.#contentEnd = body + 4;
      const peer = this.#peer(record, addresses, ipv6, as);
      return this.#state(timeMs, peer, view.getUint16(body), view.getUint16(body + 2));
    }
    const size = view.getUint16(body + 16);
    if (size < BGP_HEADER || body + size > end) return `BGP message of ${size} bytes in a record of ${end - body}`;
    this.#contentEnd = body + size;
    if (bytes[body + 18] !== BGP_UPDATE) {
      this.statistics.otherMessages++;
      return bytes[body + 18]! >= 1 && bytes[body + 18]! <= 5 ? null : `BGP message type ${bytes[body + 18]}`;
    }
    const peer = this.#peer(record, addresses, ipv6, as);
    return this.#update(record, body + BGP_HEADER, body + size, subtype, timeMs, peer, size);
  }

  #update(
    record: MrtRecord,
    start: number,
    end: number,
    encoding: { as4: boolean; addPath: boolean },
    timeMs: number,
    peer: number,
    size: number,
  ): string | null {
    const reason = this.#updates.decode(record.bytes, start, end, encoding, timeMs, peer, size);
    if (reason === null) this.statistics.updates++;
    return reason;
  }

  #state(timeMs: number, peer: number, oldState: number, newState: number): string | null {
    if (oldState > HIGHEST_STATE || newState > HIGHEST_STATE || newState === 0) {
      return `change of state from ${oldState} to ${newState}`;
    }
    this.into.peerState(timeMs, peer, oldState, newState);
    this.statistics.stateChanges++;
    return null;
  }

  /** The deprecated type 5 (RFC 6396, B.2): IPv4 and 2-byte AS numbers, messages without the BGP header. */
  #oldBgp(record: MrtRecord): string | null {
    const { view, start, end } = record;
    const timeMs = record.seconds * 1000;
    switch (record.subtype) {
      case 1: {
        if (start + 12 > end) return 'BGP is too short';
        const peer = this.#peer(record, start + 2, false, view.getUint16(start));
        return this.#update(record, start + 12, end, OLD_BGP, timeMs, peer, end - start - 12 + BGP_HEADER);
      }
      case 3: {
        if (start + 10 > end) return 'BGP is too short';
        const peer = this.#peer(record, start + 2, false, view.getUint16(start));
        return this.#state(timeMs, peer, view.getUint16(start + 6), view.getUint16(start + 8));
      }
      case 5:
      case 6:
      case 7:
        this.statistics.otherMessages++;
        return null;
      default:
        return `BGP subtype ${record.subtype} is not supported`;
    }
  }

  #tableDump(record: MrtRecord): string | null {
    const { view, bytes, start, end } = record;
    if (record.subtype !== 1 && record.subtype !== 2) return `TABLE_DUMP subtype ${record.subtype} is not supported`;
    const ipv6 = record.subtype === 2;
    const addressBytes = ipv6 ? 16 : 4;
    const peerAt = start + 4 + addressBytes + 6;
    const attributes = peerAt + addressBytes + 4;
    if (attributes > end) return 'TABLE_DUMP is too short';
    const length = bytes[start + 4 + addressBytes]!;
    if (length > addressBytes * 8) return `prefix length ${length}`;
    const attributesEnd = attributes + view.getUint16(attributes - 2);
    if (attributesEnd > end) return 'attributes exceed the TABLE_DUMP';
    this.#contentEnd = attributesEnd;
    const peer = this.#peer(record, peerAt, ipv6, view.getUint16(peerAt + addressBytes));
    for (let i = 0; i < (ipv6 ? 4 : 1); i++) this.into.words[i] = view.getUint32(start + 4 + i * 4);
    const prefix = this.into.maskedPrefix(ipv6 ? IPV6_SHAPE + length : length);
    const originated = view.getUint32(peerAt - 4);
    this.#updates.decodeEntry(
      bytes,
      attributes,
      attributesEnd,
      TABLE_DUMP_ENTRY,
      record.seconds,
      originated,
      peer,
      prefix,
      0,
    );
    this.statistics.ribEntries++;
    return null;
  }

  #tableDumpV2(record: MrtRecord): string | null {
    const subtype: TableDumpV2Subtype | undefined = tableDumpV2Subtype(record.subtype);
    if (isOtherTable(record.subtype)) {
      this.statistics.otherFamilies++;
      return null;
    }
    if (subtype === undefined) return `TABLE_DUMP_V2 subtype ${record.subtype} is not supported`;
    if (subtype.peerIndex) {
      const reason = this.#peerIndex.read(record);
      this.#contentEnd = this.#peerIndex.end;
      return reason;
    }
    const { view, bytes, start, end } = record;
    if (start + 5 > end) return 'TABLE_DUMP_V2 is too short';
    const length = bytes[start + 4]!;
    const size = (length + 7) >> 3;
    let at = start + 5 + size;
    if (length > (subtype.ipv6 ? 128 : 32)) return `prefix length ${length}`;
    if (at + 2 > end) return 'prefix exceeds the TABLE_DUMP_V2';
    const entries = view.getUint16(at);
    at += 2;
    const header = subtype.addPath ? 12 : 8;
    const { words } = this.into;
    words.fill(0);
    for (let i = 0; i < size; i++) words[i >> 2]! |= bytes[start + 5 + i]! << (24 - (i & 3) * 8);
    const prefix = this.into.maskedPrefix(subtype.ipv6 ? IPV6_SHAPE + length : length);
    for (let entry = 0; entry < entries; entry++) {
      if (at + header > end) return `entry ${entry} of ${entries} exceeds the TABLE_DUMP_V2`;
      const attributes = at + header;
      const attributesEnd = attributes + view.getUint16(attributes - 2);
      if (attributesEnd > end) return `attributes of entry ${entry} exceed the TABLE_DUMP_V2`;
      const index = view.getUint16(at);
      const peer = this.#peerIndex.peer(index, this.into);
      if (peer < 0) return `entry of peer ${index}, which the peer index lacks`;
      const pathId = subtype.addPath ? view.getUint32(at + 6) : 0;
      // half of the prefixes go by the path of the one before them
      const { paths } = this.#peerIndex;
      const path = this.#updates.decodeEntry(
        bytes,
        attributes,
        attributesEnd,
        TABLE_DUMP_V2_ENTRY,
        record.seconds,
        view.getUint32(at + 2),
        peer,
        prefix,
        pathId,
        paths[index],
      );
      paths[index] = path === NONE ? -1 : path;
      this.statistics.ribEntries++;
      at = attributesEnd;
    }
    this.#contentEnd = at;
    return null;
  }
}
