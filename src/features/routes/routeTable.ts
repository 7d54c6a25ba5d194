import { hashWords } from '../../bgp/address.js';
import { type Column, DenseTable } from './denseTable.js';

/** `path` of a route that was withdrawn: kept to know a second withdrawal from a first. */
export const WITHDRAWN = -1;

/**
 * The latest route of each peer, prefix and path identifier (Adj-RIB-In, RFC 4271, 3.2). When full, the clock's hand
 * takes the next entry that was not touched since its last pass; withdrawn ones get no second chance.
 */
export class RouteTable extends DenseTable {
  peer = new Int32Array(this.capacity);
  prefix = new Int32Array(this.capacity);
  /** Path identifiers (RFC 7911); empty until a route has one. */
  pathId = new Uint32Array(0);
  path = new Int32Array(this.capacity);
  /** Minute of the latest withdrawal. */
  withdrawnMinute = new Int32Array(this.capacity);
  touched = new Uint8Array(this.capacity);

  protected override columns(): Column[] {
    return [this.peer, this.prefix, this.pathId, this.path, this.withdrawnMinute, this.touched];
  }

  protected override setColumns(columns: Column[]): void {
    [this.peer, this.prefix, this.pathId, this.path, this.withdrawnMinute, this.touched] = columns as [
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Uint32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Int32Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ];
  }

  /** @returns the route's id, or -1 */
  find(peer: number, prefix: number, pathId: number): number {
    const hash = hashWords(0, peer, prefix, pathId, 0);
    const { slots } = this;
    const hasIds = this.pathId.length > 0;
    const mask = slots.length - 1;
    for (let slot = hash & mask, id = slots[slot]!; id !== -1; id = slots[(slot = (slot + 1) & mask)]!) {
      if (this.prefix[id] === prefix && this.peer[id] === peer && (hasIds ? this.pathId[id] : 0) === pathId) {
        this.touched[id] = 1;
        return id;
      }
    }
    return -1;
  }

  /** Adds a route that `find` did not find; the table must not be full. */
  add(peer: number, prefix: number, pathId: number): number {
    const id = this.insert(hashWords(0, peer, prefix, pathId, 0));
    this.peer[id] = peer;
    this.prefix[id] = prefix;
    if (pathId !== 0 && this.pathId.length === 0) this.pathId = new Uint32Array(this.capacity);
    if (this.pathId.length > 0) this.pathId[id] = pathId;
    this.path[id] = WITHDRAWN;
    this.withdrawnMinute[id] = 0;
    this.touched[id] = 1;
    return id;
  }

  /** Routes that are there, withdrawn ones among them. */
  ids(): number[] {
    return [...this.slots].filter((id) => id >= 0);
  }

  /** The entry to give up next. */
  victim(): number {
    return this.nextEvictable(2 * this.maximum, (id) => {
      if (this.path[id] === WITHDRAWN || this.touched[id] === 0) return true;
      this.touched[id] = 0;
      return false;
    });
  }

  drop(id: number): void {
    this.remove(id);
  }
}
