import type { ByteReader, ByteWriter } from './byteStream.js';
import { MinuteTotals } from './minuteTotals.js';
import type { PeerTable } from './routes/peerTable.js';
import type { PrefixTable } from './routes/prefixTable.js';
import type { Minute, MinuteEvidence } from './row.js';
import { Tally } from './tally.js';

/** Entries of each evidence list in a row. */
const LISTED = 20;
/** Changed paths are listed route by route: a few hundred make a picture of an incident whole, and come in no other minute. */
const LISTED_PATHS = 300;
/** Path changes of a prefix within a minute from which it is listed: one or two are any route's change. */
const CHANGING = 3;
/** Candidates kept for each list while the minute is open. */
const CANDIDATES = 512;
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
  covering: string;
  origin: number;
  coveringOrigins: number[];
  peers: number[];
}

interface NewLink {
  left: number;
  right: number;
  routes: number;
  prefixes: number[];
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
  resets: Reset[];
  /** Absent in what older versions wrote. */
  paths?: ChangedPath[];
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
  readonly #paths = new Map<string, ChangedPath>();
  #resets: Reset[] = [];

  constructor(readonly minute: Minute) {}

  /** A peer withdrew a route that it had; `peersBefore` routes to the prefix were there before. */
  withdrew(prefix: number, peersBefore: number): void {
    if (this.#withdrawn.get(prefix) === 0) this.#peersBefore.add(prefix, peersBefore);
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

  moreSpecific(prefix: number, origin: number, peer: number, covering: string, coveringOrigins: number[]): void {
    this.#specifics.set(`${prefix} ${origin}`, { prefix, covering, origin, coveringOrigins, peers: [peer] });
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

  evidence(peers: PeerTable, prefixes: PrefixTable): MinuteEvidence {
    const prefixText = (id: number) => prefixes.text(id);
    const newOrigins = [...this.#origins.values()].map((record) => ({
      prefix: prefixText(record.prefix),
      origin: record.origin,
      previousOrigins: record.previousOrigins,
      peers: record.peers.length,
      path: record.path,
    }));
    newOrigins.sort((a, b) => b.peers - a.peers || byText(a.prefix, b.prefix) || a.origin - b.origin);
    const moreSpecifics = [...this.#specifics.values()].map((record) => ({
      prefix: prefixText(record.prefix),
      covering: record.covering,
      origin: record.origin,
      coveringOrigins: record.coveringOrigins,
      peers: record.peers.length,
    }));
    moreSpecifics.sort((a, b) => b.peers - a.peers || byText(a.prefix, b.prefix) || a.origin - b.origin);
    const newLinks = [...this.#links.values()].sort(
      (a, b) => b.routes - a.routes || a.left - b.left || a.right - b.right,
    );
    const evidence: MinuteEvidence = {
      prefixes: this.prefixRoutes.top(LISTED, prefixText),
      origins: this.originRoutes.top(LISTED, String),
      peers: this.peerRoutes.top(LISTED, (id) => peers.text(id)),
      newOrigins: newOrigins.slice(0, LISTED),
      moreSpecifics: moreSpecifics.slice(0, LISTED),
      newLinks: newLinks.slice(0, LISTED).map((link) => ({ ...link, prefixes: link.prefixes.map(prefixText) })),
      withdrawn: this.#withdrawnPrefixes(prefixes),
      resets: this.#resets
        .slice(0, LISTED)
        .map(({ peer, state, routes }) => ({ peer: peers.text(peer), peerAs: peers.as[peer]!, state, routes })),
    };
    const reannouncing = this.#reannouncing(peers);
    if (reannouncing.length > 0) evidence.reannouncing = reannouncing;
    const changing = this.pathChanges.top(LISTED, prefixText).filter(({ count }) => count >= CHANGING);
    if (changing.length > 0) evidence.changing = changing;
    const paths = this.#changedPaths(peers, prefixes);
    if (paths.length > 0) evidence.paths = paths;
    return evidence;
  }

  #withdrawnPrefixes(prefixes: PrefixTable): MinuteEvidence['withdrawn'] {
    const net = new Tally();
    for (const [prefix, count] of this.#withdrawn.entries()) {
      const left = count - this.#returned.get(prefix);
      if (left > 0) net.add(prefix, left);
    }
    const ids = new Map<string, number>();
    const top = net.top(LISTED, (id) => {
      const text = prefixes.text(id);
      ids.set(text, id);
      return text;
    });
    return top.map(({ name, count }) => {
      const id = ids.get(name)!;
      const peersBefore = Math.max(count, this.#peersBefore.get(id));
      return { prefix: name, peers: count, peersBefore, origin: prefixes.lastOrigin[id]! };
    });
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
    open.#resets = records.resets;
    for (const record of records.paths ?? []) open.#paths.set(`${record.prefix} ${record.peer}`, record);
    return open;
  }
}
