import type { ByteReader, ByteWriter } from './byteStream.js';
import { type LineRecord, LostLines } from './lostLines.js';
import type { KnownRoutes } from './originEvent.js';
import { type HeardPeers, QuietPeers } from './quietPeers.js';
import {
  RecentWithdrawals,
  SPREADS,
  type Withdrawals,
  type WithdrawnMinute,
  type WithdrawnPrefix,
} from './recentWithdrawals.js';
import type { RouteFacts } from './routeFacts.js';
import { WITHDRAWN } from './routes/routeTable.js';
import type { Minute, NetworkLoss } from './row.js';
import { isDue } from './standingTime.js';
import { byText } from './textOrder.js';

/** A prefix is lost when so small a share of the routes it had is left. */
const LEFT_SHARE = 0.2;
/** The loss of a network is over when so small a share of its lost prefixes is lost still. */
const OVER_SHARE = 0.3;
const FOLLOWED = 2000;
/** A network that comes back no more has gone. */
const LONGEST = 1440;
/** A network that was steady for so many minutes does not flap. */
const LATELY = 360;
/** A loss is listed in each of its first minutes, then only when it changes. */
const SETTLES = 15;
/** Minutes after which a prefix is part of what its network is known by. */
const ESTABLISHED = 60;
const LISTED = 400;
/**
 * A loss that grows to more than so many times its size is a new one: part of the network was gone before. So is one that
 * grows so from where it had rested, beyond all that it was.
 */
const GROWS = 2;
/** Losses that were over again: so many of the last are kept, each of at least so many prefixes. */
const REMEMBERED = 4000;
const WORTH_A_MEMORY = 5;
const SAMPLE = 5;
const VIA = 6;
/** Share of the peers that withdrew something, up to which the routes to another prefix may be stray ones. */
const STRAY_SHARE = 0.05;
/** Prefixes of a network that must have been known for it to count as known. */
const WELL_HELD = 10;
/** Share of what a prefix had that must lead to a block around it for the prefix to be reached still. */
const REACHED_SHARE = 0.5;

interface Loss {
  origin: number;
  since: Minute;
  /** Lost prefixes with the routes that each had, and those that it had held before; older snapshots lack the latter. */
  before: [prefix: number, routes: number, held?: number][];
  /** Peers, as references, that withdrew any of the prefixes. */
  peers: number[];
  most: number;
  told: number;
  via: [network: number, prefixes: number][];
  /** Absent in snapshots of older versions, as the two that follow. */
  lines?: LineRecord[];
  /** When the number of lost prefixes changed last. */
  changed?: Minute;
  /** When it was last listed. */
  listed?: Minute;
  /** What it was before, where it had been the same for long. */
  rest?: { prefixes: number; until: Minute } | undefined;
}

interface Kept {
  losses: Loss[];
  heard: HeardPeers;
  /** Absent in snapshots of older versions. */
  past?: [origin: number, since: Minute][];
  recent?: WithdrawnMinute[];
}

/** Networks whose prefixes lost all or nearly all of their routes, watched until they are back. */
export class FollowedLosses {
  #losses = new Map<number, Loss>();
  /** Oldest first. */
  #past: [origin: number, since: Minute][] = [];
  readonly #quiet = new QuietPeers();
  readonly #recent = new RecentWithdrawals();

  constructor(private readonly known: Pick<KnownRoutes, 'prefixes' | 'routes'>) {}

