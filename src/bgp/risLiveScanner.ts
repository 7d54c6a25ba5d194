import { readFileSync } from 'node:fs';
import { parseAddress, parsePrefix } from './address.js';
import { NONE } from './batchColumns.js';
import type { UpdateBatchBuilder } from './updateBatchBuilder.js';

/** What is in the compiled scanner's memory, as scanner/assembly/layout.ts says. */
const ABSENT = 0xffffffff;
const TEXT = 0xffffffff;
const PEER = 0xfffffffe;
/** u32 of the head; the time lies before them. */
const [PEER_ADDRESS, PEER_AS, SIZE, ORIGIN, HOP_COUNT, ELEMENT_COUNT, NEXT_HOP_COUNT] = [2, 5, 6, 7, 8, 9, 10] as const;
const HEAD_NUMBERS = 16;
/** Numbers of an element, and of a next hop. */
const RECORD = 4;
const MOST_BYTES_A_LETTER = 3;
/** Pages of 64 KiB. */
const PAGES = 32;

interface Compiled {
  scan(length: number): number;
  BYTES: { value: number };
  INPUT: { value: number };
  LONGEST: { value: number };
  HEAD: { value: number };
  HOPS: { value: number };
  MARKS: { value: number };
  ELEMENTS: { value: number };
  NEXT_HOPS: { value: number };
}

/**
 * Reads RIS Live's UPDATE messages straight from their bytes, without building objects, in WebAssembly
 * (scanner/assembly). It knows only the usual spelling: `scan` gives up at anything else (escapes, exponents, unknown
 * structures, keys twice, bad values), and the caller then goes by JSON.parse. What it takes, it takes exactly as that
 * would.
 */
export class RisLiveScanner {
  /** Bytes of a longest message that it takes. */
  readonly longest: number;
  readonly #encoder = new TextEncoder();
  readonly #scan: (length: number) => number;
  /** Where a message lies while it is scanned. */
  readonly #input: Uint8Array;
  /** All of the memory: places of texts are addresses. */
  readonly #bytes: Uint8Array;
  readonly #time: Float64Array;
  readonly #head: Uint32Array;
  readonly #hops: Uint32Array;
  readonly #marks: Uint8Array;
  readonly #elements: Uint32Array;
  readonly #nextHops: Uint32Array;
  /** Indices of the message's next hops. */
  #nextHopIndices = new Uint32Array(16);

  /** @returns null on a processor without SIMD, where every message goes by JSON.parse */
  static open(): RisLiveScanner | null {
    const bytes = readFileSync(new URL('./scanner/scanner.wasm', import.meta.url));
    try {
      return new RisLiveScanner(new WebAssembly.Module(bytes));
    } catch (error) {
      if (error instanceof WebAssembly.CompileError) return null;
      throw error;
    }
  }

  private constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: PAGES });
    const compiled = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Compiled;
    const { buffer } = memory;
    if (compiled.BYTES.value > buffer.byteLength) throw new Error(`the scanner needs ${compiled.BYTES.value} bytes`);
    this.longest = compiled.LONGEST.value;
    this.#scan = compiled.scan;
    this.#bytes = new Uint8Array(buffer);
    this.#input = new Uint8Array(buffer, compiled.INPUT.value, this.longest);
    this.#time = new Float64Array(buffer, compiled.HEAD.value, 1);
    this.#head = new Uint32Array(buffer, compiled.HEAD.value, HEAD_NUMBERS);
    const { HOPS, MARKS, ELEMENTS, NEXT_HOPS, BYTES } = compiled;
    this.#hops = new Uint32Array(buffer, HOPS.value, (MARKS.value - HOPS.value) / 4);
    this.#marks = new Uint8Array(buffer, MARKS.value, ELEMENTS.value - MARKS.value);
    this.#elements = new Uint32Array(buffer, ELEMENTS.value, (NEXT_HOPS.value - ELEMENTS.value) / 4);
    this.#nextHops = new Uint32Array(buffer, NEXT_HOPS.value, (BYTES.value - NEXT_HOPS.value) / 4);
  }

  /** @returns the message's time in ms once it is in the builder; -1, with the builder as before, when it gives up */
  scan(message: string | Uint8Array, into: UpdateBatchBuilder): number {
    const length = this.#put(message);
    if (length < 0 || this.#scan(length) === 0) return -1;
    const time = this.#time[0]!;
    if (time > into.latestTime) return -1;
    into.begin();
    if (this.#commit(time, into)) return time;
    into.rollback();
    return -1;
  }

  /** @returns its bytes; -1 when it is too long */
  #put(message: string | Uint8Array): number {
    if (typeof message === 'string') {
      if (message.length * MOST_BYTES_A_LETTER > this.longest) return -1;
      return this.#encoder.encodeInto(message, this.#input).written;
    }
    if (message.length > this.longest) return -1;
    this.#input.set(message);
    return message.length;
  }

  #commit(time: number, into: UpdateBatchBuilder): boolean {
    const head = this.#head;
    const peerAddress = this.#address(head, PEER_ADDRESS, into);
    if (peerAddress < 0) return false;
    const hopCount = head[HOP_COUNT]!;
    const path = hopCount === ABSENT ? NONE : into.paths.add(this.#hops, this.#marks, hopCount);
    const nextHops = head[NEXT_HOP_COUNT]!;
    if (nextHops > this.#nextHopIndices.length) this.#nextHopIndices = new Uint32Array(nextHops * 2);
    for (let hop = 0; hop < nextHops; hop++) {
      const index =
        this.#nextHops[hop * RECORD] === PEER ? peerAddress : this.#address(this.#nextHops, hop * RECORD, into);
      if (index < 0) return false;
      this.#nextHopIndices[hop] = index;
    }
    const elements = this.#elements;
    const end = head[ELEMENT_COUNT]! * RECORD;
    for (let at = 0; at < end; at += RECORD) {
      const hop = elements[at]!;
      const prefix = this.#prefix(at, into);
      if (prefix < 0) return false;
      if (hop === ABSENT) into.withdraw(prefix, 0);
      else into.announce(prefix, this.#nextHopIndices[hop]!, 0);
    }
    const peer = into.peer(peerAddress, head[PEER_AS]!);
    into.commitUpdate(time, peer, head[SIZE]!, head[ORIGIN]!, path);
    return true;
  }

  /** @returns the index of the address with this shape and word that ends there; -1 when the text is not an address */
  #address(numbers: Uint32Array, at: number, into: UpdateBatchBuilder): number {
    let shape = numbers[at]!;
    if (shape === TEXT) shape = parseAddress(this.#bytes, numbers[at + 1]!, numbers[at + 2]!, into.words);
    else into.words[0] = numbers[at + 1]!;
    return shape < 0 ? -1 : into.address(shape);
  }

  #prefix(element: number, into: UpdateBatchBuilder): number {
    const elements = this.#elements;
    let shape = elements[element + 1]!;
    if (shape === TEXT) shape = parsePrefix(this.#bytes, elements[element + 2]!, elements[element + 3]!, into.words);
    else into.words[0] = elements[element + 2]!;
    return shape < 0 ? -1 : into.prefix(shape);
  }
}
