import { hashWords } from '../../bgp/address.js';
import { type Column, DenseTable } from './denseTable.js';

/** ASes met in paths, with their place in the graph learnt from the stream. A full table takes no further network. */
export class NetworkTable extends DenseTable {
  as = new Uint32Array(this.capacity);
  /** Minute in which it was first met, 0 when learnt while warming up. */
  first = new Int32Array(this.capacity);
  /** Ordered pairs with a neighbour, seen in any path. */
  degree = new Int32Array(this.capacity);
  /** Neighbours whose routes it was seen to pass on to another network. */
  carries = new Int32Array(this.capacity);

  protected override columns(): Column[] {
    return [this.as, this.first, this.degree, this.carries];
  }

  protected override setColumns(columns: Column[]): void {
    [this.as, this.first, this.degree, this.carries] = columns as [
      Uint32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
    ];
  }

  /** @returns the network's id, or -1 */
  find(as: number): number {
    const { index } = this;
    for (let id = index.first(hashWords(0, as, 0, 0, 0)); id >= 0; id = index.after(id)) {
      if (this.as[id] === as) return id;
    }
    return -1;
  }

  /** @returns the network's id, added when need be; -1 when the table is full */
  intern(as: number, known: number): number {
    const found = this.find(as);
    if (found >= 0 || this.full) return found;
    const id = this.insert(hashWords(0, as, 0, 0, 0));
    this.as[id] = as;
    this.first[id] = known;
    this.degree[id] = 0;
    this.carries[id] = 0;
    return id;
  }
}
