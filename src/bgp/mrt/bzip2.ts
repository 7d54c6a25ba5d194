/**
 * bzip2 decompression in pieces (there is no format standard; this follows the reference program's description of blocks,
 * Huffman tables, move-to-front and the Burrows-Wheeler transform). Old Route Views archives are bzip2, and Node has
 * only zlib.
 */

import { type HuffmanTable, huffmanTable, MAXIMUM_CODE_LENGTH } from './huffmanTable.js';

/** The bytes are no bzip2, or damaged. */
export class BadBzip2 extends Error {
  constructor(message: string) {
    super(`bad bzip2: ${message}`);
    this.name = 'BadBzip2';
  }
}

/** The bytes end before the stream does. */
export class CutBzip2 extends BadBzip2 {
  override name = 'CutBzip2';
}

/** No block's compressed form is longer: 900,000 symbols of at most 20 bits, and its tables. */
const LONGEST_BLOCK = 2_400_000;
const OUTPUT_PIECE = 1 << 16;
const GROUP_SIZE = 50;
const MAXIMUM_SELECTORS = 18_002;
const RUN_A = 0;
const RUN_B = 1;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Thrown inside a block when its bytes are not all there yet. */
class NeedMore extends Error {}
const needMore = new NeedMore();

export class Bzip2Decoder {
  #input = new Uint8Array(1 << 16);
  #length = 0;
  #at = 0;
  #bits = 0;
  #bitCount = 0;
  #ended = false;
  #blockSize = 0;
  #inStream = false;
  #streams = 0;
  #block = new Int32Array(0);

