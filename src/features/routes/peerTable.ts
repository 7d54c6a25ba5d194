import { formatAddress, hashWords } from '../../bgp/address.js';
import { type Column, DenseTable } from './denseTable.js';

/** Peers by address and AS. They are not evicted: a collector has a few thousand at most. */
export class PeerTable extends DenseTable {
  shapes = new Uint8Array(this.capacity);
  words = new Uint32Array(this.capacity * 4);
  as = new Uint32Array(this.capacity);
  /** Routes that the peer has announced and not withdrawn. */
  activeRoutes = new Int32Array(this.capacity);
  /** Minute in which the session last came up, 0 for never. */
  upMinute = new Int32Array(this.capacity);

  protected override columns(): Column[] {
    return [this.shapes, this.words, this.as, this.activeRoutes, this.upMinute];
  }

  protected override setColumns(columns: Column[]): void {
    [this.shapes, this.words, this.as, this.activeRoutes, this.upMinute] = columns as [
      Uint8Array<ArrayBuffer>,
      Uint32Array<ArrayBuffer>,
      Uint32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
    ];
  }

  /** @returns the peer's id, or -1 when the table is full */
  intern(shape: number, words: Uint32Array, at: number, as: number): number {
    const w0 = words[at]!;
    const w1 = words[at + 1]!;
    const w2 = words[at + 2]!;
    const w3 = words[at + 3]!;
    const hash = hashWords(shape, w0, w1, w2, w3 ^ Math.imul(as, 0x9e3779b1));
    const { index } = this;
    for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      const w = id * 4;
      const known = this.words;
      if (
        this.as[id] === as &&
        this.shapes[id] === shape &&
        known[w] === w0 &&
        known[w + 1] === w1 &&
        known[w + 2] === w2 &&
        known[w + 3] === w3
      ) {
        return id;
      }
    }
    if (this.full) return -1;
    const id = this.insert(hash);
    this.shapes[id] = shape;
    this.words.set(words.subarray(at, at + 4), id * 4);
    this.as[id] = as;
    this.activeRoutes[id] = 0;
    this.upMinute[id] = 0;
    return id;
  }

  text(id: number): string {
    const w = this.words;
    return formatAddress(this.shapes[id]!, w[id * 4]!, w[id * 4 + 1]!, w[id * 4 + 2]!, w[id * 4 + 3]!);
  }
}
