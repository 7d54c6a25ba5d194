import { IPV4_ADDRESS, IPV6_ADDRESS, isShape, wordsOf } from './address.js';
import { MAXIMUM_MARK } from './asPath.js';
import { type BatchColumns, NONE, PEER_STATE, RIB_ENTRY, UPDATE } from './batchColumns.js';
import { ColumnRoom } from './columnRoom.js';

/** The bytes are not a batch, or of a version that this program does not know. */
export class BadBatch extends Error {
  constructor(message: string) {
    super(`bad update batch: ${message}`);
    this.name = 'BadBatch';
  }
}

/**
 * Binary form, little-endian: "RWB" and the version, seven counts (u32): messages, elements, addresses, peers,
 * prefixes, paths, hops; the base time (f64, ms); a flag byte (1: path identifiers follow, 2: times are f64 instead of
 * u32 offsets from the base); then the columns in the order of `encodeBatch`. A column of indices or counts is
 * preceded by its width (1, 2 or 4 bytes), the narrowest that holds its greatest value; "none" is stored as 0 and
 * indices that may be absent are one higher.
 */
const MAGIC = 0x00425752;
const VERSION = 1;
const HEADER = 4 + 7 * 4 + 8 + 1;
const HAS_PATH_IDS = 1;
const WIDE_TIMES = 2;
const LATEST_TIME = 8.64e15;

