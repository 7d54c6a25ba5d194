import { SEGMENT_KIND, SEQUENCE } from '../../bgp/asPath.js';
import { type BatchColumns, NONE } from '../../bgp/batchColumns.js';
import type { PrefixWords } from './prefixIndex.js';

/** A path as the watch sees it: `origins` has several for an AS set, of which any may be the origin. */
export interface PathSeen {
  hops: number[];
  origins: number[];
}

/** Reads prefixes and paths of one batch, each at most once. */
export class BatchRoutes {
  readonly #paths = new Map<number, PathSeen>();

  constructor(private readonly columns: BatchColumns) {}

  prefix(index: number): PrefixWords {
    const { prefixShape, prefixWords } = this.columns;
    const at = index * 4;
    return [prefixShape[index]!, prefixWords[at]!, prefixWords[at + 1]!, prefixWords[at + 2]!, prefixWords[at + 3]!];
  }

  /** An empty path is the peer's own route, whose origin is the peer (RFC 4271, 5.1.2). */
  path(index: number, peerAs: number): PathSeen {
    const own = { hops: [peerAs], origins: [peerAs] };
    if (index === NONE) return own;
    const known = this.#paths.get(index);
    if (known !== undefined) return known;
    const { hops, marks, pathStart } = this.columns;
    const from = pathStart[index]!;
    const until = pathStart[index + 1]!;
    if (from === until) return own;
    let sequence = until;
    while (sequence > from && (marks[sequence - 1]! & SEGMENT_KIND) !== SEQUENCE) sequence--;
    const path =
      sequence === until
        ? { hops: [...hops.subarray(from, until)], origins: [hops[until - 1]!] }
        : { hops: [...hops.subarray(from, sequence)], origins: [...hops.subarray(sequence, until)] };
    this.#paths.set(index, path);
    return path;
  }
}
