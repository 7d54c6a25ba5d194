import type { ByteReader, ByteWriter } from './byteStream.js';
import { LostLines } from './lostLines.js';
import type { ChangedPath, MinuteRecords, MoreSpecific, NewLink, NewOrigin, Reset, Transit } from './minuteRecords.js';
import { MinuteTotals } from './minuteTotals.js';
import type { Minute } from './row.js';
import { Tally } from './tally.js';
import type { TallyRoom } from './tallyRoom.js';

/** Entries of each ranking in a row, and of lists that only illustrate it. */
export const LISTED = 20;
/** Candidates kept for each list while the minute is open. */
const CANDIDATES = 2048;
/** Withdrawn prefixes of which a path is kept, and distinct prefixes and origins counted behind a transit. */
const LOST_PATHS = 16_384;
const COUNTED = 4096;
export const SAMPLE_PREFIXES = 5;
const SAMPLE_PATH = 64;
/** Prefixes whose new routes are counted exactly; of more, those with most. */
const FRESH = 16_384;

function addPeer(peers: number[], peer: number): void {
  if (!peers.includes(peer)) peers.push(peer);
}

/** A minute that still takes messages: its totals and what its evidence is made from (`minuteEvidence.ts`), all bounded. */
export class OpenMinute {
  totals = new MinuteTotals();
  readonly prefixRoutes: Tally;
  /** Routes of a prefix that went over to another path, by any peer. */
  readonly pathChanges: Tally;
  readonly originRoutes: Tally;
  readonly peerRoutes: Tally;
  /** Duplicate announcements by peer. */
  readonly peerRepeats: Tally;
  readonly withdrawn: Tally;
  readonly announcedAgain: Tally;
  readonly peersBefore: Tally;
  /** Routes to a prefix that came up in this minute, and how many of them before the first was withdrawn. */
  readonly #fresh: Tally;
  readonly freshBefore: Tally;
  readonly origins = new Map<string, NewOrigin>();
  readonly specifics = new Map<string, MoreSpecific>();
  readonly links = new Map<string, NewLink>();
  readonly transits = new Map<string, Transit>();
  readonly paths = new Map<string, ChangedPath>();
  /** One of the paths that each withdrawn prefix had. */
  readonly lostPaths = new Map<number, number[]>();
  /** Peers that withdrew something of each origin. */
  readonly losers = new Map<number, number[]>();
  /** The neighbours of each origin through which what was withdrawn led. */
  readonly lines = new Map<number, LostLines>();
  resets: Reset[] = [];

  /**
   * @param room of the stream's minutes
   * @param before a minute that took about as much: it spares the tallies their growth
   */
  constructor(
    readonly minute: Minute,
    room: TallyRoom,
    before?: OpenMinute,
  ) {
    const tally = (maximum?: number) => new Tally(maximum, undefined, room);
    this.prefixRoutes = before?.prefixRoutes.next() ?? tally();
    this.pathChanges = before?.pathChanges.next() ?? tally();
    this.originRoutes = before?.originRoutes.next() ?? tally();
    this.peerRoutes = tally();
    this.peerRepeats = tally();
    this.withdrawn = tally();
    this.announcedAgain = tally();
    this.peersBefore = tally();
    this.#fresh = tally(FRESH);
    this.freshBefore = tally(FRESH);
  }

  /** Reads where a prefix will be counted, for several to be read side by side. */
  lookAt(prefix: number): number {
    return this.prefixRoutes.lookAt(prefix) ^ this.#fresh.lookAt(prefix);
  }

