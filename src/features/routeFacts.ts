import { IPV6_SHAPE, maskWords } from '../bgp/address.js';
import { Descent, hopsTo, hopsToLink } from './descent.js';
import { regionOf } from './routes/addressRegions.js';
import type { AnnouncedPrefixes } from './routes/announcedPrefixes.js';
import type { LinkTable } from './routes/linkTable.js';
import type { NetworkTable } from './routes/networkTable.js';
import type { PathTable } from './routes/pathTable.js';
import type { PeerTable } from './routes/peerTable.js';
import { ORIGINS } from './routes/prefixRecords.js';
import type { PrefixTable } from './routes/prefixTable.js';
import { type RouteTable, WITHDRAWN } from './routes/routeTable.js';
import { type FeedHabits, MINUTES_PER_DAY, type Minute, type NetworkFacts, type OriginFacts } from './row.js';

/** What a stream has learnt of the world's routes. */
export interface KnownRoutes {
  readonly peers: PeerTable;
  readonly prefixes: PrefixTable;
  readonly announced: AnnouncedPrefixes;
  readonly paths: PathTable;
  readonly routes: RouteTable;
  readonly links: LinkTable;
  readonly networks: NetworkTable;
}

/** A prefix and a network that began to originate it, or a part of what others hold. */
export interface OriginEvent {
  prefix: number;
  origin: number;
  holders: readonly number[];
  /** The holders' block around the prefix, -1 for the prefix itself. */
  covering: number;
  /** A path to it, from the peer to the origin. */
  path: readonly number[];
  /** Networks through which routes came down to the holders when the event began. */
  above: readonly number[];
  /** Routes that led to the holders then. Absent in events of older snapshots. */
  reach?: number;
  /** The holder itself is still at the end of the path, behind the origin of this event: so many of its prefixes are. */
  forged?: number;
}

const FILTER = 65_536;
const NONE: readonly number[] = [];

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
    const holdings = this.#holdings(events);
    return events.map((event, at) => {
      const { origin, holders } = event;
      const { routes, held, taken } = this.routesTo(event);
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
      const { originPrefixes, holderPrefixes, alike, near, others, parts, region } = holdings[at]!;
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
   * The event of a network that began to stand before `holder` in routes to the holder's own prefixes; null for one whose
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

  /** A present path of the event's routes; empty when there is none. */
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
    const { networks, announced } = this.known;
    let halfDay = 0;
    let hour = 0;
    for (let id = 0; id < networks.high; id++) {
      const knownFor = this.minute - networks.first[id]!;
      if (knownFor < MINUTES_PER_DAY / 2) halfDay++;
      if (knownFor < HOUR) hour++;
    }
    const share = (count: number) => Number((count / Math.max(1, networks.high)).toPrecision(1));
    return {
      newHalfDay: share(halfDay),
      newHour: share(hour),
      single: Number(announced.singleShare.toPrecision(1)),
    };
  }

  /** Prefixes that each of these networks originated last and that have routes. */
  prefixesOf(origins: ReadonlySet<number>): Map<number, number> {
    return new Map([...origins].map((origin) => [origin, this.known.announced.of(origin)]));
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

  /** Present routes to the event's prefix, those of them that lead to a holder, and to the new origin. */
  routesTo({ prefix, origin, holders, forged }: Omit<OriginEvent, 'path' | 'covering' | 'above'>): {
    routes: number;
    held: number;
    taken: number;
  } {
    const { routes, paths, peers } = this.known;
    const counts = { routes: 0, held: 0, taken: 0 };
    for (let peer = 0; peer < peers.high; peer++) {
      const route = routes.find(peer, prefix, 0);
      const path = route < 0 ? WITHDRAWN : routes.path(route);
      if (path === WITHDRAWN) continue;
      counts.routes++;
      const end = paths.origin(path);
      if (forged ? end === holders[0] && hopsToLink(paths.tokensOf(path), origin, end) >= 0 : end === origin)
        counts.taken++;
      else if (holders.includes(end)) counts.held++;
    }
    return counts;
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

  /** What came up in the same minutes says nothing of what was usual before. */
  #settled(prefix: number, slot: number): boolean {
    const { prefixes } = this.known;
    return Math.max(prefixes.firstMinute(prefix), prefixes.originFirst(slot)) <= this.minute - SETTLED;
  }

  /**
   * Whether an origin that the prefix has or had speaks of consent. A spell of some minutes that is over, and a small
   * part of the peers beside others, point to an earlier fault as well.
   */
  #isRelation(prefix: number, slot: number): boolean {
    const { prefixes } = this.known;
    const { taken, routes } = this.routesTo({ prefix, origin: prefixes.origin(slot), holders: NONE });
    if (taken > 0) return taken >= routes * CONSENT_SHARE;
    return prefixes.originLast(slot) - Math.max(prefixes.firstMinute(prefix), prefixes.originFirst(slot)) >= SPELL;
  }

  #holdings(events: readonly OriginEvent[]) {
    return events.map((event) => {
      const { others, parts } = this.#partsOfBlock(event);
      const holderPrefixes = event.holders.reduce((sum, holder) => sum + this.known.announced.of(holder), 0);
      return { ...this.#holdingsOf(event), holderPrefixes, others, parts };
    });
  }

  /** Who announces parts of the block that the event lies in, beside its holders. */
  #partsOfBlock({ prefix, covering, origin, holders }: OriginEvent): { others: number; parts: number } {
    if (covering < 0) return { others: 0, parts: 0 };
    const { prefixes } = this.known;
    const insiders = new Set<number>();
    let parts = 0;
    for (const id of prefixes.besides(covering)) {
      if (prefixes.activeRoutes(id) <= 0 || id === prefix || id === covering) continue;
      if (!inside(prefixes, id, covering) || prefixes.firstMinute(id) > this.minute - SETTLED) continue;
      const last = prefixes.lastOrigin(id);
      if (last === origin) parts++;
      else if (last !== 0 && !holders.includes(last)) insiders.add(last);
    }
    return { others: insiders.size, parts };
  }

  /** What else the origin announces and announced, and what of it relates it to the holders and the prefix. */
  #holdingsOf({ prefix, origin, holders }: OriginEvent) {
    const { prefixes, announced } = this.known;
    const result = { originPrefixes: 0, alike: 0, near: 0, region: null as number | null };
    const consent = { asked: 0, given: 0 };
    const homes = new Set<number>();
    for (const id of prefixes.ofOrigin(origin)) {
      const slot = prefixes.originSlot(id, origin);
      if (slot < 0 || id === prefix || prefixes.activeRoutes(id) <= 0) continue;
      if (prefixes.lastOrigin(id) === origin) result.originPrefixes++;
      if (!this.#settled(id, slot)) continue;
      homes.add(regionOf(prefixes, id));
      const alike = heldByAny(prefixes, id, holders);
      const near = isNear(prefixes, id, prefix);
      if (!(alike || near)) continue;
      if (alike) result.alike++;
      if (near) result.near++;
      if (consent.asked === ASKED) continue;
      consent.asked++;
      if (this.#isRelation(id, slot)) consent.given++;
    }
    if (consent.given * 2 < consent.asked) Object.assign(result, { alike: 0, near: 0 });
    if (prefix >= 0) result.region = announced.regions.company(regionOf(prefixes, prefix), homes);
    return result;
  }
}

