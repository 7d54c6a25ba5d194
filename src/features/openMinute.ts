import type { ByteReader, ByteWriter } from './byteStream.js';
import type { FollowedEvents } from './followedEvents.js';
import type { FollowedLosses, WithdrawnPrefix } from './followedLosses.js';
import { MinuteTotals } from './minuteTotals.js';
import { type KnownRoutes, type OriginEvent, RouteFacts } from './routeFacts.js';
import type { PeerTable } from './routes/peerTable.js';
import type { PrefixTable } from './routes/prefixTable.js';
import type { Minute, MinuteEvidence, NewTail, NewTransit } from './row.js';
import { Tally } from './tally.js';
import { decimalTextOrder } from './textOrder.js';

/** Entries of each ranking in a row, and of lists that only illustrate it. */
const LISTED = 20;
/** Route events are judged one by one, so the list is long: only a leaked full table exceeds it. */
const LISTED_EVENTS = 400;
const LISTED_TRANSITS = 200;
/** Changed paths are listed route by route: a few hundred make a picture of an incident whole, and come in no other minute. */
const LISTED_PATHS = 300;
/** Path changes of a prefix within a minute from which it is listed: one or two are any route's change. */
const CHANGING = 3;
/** Candidates kept for each list while the minute is open. */
const CANDIDATES = 2048;
/** Withdrawn prefixes of which a path is kept, and distinct prefixes and origins counted behind a transit. */
const LOST_PATHS = 16_384;
const COUNTED = 4096;
const SAMPLE_PREFIXES = 5;
const SAMPLE_PATH = 64;
/** Fewest repeated routes, and share of a peer's table, that count as sending the table anew. */
const REANNOUNCED_ROUTES = 20;
const REANNOUNCED_SHARE = 0.3;

interface NewOrigin {
  prefix: number;
  origin: number;
  previousOrigins: number[];
  peers: number[];
  path: number[];
}

interface MoreSpecific {
  prefix: number;
  covering: number;
  origin: number;
  coveringOrigins: number[];
  peers: number[];
  path: number[];
}

interface NewLink {
  left: number;
  right: number;
  routes: number;
  prefixes: number[];
}

interface Transit {
  carrier: number;
  from: number;
  /** Routes by the network that they went to. */
  to: Record<number, number>;
  routes: number;
  peers: number[];
  prefixes: number[];
  origins: number[];
}

interface ChangedPath {
  prefix: number;
  peer: number;
  before: number[];
  during: number[];
}

interface Reset {
  peer: number;
  state: 'down' | 'up';
  routes: number;
}

interface Records {
  origins: NewOrigin[];
  specifics: MoreSpecific[];
  links: NewLink[];
  transits: Transit[];
  lostPaths: [prefix: number, path: number[]][];
  losers: [origin: number, peers: number[]][];
  resets: Reset[];
  paths: ChangedPath[];
}