  /** Its rankings have been read: its tallies' columns are for the minutes to come. */
  release(): void {
    for (const tally of [...this.#tallies(), this.#fresh, this.freshBefore]) tally.release();
  }

  /**
   * A peer withdrew a route that it had; `peersBefore` routes to the prefix of `origin` were there before.
   * @returns whether the path that it had is wanted, for `lost`
   */
  withdrew(prefix: number, origin: number, peer: number, peersBefore: number): boolean {
    const losers = this.losers.get(origin);
    if (losers !== undefined) addPeer(losers, peer);
    else if (this.losers.size < CANDIDATES) this.losers.set(origin, [peer]);
    const first = this.withdrawn.get(prefix) === 0;
    if (first) {
      this.peersBefore.add(prefix, peersBefore);
      const fresh = this.#fresh.get(prefix);
      if (fresh > 0) this.freshBefore.add(prefix, fresh);
    }
    this.withdrawn.add(prefix, 1);
    return first && this.lostPaths.size < LOST_PATHS;
  }

  /** The path of the route that was withdrawn. */
  lost(prefix: number, path: number[]): void {
    this.lostPaths.set(prefix, path.slice(0, SAMPLE_PATH));
  }

  /** The withdrawn route led to the origin through this neighbour. */
  lostLine(origin: number, neighbour: number, prefix: number): void {
    const lines = this.lines.get(origin) ?? new LostLines();
    if (this.lines.size < CANDIDATES) this.lines.set(origin, lines);
    lines.add(neighbour, prefix);
  }

  /** A peer that had no route to the prefix has one now. */
  activated(prefix: number): void {
    this.#fresh.add(prefix, 1);
  }

  /** A peer announced again what it withdrew in this minute. */
  returned(prefix: number): void {
    this.announcedAgain.add(prefix, 1);
  }

  newOrigin(prefix: number, origin: number, peer: number, previousOrigins: () => number[], path: () => number[]): void {
    const key = `${prefix} ${origin}`;
    const known = this.origins.get(key);
    if (known !== undefined) addPeer(known.peers, peer);
    else if (this.origins.size < CANDIDATES) {
      const record = { prefix, origin, previousOrigins: previousOrigins(), peers: [peer], path: path() };
      record.path.length = Math.min(record.path.length, SAMPLE_PATH);
      this.origins.set(key, record);
    }
  }

  /** @returns false when the pair was not noted before: call again with what is known of it */
  moreSpecificAgain(prefix: number, origin: number, peer: number): boolean {
    const known = this.specifics.get(`${prefix} ${origin}`);
    if (known === undefined) return this.specifics.size >= CANDIDATES;
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
    this.specifics.set(`${prefix} ${origin}`, record);
  }

  /** Routes to the prefixes were announced over a link that is new. */
  newLink(left: number, right: number, routes: number, prefix: number): void {
    const key = `${left} ${right}`;
    let link = this.links.get(key);
    if (link === undefined) {
      if (this.links.size >= CANDIDATES) return;
      link = { left, right, routes: 0, prefixes: [] };
      this.links.set(key, link);
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
    let transit = this.transits.get(key);
    if (transit === undefined) {
      if (this.transits.size >= CANDIDATES) return;
      transit = { carrier, from, to: {}, routes: 0, peers: [], prefixes: [], origins: [] };
      this.transits.set(key, transit);
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
    const known = this.paths.get(key);
    if (known !== undefined) known.during = during().slice(0, SAMPLE_PATH);
    else if (this.paths.size < CANDIDATES) {
      this.paths.set(key, { prefix, peer, before: before(), during: during().slice(0, SAMPLE_PATH) });
    }
  }

  reset(peer: number, state: 'down' | 'up', routes: number): void {
    if (this.resets.length < CANDIDATES) this.resets.push({ peer, state, routes });
  }

  #tallies(): Tally[] {
    return [
      this.prefixRoutes,
      this.pathChanges,
      this.originRoutes,
      this.peerRoutes,
      this.peerRepeats,
      this.withdrawn,
      this.announcedAgain,
      this.peersBefore,
    ];
  }

  write(writer: ByteWriter): void {
    writer.number(this.minute);
    writer.column(this.totals.toColumn());
    for (const tally of this.#tallies()) tally.write(writer);
    const records: MinuteRecords = {
      origins: [...this.origins.values()],
      specifics: [...this.specifics.values()],
      links: [...this.links.values()],
      transits: [...this.transits.values()],
      lostPaths: [...this.lostPaths],
      losers: [...this.losers],
      lines: [...this.lines].map(([origin, lines]) => [origin, lines.toJson()]),
      fresh: [...this.#fresh.entries()].map(([prefix, routes]) => [prefix, routes, this.freshBefore.get(prefix)]),
      resets: this.resets,
      paths: [...this.paths.values()],
    };
    writer.json(records);
  }

  static read(reader: ByteReader, room: TallyRoom): OpenMinute {
    const open = new OpenMinute(reader.number(), room);
    open.totals = MinuteTotals.fromColumn(reader.column(Float64Array));
    for (const tally of open.#tallies()) tally.read(reader);
    const records = reader.json() as MinuteRecords;
    for (const record of records.origins) open.origins.set(`${record.prefix} ${record.origin}`, record);
    for (const record of records.specifics) open.specifics.set(`${record.prefix} ${record.origin}`, record);
    for (const record of records.links) open.links.set(`${record.left} ${record.right}`, record);
    for (const record of records.transits) open.transits.set(`${record.carrier} ${record.from}`, record);
    for (const [prefix, path] of records.lostPaths) open.lostPaths.set(prefix, path);
    for (const [origin, peers] of records.losers) open.losers.set(origin, peers);
    for (const [origin, lines] of records.lines ?? []) open.lines.set(origin, new LostLines(lines));
    for (const [prefix, routes, before] of records.fresh ?? []) {
      open.#fresh.add(prefix, routes);
      if (before > 0) open.freshBefore.add(prefix, before);
    }
    open.resets = records.resets;
    for (const record of records.paths) open.paths.set(`${record.prefix} ${record.peer}`, record);
    return open;
  }
}
