import { hashWords } from './address.js';

/** Numbers distinct (shape, four words) in order of first appearance; open addressing, no object per entry. */
export class WordDictionary {
  count = 0;
  shapes: Uint8Array;
  words: Uint32Array<ArrayBuffer>;
  /** The same words as signed numbers. */
  #signed: Int32Array;
  #slots: Int32Array;
  /** Entries for which there are slots, two each: a small batch after a large one keeps to a part of them. */
  #room: number;

  constructor(private readonly capacity = 1024) {
    this.#room = capacity;
    this.shapes = new Uint8Array(capacity);
    this.words = new Uint32Array(capacity * 4);
    this.#signed = new Int32Array(this.words.buffer);
    this.#slots = new Int32Array(capacity * 2);
  }

  /**
   * Index of the entry, added when it is new. Words past the shape's own must be 0. Best given as signed numbers: larger
   * ones cost an object each.
   */
  index(shape: number, first: number, second: number, third: number, fourth: number): number {
    const { shapes } = this;
    const words = this.#signed;
    const w0 = first | 0;
    const w1 = second | 0;
    const w2 = third | 0;
    const w3 = fourth | 0;
    const mask = 2 * this.#room - 1;
    let slot = hashWords(shape, w0, w1, w2, w3) & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      const at = (entry - 1) * 4;
      if (
        words[at] === w0 &&
        words[at + 1] === w1 &&
        words[at + 2] === w2 &&
        words[at + 3] === w3 &&
        shapes[entry - 1] === shape
      ) {
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
    if (this.count === this.#room) {
      this.#grow();
      return this.index(shape, w0, w1, w2, w3);
    }
    const index = this.count++;
    shapes[index] = shape;
    words[index * 4] = w0;
    words[index * 4 + 1] = w1;
    words[index * 4 + 2] = w2;
    words[index * 4 + 3] = w3;
    this.#slots[slot] = index + 1;
    return index;
  }

  /** One of the four words of every entry, on its own. */
  column(word: number): Uint32Array {
    const column = new Uint32Array(this.count);
    for (let i = 0; i < column.length; i++) column[i] = this.words[i * 4 + word]!;
    return column;
  }

  clear(): void {
    while (this.#room > this.capacity && this.count * 4 <= this.#room) this.#room >>= 1;
    this.count = 0;
    this.#slots.fill(0, 0, 2 * this.#room);
  }

  #grow(): void {
    this.#room *= 2;
    const slots = 2 * this.#room;
    if (slots > this.#slots.length) {
      this.#slots = new Int32Array(slots);
      const shapes = new Uint8Array(this.#room);
      shapes.set(this.shapes);
      const words = new Uint32Array(this.#room * 4);
      words.set(this.words);
      this.shapes = shapes;
      this.words = words;
      this.#signed = new Int32Array(words.buffer);
    } else this.#slots.fill(0, 0, slots);
    const { shapes, words } = this;
    for (let index = 0; index < this.count; index++) {
      const at = index * 4;
      let slot = hashWords(shapes[index]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & (slots - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.#slots[slot] = index + 1;
    }
  }
}
