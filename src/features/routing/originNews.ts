import { type BatchColumns, NONE } from '../../bgp/batchColumns.js';
import type { OpenMinute } from '../openMinute.js';
import { NOT_THE_SAME } from '../routes/prefixRecords.js';
import { WITHDRAWN } from '../routes/routeTable.js';
import { MINUTES_PER_DAY, type Minute } from '../row.js';
import { type Horizon, isNew } from './horizon.js';
import type { RoutingTables } from './routingTables.js';

/** A peer's announcement of a prefix, as far as it says who originates it. */
export interface Origination {
  columns: BatchColumns;
  /** Of the batch's dictionary, or NONE. */
  path: number;
  origin: number;
  peer: number;
  minute: Minute;
}

/** Who originates each prefix, and what of it is new to an open minute. */
export class OriginNews {
  constructor(
    private readonly tables: RoutingTables,
    private readonly horizon: Horizon,
  ) {}

  /** @returns whether the origin is new for the prefix */
  note(prefix: number, said: Origination, open: OpenMinute): boolean {
    const { origin, minute } = said;
    const { prefixes, announced } = this.tables;
    const known = this.horizon.knownFrom(minute);
    let from = prefixes.sameOrigin(prefix, origin, minute);
    if (from === NOT_THE_SAME) {
      announced.originatedBy(prefix, origin);
      from = prefixes.noteOrigin(prefix, origin, minute, known);
    }
    const news = isNew(from, minute);
    if (news) this.#noteOrigin(prefix, from, said, open);
    if (known !== 0) this.#noteSpecific(prefix, said, open);
    return news;
  }

  #noteOrigin(prefix: number, from: Minute, said: Origination, open: OpenMinute): void {
    const previous = () => this.tables.prefixes.originsBefore(prefix, from, said.origin);
    open.newOrigin(prefix, said.origin, said.peer, previous, () => hopsOf(said));
  }

  /** Whether a route goes back from an origin that came up for its prefix within the last day. */
  leaves(prefix: number, old: number, originAs: number, minute: Minute): boolean {
    if (old === WITHDRAWN) return false;
    const oldOrigin = this.tables.paths.origin(old);
    if (oldOrigin === originAs || oldOrigin === 0) return false;
    const since = this.tables.prefixes.originSince(prefix, oldOrigin);
    return since > 0 && since > minute - MINUTES_PER_DAY;
  }

  /** Notes a prefix that is new and lies inside one that others hold. */
  #noteSpecific(prefix: number, said: Origination, open: OpenMinute): void {
    const { prefixes } = this.tables;
    const { origin, peer } = said;
    const first = prefixes.firstMinute(prefix);
    if (!isNew(first, said.minute) || this.horizon.knownFrom(first) === 0) return;
    if (open.moreSpecificAgain(prefix, origin, peer)) return;
    const covering = prefixes.covering(prefix, first);
    if (covering < 0) return;
    const holders = prefixes.originsBefore(covering, first, 0);
    if (holders.length === 0 || holders.includes(origin)) return;
    open.moreSpecific(prefix, origin, peer, covering, holders, hopsOf(said));
  }
}

/** The hops of a batch's path; of an empty one its origin, the peer. */
function hopsOf({ columns, path, origin }: Origination): number[] {
  const hops = path === NONE ? [] : [...columns.hops.subarray(columns.pathStart[path]!, columns.pathStart[path + 1]!)];
  return hops.length === 0 ? [origin] : hops;
}
