import { Descent, hopsTo, hopsToLink } from './descent.js';
import { Holdings } from './holdings.js';
import { type KnownRoutes, type OriginEvent, routesTo, SETTLED } from './originEvent.js';
import { WITHDRAWN } from './routes/routeTable.js';
import { type FeedHabits, MINUTES_PER_DAY, type Minute, type NetworkFacts, type OriginFacts } from './row.js';

const FILTER = 65_536;

/**
 * Looks up what is known of a minute's route events when the minute closes: one pass over the links,
 * however many events there are, and the prefixes of each network in question.
 */
export class RouteFacts {
  constructor(
    readonly known: KnownRoutes,
    readonly minute: Minute,
  ) {}

  /** One entry an event, in their order. */
  ofOrigins(events: readonly OriginEvent[]): OriginFacts[] {
    if (events.length === 0) return [];
    const neighbours = this.#neighbours(events);
    const holdings = new Holdings(this.known, this.minute);
    return events.map((event) => {
      const { origin, holders } = event;
      const { routes, held, taken } = routesTo(this.known, event);
      const own = neighbours.get(origin)!;
      const upstream = event.path.findLast((hop) => hop !== origin) ?? 0;
      let adjacent = false;
      let shared = 0;
      for (const holder of holders) {
        if (own.has(holder)) adjacent = true;
        for (const other of neighbours.get(holder)!) {
          if (own.has(other) || other === upstream) shared = Math.max(shared, this.#rarity(other));
        }
      }
      const { originPrefixes, holderPrefixes, alike, near, others, parts, region } = holdings.of(event);
      const descent = this.#descentTo(event);
      return {
        routes,
        held,
        taken,
        heldFor: this.#heldFor(event),
        origin: this.ofNetwork(origin),
        holder: this.ofNetwork(holders[0] ?? 0),
        holderPrefixes,
        originPrefixes,
        adjacent,
        shared: Math.round(shared * 1000) / 1000,
        alike,
        near,
        others,
        parts,
        above: event.above.length,
        ...(event.reach === undefined ? {} : { reach: event.reach }),
        carried: event.above.includes(origin),
        common: descent.common(event.above, [origin, ...holders]),
        ...(region === null ? {} : { region: Math.round(region * 10) / 10 }),
      };
    });
  }

  /**
   * How routes come down to the holders of a prefix, or of the block around it: through which networks, and how many routes.
   *
   * @param before paths that the prefix had before this minute
   */
  holding(
    event: Omit<OriginEvent, 'path' | 'above'>,
    before: readonly number[][],
  ): Pick<OriginEvent, 'above' | 'reach'> {
    const { prefix, covering, holders } = event;
    let reach = 0;
    const toHolder = (tokens: ArrayLike<number>) => {
      const last = tokens[tokens.length - 1];
      if (last === undefined || !holders.includes(last)) return -1;
      const end = event.forged && hopsToLink(tokens, event.origin, last) >= 0 ? -1 : hopsTo(tokens, last);
      if (end >= 0) reach++;
      return end;
    };
    const descent = new Descent(this.known).addRoutes(covering < 0 ? prefix : covering, toHolder);
    for (const hops of before) {
      const end = toHolder(hops);
      if (end >= 0) descent.add(hops, end);
    }
    return { above: descent.networks.filter((network) => !holders.includes(network)), reach };
  }

  /**
   * The event of a network that began to appear before `holder` in routes to the holder's own prefixes; null for one whose
   * prefixes nobody knew before.
   */
  tail(origin: number, holder: number, ids: readonly number[]): Omit<OriginEvent, 'above'> | null {
    const { prefixes } = this.known;
    const prefix = ids.reduce((oldest, id) => (this.#age(id) > this.#age(oldest) ? id : oldest));
    const forged = new Set(ids).size;
    if (this.#age(prefix) >= SETTLED) return { prefix, origin, holders: [holder], covering: -1, path: [], forged };
    const covering = prefixes.covering(prefix, prefixes.firstMinute(prefix));
    if (covering < 0 || !prefixes.originsBefore(covering, this.minute, 0).includes(holder)) return null;
    return { prefix, origin, holders: [holder], covering, path: [], forged };
  }

  /** A present path of the event's routes; empty if they have none. */
  pathTo({ prefix, origin, holders }: OriginEvent): number[] {
    const { routes, paths, peers } = this.known;
    for (let peer = 0; peer < peers.high; peer++) {
      const route = routes.find(peer, prefix, 0);
      const path = route < 0 ? WITHDRAWN : routes.path(route);
      if (path === WITHDRAWN) continue;
      const tokens = paths.tokensOf(path);
      if (hopsToLink(tokens, origin, holders[0]!) >= 0) return [...tokens];
    }
    return [];
  }

  #age(prefix: number): number {
    return this.minute - this.known.prefixes.firstMinute(prefix);
  }

  /** How routes come down to who is behind the event. */
  #descentTo({ prefix, origin, holders, forged }: OriginEvent): Descent {
    return new Descent(this.known).addRoutes(prefix, (tokens) =>
      forged ? hopsToLink(tokens, origin, holders[0]!) : hopsTo(tokens, origin),
    );
  }

  ofNetwork(as: number): NetworkFacts {
    const { networks } = this.known;
    const id = networks.find(as);
    if (id < 0) return { degree: 0, carries: 0, knownFor: 0 };
    return {
      degree: networks.degree[id]!,
      carries: networks.carries[id]!,
      knownFor: this.minute - networks.first[id]!,
    };
  }

  /**
   * Prefixes with at least one route, to one significant digit: it scales limits only, and a table that was rebuilt from
   * an archive after a gap may lack a prefix or two.
   */
  announcedPrefixes(): number {
    return Number(this.known.announced.all.toPrecision(1));
  }

  habits(): FeedHabits {
    const { networks, announced, peers } = this.known;
    let routes = 0;
    for (let peer = 0; peer < peers.high; peer++) routes += peers.activeRoutes[peer]!;
    let halfDay = 0;
    let hour = 0;
    for (let id = 0; id < networks.high; id++) {
      const knownFor = this.minute - networks.first[id]!;
      if (knownFor < MINUTES_PER_DAY / 2) halfDay++;
      if (knownFor < HOUR) hour++;
    }
    const oneDigit = (value: number) => Number(value.toPrecision(1));
    const share = (count: number) => oneDigit(count / Math.max(1, networks.high));
    return {
      newHalfDay: share(halfDay),
      newHour: share(hour),
      single: oneDigit(announced.singleShare),
      routes: oneDigit(routes / Math.max(1, announced.all)),
    };
  }

  /** What a neighbour in common says: the less, the more neighbours it has (Adamic and Adar, 2003). */
  #rarity(as: number): number {
    return 1 / Math.log2(1 + Math.max(1, this.ofNetwork(as).degree));
  }

  /** Minutes for which the longest known of the holders has held the prefix or the block. */
  #heldFor({ prefix, covering, holders }: OriginEvent): number {
    const { prefixes } = this.known;
    const block = covering < 0 ? prefix : covering;
    const since = holders.map((holder) => prefixes.originSince(block, holder));
    // its first origin counts as always known, but it was not known before the prefix itself
    return this.minute - Math.max(prefixes.firstMinute(block), Math.min(...since, this.minute));
  }

  /** Neighbours of the networks in question, without links of the events themselves. */
  #neighbours(events: readonly Pick<OriginEvent, 'origin' | 'holders'>[]): Map<number, Set<number>> {
    const { links } = this.known;
    const result = new Map<number, Set<number>>();
    for (const { origin, holders } of events) for (const as of [origin, ...holders]) result.set(as, new Set());
    const filter = filterOf(result);
    for (let id = 0; id < links.high; id++) {
      const left = links.left(id);
      const right = links.right(id);
      if (filter[left & (FILTER - 1)] === 0 && filter[right & (FILTER - 1)] === 0) continue;
      if (!links.isUsed(id) || links.first(id) > this.minute - SETTLED) continue;
      result.get(left)?.add(right);
      result.get(right)?.add(left);
    }
    return result;
  }
}

const HOUR = 60;

function filterOf(numbers: { keys(): Iterable<number> }): Uint8Array {
  const filter = new Uint8Array(FILTER);
  for (const number of numbers.keys()) filter[number & (FILTER - 1)] = 1;
  return filter;
}