class Writer {
  readonly view: DataView;
  at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(value: number): void {
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  raw(column: Uint8Array): void {
    this.bytes.set(column, this.at);
    this.at += column.length;
  }

  /** `shift` 1 stores NONE as 0 and every index one higher. */
  numbers(column: Uint32Array, shift: 0 | 1 = 0): void {
    let highest = 0;
    for (let i = 0; i < column.length; i++) {
      const value = (column[i]! + shift) >>> 0;
      if (value > highest) highest = value;
    }
    const width = highest < 0x100 ? 1 : highest < 0x10000 ? 2 : 4;
    this.u8(width);
    const { bytes, view } = this;
    let at = this.at;
    if (width === 1) for (let i = 0; i < column.length; i++) bytes[at++] = column[i]! + shift;
    else if (width === 2) for (let i = 0; i < column.length; i++, at += 2) view.setUint16(at, column[i]! + shift, true);
    else for (let i = 0; i < column.length; i++, at += 4) view.setUint32(at, column[i]! + shift, true);
    this.at = at;
  }

  words(shapes: Uint8Array, words: Uint32Array): void {
    for (let i = 0; i < shapes.length; i++) {
      const count = wordsOf(shapes[i]!);
      for (let word = 0; word < count; word++) this.u32(words[i * 4 + word]!);
    }
  }
}

/** @param room for what is needed meanwhile, where many batches are encoded */
export function encodeBatch(columns: BatchColumns, room = new ColumnRoom()): Uint8Array {
  const messages = columns.kind.length;
  const elements = columns.prefix.length;
  const addresses = columns.addressShape.length;
  const peers = columns.peerAs.length;
  const prefixes = columns.prefixShape.length;
  const hops = columns.hops.length;
  const paths = columns.pathStart.length - 1;
  const capacity =
    HEADER + messages * 30 + elements * 12 + addresses * 17 + peers * 8 + prefixes * 17 + paths * 4 + hops * 5 + 64;
  const writer = new Writer(room.bytes('batch', capacity));
  writer.u32((MAGIC | (VERSION << 24)) >>> 0);
  for (const count of [messages, elements, addresses, peers, prefixes, paths, hops]) writer.u32(count);
  let first = messages === 0 ? 0 : Number.POSITIVE_INFINITY;
  let last = 0;
  let whole = true;
  for (const time of columns.time) {
    if (time < first) first = time;
    if (time > last) last = time;
    if (!Number.isInteger(time)) whole = false;
  }
  const wide = !whole || last - first > 0xffffffff;
  writer.f64(first);
  writer.u8((columns.pathId.length > 0 ? HAS_PATH_IDS : 0) | (wide ? WIDE_TIMES : 0));
  writer.raw(columns.kind);
  writer.raw(columns.origin);
  if (wide) for (const time of columns.time) writer.f64(time);
  else {
    const offsets = room.numbers('offsets', messages);
    for (let i = 0; i < messages; i++) offsets[i] = columns.time[i]! - first;
    writer.numbers(offsets);
  }
  writer.numbers(columns.peer);
  writer.numbers(columns.size);
  writer.numbers(columns.path, 1);
  writer.numbers(columns.withdrawn);
  writer.numbers(columns.announced);
  writer.numbers(columns.prefix);
  writer.numbers(columns.nextHop, 1);
  if (columns.pathId.length > 0) writer.numbers(columns.pathId);
  writer.raw(columns.addressShape);
  writer.words(columns.addressShape, columns.addressWords);
  writer.numbers(columns.peerAddress);
  writer.numbers(columns.peerAs);
  writer.raw(columns.prefixShape);
  writer.words(columns.prefixShape, columns.prefixWords);
  const lengths = room.numbers('lengths', paths);
  for (let i = 0; i < paths; i++) lengths[i] = columns.pathStart[i + 1]! - columns.pathStart[i]!;
  writer.numbers(lengths);
  writer.numbers(columns.hops);
  writer.raw(columns.marks);
  return writer.bytes.slice(0, writer.at);
}

class Reader {
  view: DataView;
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly room: ColumnRoom,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  need(count: number): void {
    if (this.at + count > this.bytes.length) throw new BadBatch(`cut short at byte ${this.bytes.length}`);
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  u32(): number {
    this.need(4);
    const value = this.view.getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  f64(): number {
    this.need(8);
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  raw(count: number, what: string, valid: (value: number) => boolean): Uint8Array {
    this.need(count);
    const column = this.room.bytes(what, count);
    column.set(this.bytes.subarray(this.at, this.at + count));
    this.at += count;
    for (let i = 0; i < count; i++) if (!valid(column[i]!)) throw new BadBatch(`${what} ${i} is ${column[i]}`);
    return column;
  }

  /** Values below `limit`; with `shift` 1 also NONE. */
  numbers(count: number, what: string, limit: number, shift: 0 | 1 = 0): Uint32Array {
    const width = this.u8();
    if (width !== 1 && width !== 2 && width !== 4) throw new BadBatch(`${what}: width ${width}`);
    this.need(count * width);
    const column = this.room.numbers(what, count);
    const { view, bytes } = this;
    let at = this.at;
    for (let i = 0; i < count; i++, at += width) {
      const stored = width === 1 ? bytes[at]! : width === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
      if (stored - shift >= limit) throw new BadBatch(`${what} ${i} is out of range`);
      column[i] = stored - shift;
    }
    this.at = at;
    return column;
  }

  words(shapes: Uint8Array, what: string): Uint32Array {
    const words = this.room.numbers(what, shapes.length * 4).fill(0);
    for (let i = 0; i < shapes.length; i++) {
      const count = wordsOf(shapes[i]!);
      for (let word = 0; word < count; word++) words[i * 4 + word] = this.u32();
    }
    return words;
  }
}

/**
 * @param room whose columns are used, until it is given again; new ones when left out
 * @throws BadBatch
 */
export function decodeBatch(bytes: Uint8Array, room = new ColumnRoom()): BatchColumns {
  const reader = new Reader(bytes, room);
  const magic = reader.u32();
  if ((magic & 0xffffff) !== MAGIC) throw new BadBatch('no update batch');
  if (magic >>> 24 !== VERSION) throw new BadBatch(`version ${magic >>> 24}, this program knows ${VERSION}`);
  const [messages, elements, addresses, peers, prefixes, paths, hops] = Array.from({ length: 7 }, () =>
    reader.u32(),
  ) as [number, number, number, number, number, number, number];
  // every message, element ... takes at least one byte: a count over the length is a lie, and must not be allocated
  if (messages + elements + addresses + peers + prefixes + paths + hops > bytes.length) {
    throw new BadBatch('counts exceed its length');
  }
  const first = reader.f64();
  const flags = reader.u8();
  if (flags > 3) throw new BadBatch(`flags ${flags}`);
  const kind = reader.raw(messages, 'kind', (value) => value >= UPDATE && value <= RIB_ENTRY);
  const origin = reader.raw(messages, 'origin', () => true);
  const time = room.times(messages);
  if (flags & WIDE_TIMES) for (let i = 0; i < messages; i++) time[i] = reader.f64();
  else {
    const offsets = reader.numbers(messages, 'time', NONE + 1);
    for (let i = 0; i < messages; i++) time[i] = first + offsets[i]!;
  }
  for (const value of time) if (!(value >= 0 && value <= LATEST_TIME)) throw new BadBatch(`time ${value}`);
  const peer = reader.numbers(messages, 'peer', peers);
  const size = reader.numbers(messages, 'size', NONE + 1);
  const path = reader.numbers(messages, 'path', paths, 1);
  const withdrawn = reader.numbers(messages, 'withdrawn', elements + 1);
  const announced = reader.numbers(messages, 'announced', elements + 1);
  const prefix = reader.numbers(elements, 'prefix', prefixes);
  const nextHop = reader.numbers(elements, 'next hop', addresses, 1);
  const pathId = flags & HAS_PATH_IDS ? reader.numbers(elements, 'path identifier', NONE + 1) : new Uint32Array(0);
  const whole = (shape: number) => shape === IPV4_ADDRESS || shape === IPV6_ADDRESS;
  const addressShape = reader.raw(addresses, 'address shape', whole);
  const addressWords = reader.words(addressShape, 'address words');
  const peerAddress = reader.numbers(peers, 'peer address', addresses);
  const peerAs = reader.numbers(peers, 'peer AS', NONE + 1);
  const prefixShape = reader.raw(prefixes, 'prefix shape', isShape);
  const prefixWords = reader.words(prefixShape, 'prefix words');
  const lengths = reader.numbers(paths, 'path length', hops + 1);
  const hopColumn = reader.numbers(hops, 'hop', NONE + 1);
  const marks = reader.raw(hops, 'mark', (value) => value <= MAXIMUM_MARK);
  if (reader.at !== bytes.length) throw new BadBatch(`${bytes.length - reader.at} bytes too long`);
  const pathStart = room.numbers('path start', paths + 1);
  pathStart[0] = 0;
  for (let i = 0; i < paths; i++) pathStart[i + 1] = pathStart[i]! + lengths[i]!;
  if (pathStart[paths] !== hops) throw new BadBatch('path lengths do not add up');
  let sum = 0;
  for (let i = 0; i < messages; i++) {
    const count = withdrawn[i]! + announced[i]!;
    if (kind[i] === PEER_STATE ? count > 0 : origin[i]! > 3) throw new BadBatch(`message ${i} contradicts its kind`);
    sum += count;
  }
  if (sum !== elements) throw new BadBatch('elements do not add up');
  return {
    kind,
    time,
    peer,
    size,
    origin,
    path,
    withdrawn,
    announced,
    prefix,
    nextHop,
    pathId,
    addressShape,
    addressWords,
    peerAddress,
    peerAs,
    prefixShape,
    prefixWords,
    pathStart,
    hops: hopColumn,
    marks,
  };
}
