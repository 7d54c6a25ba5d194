import { hashPath, SEQUENCE } from './asPath.js';

/** Segment type of RFC 4271, 4.3. */
const AS_SEQUENCE = 2;
const FEWEST = 1024;

/** Numbers distinct AS paths in order of first appearance. A path is written hop by hop, then `close`d. */
export class PathDictionary {
  count = 0;
  starts = new Uint32Array(FEWEST + 1);
  hops = new Uint32Array(8192);
  marks = new Uint8Array(8192);
  #slots = new Int32Array(2 * FEWEST);
  /** Paths for which there are slots, two each: a small batch after a large one keeps to a part of them. */
  #room = FEWEST;
  #end = 0;

  /** Hops of all closed paths. */
  get closedHops(): number {
    return this.starts[this.count]!;
  }

  push(hop: number, mark: number): void {
    if (this.#end === this.hops.length) this.#widen();
    this.hops[this.#end] = hop;
    this.marks[this.#end++] = mark;
  }

  /** Index of the path of so many hops. */
  add(hops: Uint32Array, marks: Uint8Array, count: number): number {
    const from = this.#end;
    while (from + count > this.hops.length) this.#widen();
    const { hops: into, marks: ownMarks } = this;
    for (let at = 0; at < count; at++) {
      into[from + at] = hops[at]!;
      ownMarks[from + at] = marks[at]!;
    }
    this.#end = from + count;
    return this.close();
  }

  /** Hops written since the last `close` or `drop`. */
  get open(): number {
    return this.#end - this.closedHops;
  }

  /** Forgets the hops written since the last `close`. */
  drop(): void {
    this.#end = this.closedHops;
  }

  /** Whether AS_PATH bytes of four-byte numbers, one sequence, say this path: then they need not be written and looked up. */
  isSaid(path: number, bytes: Uint8Array, from: number, end: number): boolean {
    const start = this.starts[path]!;
    const length = this.starts[path + 1]! - start;
    if (end - from !== 2 + 4 * length || bytes[from] !== AS_SEQUENCE || bytes[from + 1] !== length) return false;
    let at = from + 2;
    for (let hop = start; hop < start + length; hop++, at += 4) {
      const as = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
      if (this.hops[hop] !== as || this.marks[hop] !== SEQUENCE) return false;
    }
    return true;
  }

  /** Index of the path just written, an equal earlier one where there is one. */
  close(): number {
    const { hops, marks, starts } = this;
    const from = starts[this.count]!;
    const length = this.#end - from;
    const mask = 2 * this.#room - 1;
    let slot = hashPath(hops, marks, from, this.#end) & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      const start = starts[entry - 1]!;
      if (starts[entry]! - start === length) {
        let at = 0;
        while (at < length && hops[start + at] === hops[from + at] && marks[start + at] === marks[from + at]) at++;
        if (at === length) {
          this.#end = from;
          return entry - 1;
        }
      }
      slot = (slot + 1) & mask;
    }
    if (this.count === this.#room) {
      this.#grow();
      return this.close();
    }
    this.#slots[slot] = ++this.count;
    starts[this.count] = this.#end;
    return this.count - 1;
  }

  clear(): void {
    while (this.#room > FEWEST && this.count * 4 <= this.#room) this.#room >>= 1;
    this.count = 0;
    this.#end = 0;
    this.#slots.fill(0, 0, 2 * this.#room);
  }

  #widen(): void {
    const hops = new Uint32Array(this.hops.length * 2);
    hops.set(this.hops);
    this.hops = hops;
    const marks = new Uint8Array(this.marks.length * 2);
    marks.set(this.marks);
    this.marks = marks;
  }

  #grow(): void {
    this.#room *= 2;
    const slots = 2 * this.#room;
    if (slots > this.#slots.length) {
      this.#slots = new Int32Array(slots);
      const starts = new Uint32Array(this.#room + 1);
      starts.set(this.starts);
      this.starts = starts;
    } else this.#slots.fill(0, 0, slots);
    for (let path = 0; path < this.count; path++) {
      let slot = hashPath(this.hops, this.marks, this.starts[path]!, this.starts[path + 1]!) & (slots - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.#slots[slot] = path + 1;
    }
  }
}
