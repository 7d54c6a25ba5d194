import { SEQUENCE } from '../../bgp/asPath.js';
import type { BatchColumns } from '../../bgp/batchColumns.js';
import type { OpenMinute } from '../openMinute.js';
import { NamedLinks, PASSED, RecentLinks, SINCE } from '../routes/recentLinks.js';
import type { Minute } from '../row.js';
import { type Horizon, isNew } from './horizon.js';
import type { RoutingTables } from './routingTables.js';

/** What an open minute notes of the new links of a route. */
export interface LinkNews {
  open: OpenMinute;
  prefix: number;
  peer: number;
}

/** Learns the links of paths, and who carries whose routes in them. */
export class PathLinks {
  readonly #lately = new RecentLinks();
  readonly #named = new NamedLinks();

  constructor(
    private readonly tables: RoutingTables,
    private readonly horizon: Horizon,
  ) {}

  /**
   * Notes the links of a path, and with an open minute the new ones there.
   * @returns since when the youngest is known
   */
  note(columns: BatchColumns, path: number, minute: Minute, news?: LinkNews): Minute {
    const { hops, marks, pathStart } = columns;
    const known = this.horizon.knownFrom(minute);
    const { links } = this.tables;
    const named = this.#named;
    let { full } = links;
    let youngest = 0;
    let before = 0;
    const end = pathStart[path + 1]!;
    for (let hop = pathStart[path]! + 1; hop < end; hop++) {
      const left = hops[hop - 1]!;
      const right = hops[hop]!;
      if (left === right || marks[hop] !== SEQUENCE || marks[hop - 1] !== SEQUENCE) continue;
      const at = named.at(left, right);
      if (full || !named.has(at, left, right)) {
        const link = this.#note(left, right, known);
        full = links.full;
        named.keep(at, left, right, links.first(link), links.passed(link));
      }
      const from = named.places[at + SINCE]!;
      if (from > youngest) youngest = from;
      if (news !== undefined && isNew(from, minute)) news.open.newLink(left, right, 1, news.prefix);
      if (before !== 0) {
        if (named.places[at + PASSED]! < 0) {
          named.places[at + PASSED] = this.#pass(links.find(left, right), left, known);
        }
        const since = named.places[at + PASSED]!;
        if (since > youngest) youngest = since;
        if (news !== undefined && isNew(since, minute)) {
          news.open.newTransit([left, right, before, hops[end - 1]!], 1, news.prefix, news.peer);
        }
      }
      before = left;
    }
    return youngest;
  }

  /** Reads what `note` will ask for of a path, without waiting for it; the result says nothing. */
  lookAt({ hops, pathStart }: BatchColumns, path: number): number {
    let read = 0;
    const end = pathStart[path + 1]!;
    for (let hop = pathStart[path]! + 1; hop < end; hop++) read ^= this.#named.lookAt(hops[hop - 1]!, hops[hop]!);
    return read;
  }

  /** As `note`, for a path of a table dump: its links count as known, so their age is not looked up. */
  learn({ hops, marks, pathStart }: BatchColumns, path: number): void {
    const { links } = this.tables;
    let before = false;
    const end = pathStart[path + 1]!;
    for (let at = pathStart[path]! + 1; at < end; at++) {
      const left = hops[at - 1]!;
      const right = hops[at]!;
      if (left === right || marks[at] !== SEQUENCE || marks[at - 1] !== SEQUENCE) continue;
      if (!this.#lately.met(left, right, before, links.full)) {
        const link = this.#note(left, right, 0);
        if (before) this.#pass(link, left, 0);
      }
      before = left !== 0;
    }
  }

  #note(left: number, right: number, known: Minute): number {
    const { links, networks } = this.tables;
    const { added } = links;
    const link = links.note(left, right, known);
    if (links.added === added) return link;
    const one = networks.intern(left, known);
    if (one >= 0) networks.degree[one]!++;
    const other = networks.intern(right, known);
    if (other >= 0) networks.degree[other]!++;
    return link;
  }

  /** @returns since when the link's left network, the carrier, passes on routes of the right one */
  #pass(link: number, carrier: number, known: Minute): Minute {
    const { links, networks } = this.tables;
    const since = links.passed(link);
    if (since >= 0) return since;
    links.pass(link, known);
    const network = networks.find(carrier);
    if (network >= 0) networks.carries[network]!++;
    return known;
  }
}