  /**
   * Adds what this minute lost, looks at what was lost before, and lists what an incident may want to know. Called once a
   * minute.
   *
   * @param speaking peers that sent routes in this minute
   */
  losses(
    withdrawn: Iterable<WithdrawnPrefix>,
    losers: ReadonlyMap<number, Withdrawals>,
    speaking: readonly number[],
    facts: RouteFacts,
  ): NetworkLoss[] {
    const { prefixes } = facts.known;
    this.#quiet.hear(speaking);
    const quiet = this.#quiet.now();
    const left = (prefix: number, limit: number) => this.#routesLeft(prefix, limit, quiet);
    const touched = new Set<number>();
    const gone = [...withdrawn];
    this.#recent.add(facts.minute, gone, losers);
    for (const { prefix, path } of gone) {
      const origin = prefixes.lastOrigin(prefix);
      // what came up just before, a hijacker's routes among it, only goes away again
      if (prefixes.firstMinute(prefix) > facts.minute - ESTABLISHED) continue;
      if (origin === 0) continue;
      // those of peers that fell silent were there before, and are not gone
      const stale = prefixes.activeRoutes(prefix) - left(prefix, 0);
      const { before, held } = this.#recent.routesOf(prefix);
      const had = before - stale;
      if (had < 2 || prefixes.activeRoutes(prefix) - stale > had * LEFT_SHARE) continue;
      this.#add(origin, [prefix, had, Math.max(0, held - stale)], path, facts.minute);
      touched.add(origin);
    }
    const listed: NetworkLoss[] = [];
    const earlier = this.#earlier(facts.minute, LONGEST);
    const lately = this.#earlier(facts.minute, LATELY);
    for (const loss of [...this.#losses.values()]) {
      const lost = loss.before.filter(
        ([prefix, routes]) =>
          left(prefix, routes * LEFT_SHARE) <= routes * LEFT_SHARE &&
          !this.#isCovered(prefix, loss.origin, routes, quiet),
      );
      if (lost.length !== loss.told) {
        if (facts.minute - (loss.changed ?? loss.since) >= SETTLES) {
          loss.rest = { prefixes: loss.told, until: facts.minute };
        }
        loss.changed = facts.minute;
      }
      if (touched.has(loss.origin)) {
        const anew = growsAnew(loss, lost.length, facts.minute);
        if (anew) Object.assign(loss, { since: facts.minute, peers: [], lines: [], rest: undefined });
        // what a minute's end cut off from the first is part of it
        const now = anew || loss.most === 0 ? this.#recent.ofNetwork(loss.origin) : losers.get(loss.origin);
        loss.peers = [...new Set([...loss.peers, ...(now?.peers ?? [])])];
        if (now !== undefined) loss.lines = new LostLines(loss.lines).join(now.lines).toJson();
      }
      if (loss.most === 0 && lost.length > 0) loss.since = facts.minute;
      loss.most = Math.max(loss.most, lost.length);
      const young = facts.minute - loss.since < SETTLES;
      if (loss.most === 0) {
        // all of it is reached through the network's own blocks, which may go a little later
        if (!young) this.#drop(loss);
        continue;
      }
      const over = lost.length <= loss.most * OVER_SHARE || loss.since <= facts.minute - LONGEST;
      const due = isDue(loss.since, loss.listed, facts.minute);
      if (over || young || due || touched.has(loss.origin) || lost.length !== loss.told) {
        loss.told = lost.length;
        loss.listed = facts.minute;
        listed.push({
          origin: loss.origin,
          since: loss.since,
          prefixes: over ? 0 : lost.length,
          left: this.#prefixesLeft(loss, lost, quiet),
          peers: loss.peers.length,
          held: heldBefore(over ? loss.before : lost),
          sample: (over ? loss.before : lost)
            .map(([prefix]) => prefixes.text(prefix))
            .sort(byText)
            .slice(0, SAMPLE),
          facts: facts.ofNetwork(loss.origin),
          via: [...loss.via]
            .sort((a, b) => b[1] - a[1] || a[0] - b[0])
            .slice(0, VIA)
            .map(([network, count]) => ({ network, prefixes: count })),
          ...linesOf(loss),
          ...(earlier.has(loss.origin) ? { earlier: earlier.get(loss.origin)! } : {}),
          ...(lately.has(loss.origin) ? { lately: lately.get(loss.origin)! } : {}),
        });
      }
      if (over) this.#drop(loss);
    }
    return listed.sort((a, b) => b.prefixes - a.prefixes || a.origin - b.origin).slice(0, LISTED);
  }

  write(writer: ByteWriter): void {
    writer.json({
      losses: [...this.#losses.values()],
      heard: this.#quiet.toJson(),
      past: this.#past,
      recent: this.#recent.toJson(),
    });
  }

  /** The prefixes' references are in the snapshot of their own table. */
  read(reader: ByteReader): void {
    // snapshots of older versions hold the losses alone
    const kept = reader.json() as Loss[] | Kept;
    for (const loss of Array.isArray(kept) ? kept : kept.losses) this.#losses.set(loss.origin, loss);
    if (Array.isArray(kept)) return;
    this.#quiet.restore(kept.heard);
    this.#past = kept.past ?? [];
    this.#recent.restore(kept.recent ?? []);
  }

  /** Prefixes of the network that are reached still, by more peers than a stray route needs. */
  #prefixesLeft({ origin, peers }: Loss, lost: Loss['before'], quiet: readonly number[]): number {
    const { prefixes } = this.known;
    const gone = new Set(lost.map(([prefix]) => prefix));
    const stray = peers.length * STRAY_SHARE;
    const isLeft = (id: number) =>
      !gone.has(id) && prefixes.lastOrigin(id) === origin && this.#routesLeft(id, stray, quiet) > stray;
    return prefixes.ofOrigin(origin).filter(isLeft).length;
  }

  /** Routes to a prefix, without those of silent peers where more than `limit` are there. */
  #routesLeft(prefix: number, limit: number, quiet: readonly number[]): number {
    const { prefixes, routes } = this.known;
    let left = prefixes.activeRoutes(prefix);
    for (const peer of quiet) {
      if (left <= limit) break;
      const route = routes.find(peer, prefix, 0);
      if (route >= 0 && routes.path(route) !== WITHDRAWN) left--;
    }
    return left;
  }

