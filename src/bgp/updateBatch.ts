import { formatAddress, formatPrefix } from './address.js';
import { formatPath } from './asPath.js';
import { type BatchColumns, NONE, PEER_STATE } from './batchColumns.js';
import { decodeBatch, encodeBatch } from './batchEncoding.js';
import type { ColumnRoom } from './columnRoom.js';

export { BadBatch } from './batchEncoding.js';
export { UpdateBatchBuilder } from './updateBatchBuilder.js';

/** One route element, as text: for people and for comparison with other decoders, not for the hot path. */
export interface RouteElement {
  type: 'A' | 'W' | 'STATE';
  timeMs: number;
  peer: string;
  peerAs: number;
  prefix: string;
  path: string;
  origin: string;
  nextHop: string;
  oldState: number;
  newState: number;
}

const ORIGIN_NAMES = ['IGP', 'EGP', 'INCOMPLETE', ''];

/** BGP messages of one stream in order of arrival, as columns. */
export class UpdateBatch {
  constructor(readonly columns: BatchColumns) {}

  get messages(): number {
    return this.columns.kind.length;
  }

  get elements(): number {
    return this.columns.prefix.length;
  }

  /**
   * @param room whose columns are used, until it is given again; new ones when left out
   * @throws BadBatch when the bytes are not a whole batch of a version that this program knows
   */
  static decode(bytes: Uint8Array, room?: ColumnRoom): UpdateBatch {
    return new UpdateBatch(decodeBatch(bytes, room));
  }

  encode(): Uint8Array {
    return encodeBatch(this.columns);
  }

  peerText(peer: number): string {
    return this.#address(this.columns.peerAddress[peer]!);
  }

  prefixText(prefix: number): string {
    const words = this.columns.prefixWords;
    const at = prefix * 4;
    return formatPrefix(this.columns.prefixShape[prefix]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  pathText(path: number): string {
    const { hops, marks, pathStart } = this.columns;
    return path === NONE ? '' : formatPath(hops, marks, pathStart[path]!, pathStart[path + 1]!);
  }

  *routeElements(): Generator<RouteElement> {
    const columns = this.columns;
    let element = 0;
    for (let message = 0; message < this.messages; message++) {
      const peer = columns.peer[message]!;
      const base = {
        timeMs: columns.time[message]!,
        peer: this.peerText(peer),
        peerAs: columns.peerAs[peer]!,
        prefix: '',
        path: '',
        origin: '',
        nextHop: '',
        oldState: 0,
        newState: 0,
      };
      if (columns.kind[message] === PEER_STATE) {
        const states = columns.origin[message]!;
        yield { ...base, type: 'STATE', oldState: states >> 4, newState: states & 15 };
        continue;
      }
      for (let n = columns.withdrawn[message]!; n > 0; n--) {
        yield { ...base, type: 'W', prefix: this.prefixText(columns.prefix[element++]!) };
      }
      const path = this.pathText(columns.path[message]!);
      const origin = ORIGIN_NAMES[columns.origin[message]!]!;
      for (let n = columns.announced[message]!; n > 0; n--) {
        const hop = columns.nextHop[element]!;
        const nextHop = hop === NONE ? '' : this.#address(hop);
        yield { ...base, type: 'A', prefix: this.prefixText(columns.prefix[element++]!), path, origin, nextHop };
      }
    }
  }

  #address(index: number): string {
    const words = this.columns.addressWords;
    const at = index * 4;
    return formatAddress(this.columns.addressShape[index]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }
}