export function emptyEvidence(): MinuteEvidence {
  return {
    prefixes: [],
    origins: [],
    peers: [],
    newOrigins: [],
    moreSpecifics: [],
    newLinks: [],
    withdrawn: [],
    resets: [],
  };
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function addPeer(peers: number[], peer: number): void {
  if (!peers.includes(peer)) peers.push(peer);
}

/** What is watched over minutes. */
export interface Followed {
  readonly events: FollowedEvents;
  readonly losses: FollowedLosses;
}

/** A minute that still takes messages: its totals and what its evidence is made from, all bounded. */
export class OpenMinute {
  totals = new MinuteTotals();
  readonly prefixRoutes = new Tally();
  /** Routes of a prefix that went over to another path, by any peer. */
  readonly pathChanges = new Tally();
  readonly originRoutes = new Tally();
  readonly peerRoutes = new Tally();
  /** Duplicate announcements by peer. */
  readonly peerRepeats = new Tally();
  readonly #withdrawn = new Tally();
  readonly #returned = new Tally();
  readonly #peersBefore = new Tally();
  readonly #origins = new Map<string, NewOrigin>();
  readonly #specifics = new Map<string, MoreSpecific>();
  readonly #links = new Map<string, NewLink>();
  readonly #transits = new Map<string, Transit>();
  readonly #paths = new Map<string, ChangedPath>();
  /** One of the paths that each withdrawn prefix had. */
  readonly #lostPaths = new Map<number, number[]>();
  /** Peers that withdrew something of each origin. */
  readonly #losers = new Map<number, number[]>();
  #resets: Reset[] = [];

  constructor(readonly minute: Minute) {}

  /** A peer withdrew a route that it had; `peersBefore` routes to the prefix of `origin` were there before. */
  withdrew(prefix: number, origin: number, peer: number, peersBefore: number, path: () => number[]): void {
    const losers = this.#losers.get(origin);
    if (losers !== undefined) addPeer(losers, peer);
    else if (this.#losers.size < CANDIDATES) this.#losers.set(origin, [peer]);
    if (this.#withdrawn.get(prefix) === 0) {
      this.#peersBefore.add(prefix, peersBefore);
      if (this.#lostPaths.size < LOST_PATHS) this.#lostPaths.set(prefix, path().slice(0, SAMPLE_PATH));
    }
    this.#withdrawn.add(prefix, 1);
  }

  /** A peer announced again what it withdrew in this minute. */
  returned(prefix: number): void {
    this.#returned.add(prefix, 1);
  }

  newOrigin(prefix: number, origin: number, peer: number, previousOrigins: () => number[], path: () => number[]): void {
    const key = `${prefix} ${origin}`;
    const known = this.#origins.get(key);
    if (known !== undefined) addPeer(known.peers, peer);
    else if (this.#origins.size < CANDIDATES) {
      const record = { prefix, origin, previousOrigins: previousOrigins(), peers: [peer], path: path() };
      record.path.length = Math.min(record.path.length, SAMPLE_PATH);
      this.#origins.set(key, record);
    }
  }

  /** @returns false when the pair was not noted before: call again with what is known of it */
  moreSpecificAgain(prefix: number, origin: number, peer: number): boolean {
    const known = this.#specifics.get(`${prefix} ${origin}`);
    if (known === undefined) return this.#specifics.size >= CANDIDATES;
    addPeer(known.peers, peer);
    return true;
  }

  moreSpecific(
    prefix: number,
    origin: number,
    peer: number,
    covering: number,
    coveringOrigins: number[],
    path: number[],
  ): void {
    const record = { prefix, covering, origin, coveringOrigins, peers: [peer], path: path.slice(0, SAMPLE_PATH) };
    this.#specifics.set(`${prefix} ${origin}`, record);
  }

  /** Routes to the prefixes were announced over a link that is new. */
  newLink(left: number, right: number, routes: number, prefix: number): void {
    const key = `${left} ${right}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      if (this.#links.size >= CANDIDATES) return;
      link = { left, right, routes: 0, prefixes: [] };
      this.#links.set(key, link);
    }
    link.routes += routes;
    if (prefix >= 0 && link.prefixes.length < SAMPLE_PREFIXES && !link.prefixes.includes(prefix)) {
      link.prefixes.push(prefix);
    }
  }

  /** The carrier began to pass routes of `from` on to another network. */
  newTransit(
    [carrier, from, to, origin]: readonly [carrier: number, from: number, to: number, origin: number],
    routes: number,
    prefix: number,
    peer: number,
  ): void {
    const key = `${carrier} ${from}`;
    let transit = this.#transits.get(key);
    if (transit === undefined) {
      if (this.#transits.size >= CANDIDATES) return;
      transit = { carrier, from, to: {}, routes: 0, peers: [], prefixes: [], origins: [] };
      this.#transits.set(key, transit);
    }
    transit.routes += routes;
    addPeer(transit.peers, peer);
    if (to in transit.to || Object.keys(transit.to).length < LISTED) transit.to[to] = (transit.to[to] ?? 0) + routes;
    if (prefix >= 0 && transit.prefixes.length < COUNTED) transit.prefixes.push(prefix);
    if (origin !== 0 && transit.origins.length < COUNTED) transit.origins.push(origin);
  }

  /** A peer's route to the prefix went over to a new origin or link; what it was before the minute stays. */
  changedPath(prefix: number, peer: number, before: () => number[], during: () => number[]): void {
    const key = `${prefix} ${peer}`;
    const known = this.#paths.get(key);
    if (known !== undefined) known.during = during().slice(0, SAMPLE_PATH);
    else if (this.#paths.size < CANDIDATES) {
      this.#paths.set(key, { prefix, peer, before: before(), during: during().slice(0, SAMPLE_PATH) });
    }
  }

  reset(peer: number, state: 'down' | 'up', routes: number): void {
    if (this.#resets.length < CANDIDATES) this.#resets.push({ peer, state, routes });
  }

  evidence(known: KnownRoutes, followed: Followed): MinuteEvidence {
    const { peers, prefixes } = known;
    const facts = new RouteFacts(known, this.minute);
    const prefixText = (id: number) => prefixes.text(id);
    const newLinks = [...this.#links.values()].sort(
      (a, b) => b.routes - a.routes || a.left - b.left || a.right - b.right,
    );
    const evidence: MinuteEvidence = {
      prefixes: this.prefixRoutes.top(LISTED, prefixText, (id) => prefixes.textOrder(id)),
      origins: this.originRoutes.top(LISTED, String, decimalTextOrder),
      peers: this.peerRoutes.top(LISTED, (id) => peers.text(id)),
      ...this.#originEvents(facts, followed.events),
      newLinks: newLinks.slice(0, LISTED).map((link) => ({ ...link, prefixes: link.prefixes.map(prefixText) })),
      withdrawn: this.#withdrawnPrefixes(prefixes),
      resets: this.#resets
        .slice(0, LISTED)
        .map(({ peer, state, routes }) => ({ peer: peers.text(peer), peerAs: peers.as[peer]!, state, routes })),
    };
    evidence.known = facts.announcedPrefixes();
    if (evidence.newOrigins.length + evidence.moreSpecifics.length + (evidence.tails?.length ?? 0) > 0)
      evidence.habits = facts.habits();
    const ended = followed.events.ended(facts);
    if (ended.length > 0) evidence.ended = ended;
    const transits = this.#newTransits(facts);
    if (transits.length > 0) evidence.transits = transits;
    const losses = followed.losses.losses(this.#withdrawnPaths(), this.#losers, this.#speaking(), facts);
    if (losses.length > 0) evidence.losses = losses;
    const reannouncing = this.#reannouncing(peers);
    if (reannouncing.length > 0) evidence.reannouncing = reannouncing;
    const changing = this.pathChanges.top(LISTED, prefixText).filter(({ count }) => count >= CHANGING);
    if (changing.length > 0) evidence.changing = changing;
    const paths = this.#changedPaths(peers, prefixes);
    if (paths.length > 0) evidence.paths = paths;
    return evidence;
  }

  /** New origins, parts of others' blocks and new networks before an origin: this minute's, and those of the minutes before that still spread. */
  #originEvents(
    facts: RouteFacts,
    followed: FollowedEvents,
  ): Pick<MinuteEvidence, 'newOrigins' | 'moreSpecifics' | 'tails'> {
    const { prefixes } = facts.known;
    const before = this.#pathsBefore();
    const begun = followed.beginnings();
    const from = (event: Omit<OriginEvent, 'above'> & { peers: number }) => ({
      ...event,
      // in later minutes the routes that went over already lead to the holders no more
      ...(begun(event) ?? facts.holding(event, before(event.prefix))),
    });
    const listed: (OriginEvent & { peers: number })[] = [
      ...listedEvents([...this.#origins.values()], prefixes).map(({ previousOrigins, peers, ...event }) => ({
        ...event,
        holders: previousOrigins,
        covering: -1,
        peers: peers.length,
      })),
      ...listedEvents([...this.#specifics.values()], prefixes).map(({ coveringOrigins, peers, ...event }) => ({
        ...event,
        holders: coveringOrigins,
        peers: peers.length,
      })),
      ...this.#tails(facts),
    ].map(from);
    const spreading = followed.spreading(this.minute, listed).map((event) => ({ ...event, peers: 0 }));
    followed.follow(listed, this.minute);
    const events = [...listed, ...spreading];
    const known = facts.ofOrigins(events);
    const newOrigins: MinuteEvidence['newOrigins'] = [];
    const moreSpecifics: MinuteEvidence['moreSpecifics'] = [];
    const tails: NewTail[] = [];
    for (const [at, event] of events.entries()) {
      const { prefix, origin, holders, covering, peers } = event;
      const path = event.forged ? facts.pathTo(event) : [...event.path];
      const route = { prefix: prefixes.text(prefix), origin, peers, path, facts: known[at]! };
      if (event.forged) {
        const block = covering < 0 ? {} : { covering: prefixes.text(covering) };
        tails.push({ ...route, ...block, holder: holders[0]!, prefixes: event.forged });
      } else if (covering < 0) newOrigins.push({ ...route, previousOrigins: [...holders] });
      else moreSpecifics.push({ ...route, covering: prefixes.text(covering), coveringOrigins: [...holders] });
    }
    return { newOrigins, moreSpecifics, ...(tails.length === 0 ? {} : { tails }) };
  }

  /** Networks that now stand before the origin in routes to its own prefixes, those that most peers see. */
  #tails(facts: RouteFacts): (Omit<OriginEvent, 'above'> & { peers: number })[] {
    return [...this.#transits.values()]
      .filter(({ from, peers, prefixes, origins }) => {
        return peers.length > 1 && prefixes.length > 0 && origins.every((origin) => origin === from);
      })
      .sort((a, b) => b.peers.length - a.peers.length || a.carrier - b.carrier || a.from - b.from)
      .slice(0, LISTED_EVENTS)
      .flatMap(({ carrier, from, peers, prefixes }) => {
        const event = facts.tail(carrier, from, prefixes);
        return event === null ? [] : [{ ...event, peers: peers.length }];
      });
  }

  /** Paths that a prefix had before this minute, of peers that went over to a new origin or link. */
  #pathsBefore(): (prefix: number) => number[][] {
    const paths = new Map<number, number[][]>();
    for (const { prefix, before } of this.#paths.values()) {
      const known = paths.get(prefix);
      if (known === undefined) paths.set(prefix, [before]);
      else known.push(before);
    }
    return (prefix) => paths.get(prefix) ?? [];
  }

  #newTransits(facts: RouteFacts): NewTransit[] {
    const { prefixes, links } = facts.known;
    const listed = [...this.#transits.values()]
      .sort((a, b) => b.routes - a.routes || a.carrier - b.carrier || a.from - b.from)
      .filter(({ peers }, at) => at < LISTED || peers.length > 1)
      .slice(0, LISTED_TRANSITS);
    const acquaintance = facts.ofOrigins(
      listed.map(({ carrier, from, prefixes: ids }) => ({
        prefix: ids[0] ?? -1,
        origin: carrier,
        holders: [from],
        covering: -1,
        path: [],
        above: [],
      })),
    );
    return listed.map(({ carrier, from, to, routes, peers, prefixes: ids, origins }, at) => {
      const behind = [...new Set(ids)];
      const [first] = Object.entries(to).sort((a, b) => b[1] - a[1] || Number(a[0]) - Number(b[0]));
      const receiver = Number(first![0]);
      const link = links.find(carrier, from);
      return {
        carrier,
        from,
        to: receiver,
        routes,
        peers: peers.length,
        prefixes: behind.length,
        origins: new Set(origins).size,
        sample: behind.slice(0, SAMPLE_PREFIXES).map((id) => prefixes.text(id)),
        carrierFacts: facts.ofNetwork(carrier),
        fromFacts: facts.ofNetwork(from),
        toFacts: facts.ofNetwork(receiver),
        reverse: links.find(from, carrier) >= 0,
        shared: acquaintance[at]!.shared,
        alike: acquaintance[at]!.alike,
        near: acquaintance[at]!.near,
        linkFor: link < 0 ? 0 : this.minute - links.first(link),
      };
    });
  }

  #speaking(): number[] {
    return [...this.peerRoutes.entries()].map(([peer]) => peer).sort((a, b) => a - b);
  }

  *#withdrawnPaths(): Generator<WithdrawnPrefix> {
    for (const [prefix] of this.#withdrawn.entries()) {
      yield { prefix, before: this.#peersBefore.get(prefix), path: this.#lostPaths.get(prefix) ?? [] };
    }
  }

  /** The most withdrawn, and all beyond them that most of their peers withdrew. */
  #withdrawnPrefixes(prefixes: PrefixTable): MinuteEvidence['withdrawn'] {
    const net = new Tally();
    for (const [prefix, count] of this.#withdrawn.entries()) {
      const left = count - this.#returned.get(prefix);
      if (left > 0) net.add(prefix, left);
    }
    const ids = new Map<string, number>();
    const top = net.top(LISTED_EVENTS, (id) => {
      const text = prefixes.text(id);
      ids.set(text, id);
      return text;
    });
    return top
      .map(({ name, count }) => {
        const id = ids.get(name)!;
        const peersBefore = Math.max(count, this.#peersBefore.get(id));
        return { prefix: name, peers: count, peersBefore, origin: prefixes.lastOrigin(id) };
      })
      .filter(({ peers, peersBefore }, at) => at < LISTED || (peersBefore >= 2 && peers * 2 >= peersBefore));
  }

  #reannouncing(peers: PeerTable): NonNullable<MinuteEvidence['reannouncing']> {
    const result: NonNullable<MinuteEvidence['reannouncing']> = [];
    for (const [peer, routes] of this.peerRepeats.entries()) {
      if (routes < REANNOUNCED_ROUTES || routes < peers.activeRoutes[peer]! * REANNOUNCED_SHARE) continue;
      result.push({ peer: peers.text(peer), peerAs: peers.as[peer]!, routes, of: peers.activeRoutes[peer]! });
    }
    result.sort((a, b) => b.routes - a.routes || byText(a.peer, b.peer));
    return result.slice(0, LISTED);
  }

  #changedPaths(peers: PeerTable, prefixes: PrefixTable): NonNullable<MinuteEvidence['paths']> {
    const byPrefix = new Map<string, ChangedPath[]>();
    for (const path of this.#paths.values()) {
      const text = prefixes.text(path.prefix);
      byPrefix.set(text, [...(byPrefix.get(text) ?? []), path]);
    }
    return [...byPrefix]
      .sort((a, b) => b[1].length - a[1].length || byText(a[0], b[0]))
      .flatMap(([prefix, changed]) =>
        changed
          .map(({ peer, before, during }) => ({
            peer: peers.text(peer),
            peerAs: peers.as[peer]!,
            prefix,
            before,
            during,
          }))
          .sort((a, b) => byText(a.peer, b.peer)),
      )
      .slice(0, LISTED_PATHS);
  }

  #tallies(): Tally[] {
    return [
      this.prefixRoutes,
      this.pathChanges,
      this.originRoutes,
      this.peerRoutes,
      this.peerRepeats,
      this.#withdrawn,
      this.#returned,
      this.#peersBefore,
    ];
  }

  write(writer: ByteWriter): void {
    writer.number(this.minute);
    writer.column(this.totals.toColumn());
    for (const tally of this.#tallies()) tally.write(writer);
    const records: Records = {
      origins: [...this.#origins.values()],
      specifics: [...this.#specifics.values()],
      links: [...this.#links.values()],
      transits: [...this.#transits.values()],
      lostPaths: [...this.#lostPaths],
      losers: [...this.#losers],
      resets: this.#resets,
      paths: [...this.#paths.values()],
    };
    writer.json(records);
  }

  static read(reader: ByteReader): OpenMinute {
    const open = new OpenMinute(reader.number());
    open.totals = MinuteTotals.fromColumn(reader.column(Float64Array));
    for (const tally of open.#tallies()) tally.read(reader);
    const records = reader.json() as Records;
    for (const record of records.origins) open.#origins.set(`${record.prefix} ${record.origin}`, record);
    for (const record of records.specifics) open.#specifics.set(`${record.prefix} ${record.origin}`, record);
    for (const record of records.links) open.#links.set(`${record.left} ${record.right}`, record);
    for (const record of records.transits) open.#transits.set(`${record.carrier} ${record.from}`, record);
    for (const [prefix, path] of records.lostPaths) open.#lostPaths.set(prefix, path);
    for (const [origin, peers] of records.losers) open.#losers.set(origin, peers);
    open.#resets = records.resets;
    for (const record of records.paths) open.#paths.set(`${record.prefix} ${record.peer}`, record);
    return open;
  }
}

/** Those that most peers saw. */
function listedEvents<T extends { prefix: number; origin: number; peers: number[] }>(
  events: T[],
  prefixes: PrefixTable,
): T[] {
  return events
    .map((event) => ({ event, text: prefixes.text(event.prefix) }))
    .sort(
      (a, b) =>
        b.event.peers.length - a.event.peers.length || byText(a.text, b.text) || a.event.origin - b.event.origin,
    )
    .slice(0, LISTED_EVENTS)
    .map(({ event }) => event);
}
