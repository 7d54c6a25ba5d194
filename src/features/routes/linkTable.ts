import { hashWords } from '../../bgp/address.js';
import { type Column, DenseTable } from './denseTable.js';

/** Ordered pairs of neighbouring ASes. When full, the pair met longest ago (by the clock's hand) is forgotten. */
export class LinkTable extends DenseTable {
  left = new Uint32Array(this.capacity);
  right = new Uint32Array(this.capacity);
  /** Minute from which the link is known, 0 when learnt while warming up. */
  first = new Int32Array(this.capacity);
  /** Set when the link is met, cleared by the passing hand. */
  met = new Uint8Array(this.capacity);

  protected override columns(): Column[] {
    return [this.left, this.right, this.first, this.met];
  }

  protected override setColumns(columns: Column[]): void {
    [this.left, this.right, this.first, this.met] = columns as [
      Uint32Array<ArrayBuffer>,
      Uint32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
  }

  /** Pairs added so far: a caller sees by it whether `note` met one for the first time. */
  added = 0;

  /** The pair's id, or -1; does not count as meeting it. */
  find(left: number, right: number): number {
    const { index } = this;
    for (let id = index.first(hashWords(0, left, right, 0, 0)); id >= 0; id = index.after(id)) {
      if (this.left[id] === left && this.right[id] === right) return id;
    }
    return -1;
  }

  /** Minute from which the link is known; `known` when it is met for the first time. */
  note(left: number, right: number, known: number): number {
    const hash = hashWords(0, left, right, 0, 0);
    const { index } = this;
    for (let id = index.first(hash); id >= 0; id = index.after(id)) {
      if (this.left[id] === left && this.right[id] === right) {
        this.met[id] = 1;
        return this.first[id]!;
      }
    }
    if (this.full) {
      const victim = this.nextEvictable(2 * this.maximum, (id) => {
        if (this.met[id] === 0) return true;
        this.met[id] = 0;
        return false;
      });
      this.remove(Math.max(victim, 0));
    }
    const id = this.insert(hash);
    this.left[id] = left;
    this.right[id] = right;
    this.first[id] = known;
    this.met[id] = 1;
    this.added++;
    return known;
  }
}