  /** Whether the prefix lies in a block of the same network that most of those who had the prefix reach still. */
  #isCovered(prefix: number, origin: number, routes: number, quiet: readonly number[]): boolean {
    const { prefixes } = this.known;
    const enough = routes * REACHED_SHARE;
    let block = prefixes.covering(prefix, Number.POSITIVE_INFINITY);
    while (block >= 0) {
      if (prefixes.lastOrigin(block) === origin && this.#routesLeft(block, enough, quiet) > enough) return true;
      block = prefixes.covering(block, Number.POSITIVE_INFINITY);
    }
    return false;
  }

  #add(
    origin: number,
    [prefix, before, held]: [number, number, number],
    path: readonly number[],
    minute: Minute,
  ): void {
    let loss = this.#losses.get(origin);
    if (loss === undefined) {
      if (this.#losses.size >= FOLLOWED) return;
      loss = { origin, since: minute, before: [], peers: [], most: 0, told: -1, via: [] };
      this.#losses.set(origin, loss);
    }
    const known = loss.before.find(([id]) => id === prefix);
    if (known !== undefined) known[1] = Math.max(known[1], before);
    if (known !== undefined || loss.before.length >= FOLLOWED) return;
    loss.before.push([prefix, before, held]);
    this.known.prefixes.refer(prefix, 1);
    for (const network of new Set(path.slice(1))) {
      if (network === origin) continue;
      const via = loss.via.find(([as]) => as === network);
      if (via !== undefined) via[1]++;
      else loss.via.push([network, 1]);
    }
  }

  /** Losses of the last `minutes`, a day at most, that are over, by network. */
  #earlier(minute: Minute, minutes: number): Map<number, number> {
    this.#past = this.#past.filter(([, since]) => since > minute - LONGEST).slice(-REMEMBERED);
    const counts = new Map<number, number>();
    for (const [origin, since] of this.#past)
      if (since > minute - minutes) counts.set(origin, (counts.get(origin) ?? 0) + 1);
    return counts;
  }

  #drop(loss: Loss): void {
    if (loss.most >= WORTH_A_MEMORY) this.#past.push([loss.origin, loss.since]);
    this.#losses.delete(loss.origin);
    for (const [prefix] of loss.before) this.known.prefixes.refer(prefix, -1);
  }
}

function growsAnew({ most, since, rest }: Loss, lost: number, minute: Minute): boolean {
  if (most === 0 || minute - since <= SPREADS) return false;
  if (lost > most * GROWS) return true;
  return rest !== undefined && minute - rest.until <= SPREADS && lost > most && lost > rest.prefixes * GROWS;
}

/** Routes that ten of the prefixes, or half of fewer, had held before at least. */
function heldBefore(before: Loss['before']): number {
  const held = before.map(([, routes, known]) => known ?? routes).sort((a, b) => b - a);
  return held[Math.min(WELL_HELD, Math.ceil(held.length / 2)) - 1] ?? 0;
}

function linesOf({ lines }: Loss): Pick<NetworkLoss, 'lines'> {
  const { count } = new LostLines(lines);
  return count > 1 ? { lines: count } : {};
}