const HOUR = 60;
/** Minutes after which what was learnt counts as known before an event: its first news came with the event itself. */
const SETTLED = 30;

/** Minutes of announcements after which an origin of the past counts as a lawful one. */
const SPELL = 60;
/** Share of a prefix's routes from which two origins share it, rather than one disturbing the other. */
const CONSENT_SHARE = 0.25;
/** Prefixes looked at for each event; what half of them say holds. */
const ASKED = 16;

function filterOf(numbers: { keys(): Iterable<number> }): Uint8Array {
  const filter = new Uint8Array(FILTER);
  for (const number of numbers.keys()) filter[number & (FILTER - 1)] = 1;
  return filter;
}

const masked = new Uint32Array(4);

function inside(prefixes: PrefixTable, id: number, covering: number): boolean {
  const shape = prefixes.shape(covering);
  if (prefixes.shape(id) <= shape || prefixes.shape(id) < IPV6_SHAPE !== shape < IPV6_SHAPE) return false;
  for (let word = 0; word < 4; word++) masked[word] = prefixes.word(id, word);
  maskWords(shape, masked);
  for (let word = 0; word < 4; word++) if (masked[word] !== prefixes.word(covering, word)) return false;
  return true;
}

/** In the same 16 bits of IPv4 or 24 of IPv6, as registries hand blocks of a region out. */
function isNear(prefixes: PrefixTable, id: number, other: number): boolean {
  const v4 = prefixes.shape(id) < IPV6_SHAPE;
  if (v4 !== prefixes.shape(other) < IPV6_SHAPE) return false;
  return (prefixes.word(id, 0) ^ prefixes.word(other, 0)) >>> (v4 ? 16 : 8) === 0;
}

function heldByAny(prefixes: PrefixTable, id: number, holders: readonly number[]): boolean {
  for (let slot = id * ORIGINS; slot < (id + 1) * ORIGINS; slot++) {
    if (prefixes.originLast(slot) !== 0 && holders.includes(prefixes.origin(slot))) return true;
  }
  return false;
}
