import { type BatchColumns, NONE } from '../../bgp/batchColumns.js';
import type { Minute } from '../row.js';
import type { BatchIds } from './batchIds.js';
import type { HeldRoutes, RoutingCounts } from './heldRoutes.js';
import { NEW_FOR } from './horizon.js';
import type { RoutingTables } from './routingTables.js';

const NOT_ASKED = -2;

/** Learns what table dumps say. A dump names all routes to a prefix one after the other: they are learnt together. */
export class TableEntries {
  #peers = new Int32Array(256);
  #paths = new Int32Array(256);
  #count = 0;

  constructor(
    private readonly tables: RoutingTables,
    private readonly ids: BatchIds,
    private readonly held: HeldRoutes,
    private readonly counts: RoutingCounts,
  ) {}

  /** Where the messages that name the same prefix at the same time as `first` end; each has one element. */
  static end(columns: BatchColumns, first: number, element: number): number {
    const { kind, time, withdrawn, announced, prefix } = columns;
    let end = first + 1;
    for (let at = element + 1; end < kind.length; end++, at++) {
      if (kind[end] !== kind[first] || announced[end] !== 1 || withdrawn[end] !== 0) break;
      if (prefix[at] !== prefix[element] || time[end] !== time[first]) break;
    }
    return end;
  }

  /** Learns the messages of `end`: routes that are known without being news; when each was originated is kept. */
  learn(columns: BatchColumns, first: number, end: number, element: number, minute: Minute): void {
    const { ids } = this;
    const { announced, prefixes } = this.tables;
    const pathIds = columns.pathId;
    if (this.#peers.length < end - first) {
      this.#peers = new Int32Array(2 * (end - first));
      this.#paths = new Int32Array(2 * (end - first));
    }
    let prefix = NOT_ASKED;
    let lastOrigin = 0;
    let lastSince = 0;
    for (let message = first; message < end; message++) {
      const peer = ids.peer(columns, columns.peer[message]!);
      if (peer >= 0 && prefix === NOT_ASKED) prefix = ids.prefix(columns, columns.prefix[element]!, minute);
      if (peer < 0 || prefix < 0) {
        this.counts.untracked++;
        continue;
      }
      const batchPath = columns.path[message]!;
      const path = batchPath === NONE ? this.tables.emptyPath() : ids.learntPath(columns, batchPath);
      const origin = batchPath === NONE ? 0 : ids.origin(batchPath);
      // before the route, or it would count as one of no network for a moment
      if (origin !== 0 && origin !== lastOrigin) announced.originatedBy(prefix, origin);
      if (batchPath === NONE || pathIds.length > 0) {
        this.#flush(prefix);
        this.held.learn(peer, prefix, pathIds.length > 0 ? pathIds[element + message - first]! : 0, path);
      } else {
        this.#peers[this.#count] = peer;
        this.#paths[this.#count++] = path;
      }
      if (origin !== 0) {
        // the column of sizes has the route's age; one of a dump is never so young as to be news
        const age = Math.floor(columns.size[message]! / 60);
        const since = Math.max(1, minute - Math.max(age, NEW_FOR));
        if (origin !== lastOrigin || since < lastSince) {
          prefixes.learnOrigin(prefix, origin, minute, since);
          prefixes.thereSince(prefix, since);
          lastOrigin = origin;
          lastSince = since;
        }
      }
      if (batchPath === NONE) this.held.release(path);
    }
    this.#flush(prefix);
  }

  #flush(prefix: number): void {
    if (this.#count > 0) this.held.learnAll(prefix, this.#peers, this.#paths, this.#count);
    this.#count = 0;
  }
}