  push(bytes: Uint8Array): void {
    const left = this.#length - this.#at;
    if (left + bytes.length > this.#input.length) {
      const input = new Uint8Array(Math.max(this.#input.length * 2, left + bytes.length));
      input.set(this.#input.subarray(this.#at, this.#length));
      this.#input = input;
    } else this.#input.copyWithin(0, this.#at, this.#length);
    this.#at = 0;
    this.#input.set(bytes, left);
    this.#length = left + bytes.length;
  }

  end(): void {
    this.#ended = true;
  }

  /**
   * What can be decompressed of the bytes pushed so far, in pieces that are valid until the next one.
   * @throws BadBzip2
   */
  *read(): Generator<Uint8Array> {
    for (;;) {
      // a block is decoded whole or, when its end has not come yet, again from its start
      const { at, bits, bitCount } = { at: this.#at, bits: this.#bits, bitCount: this.#bitCount };
      let count: number;
      let pointer: number;
      let crc: number;
      try {
        if (!this.#inStream) {
          if (!this.#startStream()) return;
          continue;
        }
        const magic = this.#take(24) * 0x1000000 + this.#take(24);
        crc = (this.#take(16) << 16) | this.#take(16);
        if (magic === 0x177245385090) {
          this.#bits = 0;
          this.#bitCount = 0;
          this.#inStream = false;
          continue;
        }
        if (magic !== 0x314159265359) throw new BadBzip2('no block where one should start');
        if (this.#take(1) === 1) throw new BadBzip2('randomised blocks (bzip2 0.9.0) are not supported');
        pointer = this.#take(24);
        count = this.#symbols();
      } catch (error) {
        if (error !== needMore) throw error;
        if (this.#ended) throw new CutBzip2('ends within a block');
        this.#at = at;
        this.#bits = bits;
        this.#bitCount = bitCount;
        if (this.#length - at > LONGEST_BLOCK) throw new BadBzip2('a block without end');
        return;
      }
      if (pointer >= count) throw new BadBzip2('a block points outside itself');
      yield* this.#output(count, pointer, crc);
    }
  }

  #startStream(): boolean {
    if (this.#length - this.#at < 4) {
      if (this.#ended && this.#length > this.#at && this.#streams === 0) throw new CutBzip2('too short');
      return false;
    }
    const input = this.#input;
    const level = input[this.#at + 3]! - 0x30;
    if (
      input[this.#at] !== 0x42 ||
      input[this.#at + 1] !== 0x5a ||
      input[this.#at + 2] !== 0x68 ||
      level < 1 ||
      level > 9
    ) {
      throw new BadBzip2(this.#streams === 0 ? 'no bzip2 header' : 'trailing bytes that are no bzip2');
    }
    this.#at += 4;
    this.#blockSize = level * 100_000;
    if (this.#block.length < this.#blockSize) this.#block = new Int32Array(this.#blockSize);
    this.#inStream = true;
    this.#streams++;
    return true;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      if (this.#at === this.#length) throw needMore;
      this.#bits = (this.#bits << 8) | this.#input[this.#at++]!;
      this.#bitCount += 8;
    }
    this.#bitCount -= count;
    return (this.#bits >>> this.#bitCount) & ((1 << count) - 1);
  }

  /** Bytes that occur in the block, in rising order. */
  #alphabet(): Uint8Array {
    const ranges = this.#take(16);
    const used = new Uint8Array(256);
    let count = 0;
    for (let range = 0; range < 16; range++) {
      if ((ranges & (0x8000 >> range)) === 0) continue;
      const members = this.#take(16);
      for (let i = 0; i < 16; i++) if (members & (0x8000 >> i)) used[count++] = range * 16 + i;
    }
    if (count === 0) throw new BadBzip2('a block without symbols');
    return used.subarray(0, count);
  }

  #selectors(tables: number): Uint8Array {
    const count = this.#take(15);
    if (count === 0) throw new BadBzip2('a block without tables');
    const order = Uint8Array.from({ length: tables }, (_, i) => i);
    const selectors = new Uint8Array(Math.min(count, MAXIMUM_SELECTORS));
    for (let i = 0; i < count; i++) {
      let place = 0;
      while (this.#take(1) === 1) if (++place >= tables) throw new BadBzip2('unknown table');
      const table = order[place]!;
      order.copyWithin(1, 0, place);
      order[0] = table;
      // writers may round the count up: more than a block can use are read and dropped
      if (i < selectors.length) selectors[i] = table;
    }
    return selectors;
  }

  #table(symbols: number): HuffmanTable {
    const lengths = new Uint8Array(symbols);
    let length = this.#take(5);
    for (let i = 0; i < symbols; i++) {
      for (;;) {
        if (length < 1 || length > MAXIMUM_CODE_LENGTH) throw new BadBzip2('impossible code length');
        if (this.#take(1) === 0) break;
        length += this.#take(1) === 0 ? 1 : -1;
      }
      lengths[i] = length;
    }
    return huffmanTable(lengths, symbols);
  }

  /** Decodes Huffman codes, move-to-front and runs into the block. @returns its length */
  #symbols(): number {
    const order = this.#alphabet();
    const end = order.length + 1;
    const tableCount = this.#take(3);
    if (tableCount < 2 || tableCount > 6) throw new BadBzip2(`${tableCount} tables`);
    const selectors = this.#selectors(tableCount);
    const tables = Array.from({ length: tableCount }, () => this.#table(end + 1));
    const block = this.#block;
    let count = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; ; group++) {
      if (group === selectors.length) throw new BadBzip2('a block without end');
      const { limit, base, symbols, shortest, longest } = tables[selectors[group]!]!;
      for (let left = GROUP_SIZE; left > 0; left--) {
        let length = shortest;
        let code = this.#take(length);
        while (code > limit[length]!) {
          if (++length > longest) throw new BadBzip2('unknown code');
          code = (code << 1) | this.#take(1);
        }
        const symbol = symbols[code - base[length]!]!;
        if (symbol === RUN_A || symbol === RUN_B) {
          run += weight << symbol;
          weight <<= 1;
          if (run > this.#blockSize) throw new BadBzip2('a run exceeds its block');
          continue;
        }
        if (run > 0) {
          if (count + run > this.#blockSize) throw new BadBzip2('a run exceeds its block');
          block.fill(order[0]!, count, count + run);
          count += run;
          run = 0;
          weight = 1;
        }
        if (symbol === end) return count;
        if (count === this.#blockSize) throw new BadBzip2('a block is too long');
        const place = symbol - 1;
        const byte = order[place]!;
        order.copyWithin(1, 0, place);
        order[0] = byte;
        block[count++] = byte;
      }
    }
  }

  /** Undoes the Burrows-Wheeler transform and the first run-length coding: four equal bytes, then how many more. */
  *#output(count: number, pointer: number, expectedCrc: number): Generator<Uint8Array> {
    const block = this.#block;
    const starts = new Int32Array(256);
    for (let i = 0; i < count; i++) starts[block[i]! & 255]!++;
    for (let byte = 0, sum = 0; byte < 256; byte++) {
      const here = starts[byte]!;
      starts[byte] = sum;
      sum += here;
    }
    // the low byte of an entry is its symbol, the rest is where the next one is
    for (let i = 0; i < count; i++) block[starts[block[i]! & 255]!++]! |= i << 8;
    const piece = new Uint8Array(OUTPUT_PIECE);
    let filled = 0;
    let crc = -1;
    let entry = block[pointer]!;
    let previous = -1;
    let equal = 0;
    for (let i = 0; i < count; i++) {
      entry = block[entry >>> 8]!;
      const byte = entry & 255;
      let times = 1;
      if (equal === 4) {
        times = byte;
        equal = 0;
      } else {
        equal = byte === previous ? equal + 1 : 1;
        previous = byte;
      }
      for (; times > 0; times--) {
        piece[filled++] = previous;
        crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ previous]!;
        if (filled === OUTPUT_PIECE) {
          yield piece;
          filled = 0;
        }
      }
    }
    if (~crc !== expectedCrc) throw new BadBzip2('a block does not match its checksum');
    if (filled > 0) yield piece.subarray(0, filled);
  }
}
