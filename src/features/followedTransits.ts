import type { KnownRoutes } from './originEvent.js';
import type { RouteFacts } from './routeFacts.js';
import { WITHDRAWN } from './routes/routeTable.js';
import { type FollowedTransit, MINUTES_PER_DAY, type Minute } from './row.js';
import { GONE_SHARE, isDue } from './standingTime.js';

/** What a network began to carry, as a minute's news. */
interface News {
  carrier: number;
  from: number;
  /** References; a prefix may come several times. */
  prefixes: readonly number[];
}

interface Followed {
  carrier: number;
  from: number;
  since: Minute;
  /** Prefixes that say how it goes on. */
  sample: number[];
  /** Most routes of the sample that led so at the end of a minute. */
  peak: number;
  listed: Minute | null;
}

/** Prefixes from which on it may be a leak. */
const WORTH_FOLLOWING = 10;
const FOLLOWED = 300;
const SAMPLE = 16;

/** Routes that a network began to pass on within the last day, by a sample of their prefixes, until they are gone. */
export class FollowedTransits {
  #transits: Followed[] = [];

  constructor(private readonly known: Pick<KnownRoutes, 'prefixes'>) {}

  follow(news: Iterable<News>, minute: Minute): void {
    const known = new Set(this.#transits.map(keyOf));
    for (const { carrier, from, prefixes } of news) {
      if (prefixes.length < WORTH_FOLLOWING || known.has(keyOf({ carrier, from }))) continue;
      const distinct = [...new Set(prefixes)];
      if (distinct.length < WORTH_FOLLOWING) continue;
      const step = Math.max(1, distinct.length / SAMPLE);
      const sample = Array.from(
        { length: Math.min(SAMPLE, distinct.length) },
        (_, n) => distinct[Math.floor(n * step)]!,
      );
      for (const prefix of sample) this.known.prefixes.refer(prefix, 1);
      this.#transits.push({ carrier, from, since: minute, sample, peak: 0, listed: null });
    }
    while (this.#transits.length > FOLLOWED) this.#release(this.#transits.shift()!);
  }

  /** Those that are over, and now and then those that go on. */
  look(facts: RouteFacts): FollowedTransit[] {
    const { minute, known } = facts;
    const listed: FollowedTransit[] = [];
    this.#transits = this.#transits.filter((transit) => {
      if (transit.since <= minute - MINUTES_PER_DAY) {
        this.#release(transit);
        return false;
      }
      const due = isDue(transit.since, transit.listed, minute);
      // routes change by messages that name the prefix
      const touched = transit.sample.some((prefix) => known.prefixes.lastMinute(prefix) >= minute);
      if (transit.peak > 0 && !touched && !due) return true;
      const { routes, peers } = routesThrough(known, transit);
      transit.peak = Math.max(transit.peak, routes);
      const { carrier, from } = transit;
      const over = transit.peak > 0 && routes <= transit.peak * GONE_SHARE;
      if (over || due) {
        transit.listed = minute;
        listed.push({ carrier, from, peers: over ? 0 : peers });
      }
      if (over) this.#release(transit);
      return !over;
    });
    return listed;
  }

  toJson(): object {
    return this.#transits;
  }

  /** The prefixes' references are in the snapshot of their own table. */
  restore(kept: object): void {
    this.#transits = kept as Followed[];
  }

  #release({ sample }: Followed): void {
    for (const prefix of sample) this.known.prefixes.refer(prefix, -1);
  }
}

function keyOf({ carrier, from }: Pick<Followed, 'carrier' | 'from'>): string {
  return `${carrier} ${from}`;
}

/** Present routes of the sample that `carrier` passes on from `from`, and the peers that have one. */
function routesThrough({ peers, routes, paths }: KnownRoutes, { carrier, from, sample }: Followed) {
  const counts = { routes: 0, peers: 0 };
  for (let peer = 0; peer < peers.high; peer++) {
    let had = 0;
    for (const prefix of sample) {
      const route = routes.find(peer, prefix, 0);
      const path = route < 0 ? WITHDRAWN : routes.path(route);
      if (path !== WITHDRAWN && passesOn(paths.tokensOf(path), carrier, from)) had++;
    }
    counts.routes += had;
    if (had > 0) counts.peers++;
  }
  return counts;
}

/** Whether the path leads from another network through `carrier` to `from`, whatever they put into it twice. */
function passesOn(tokens: ArrayLike<number>, carrier: number, from: number): boolean {
  for (let at = 1; at < tokens.length; at++) {
    if (tokens[at] === from && tokens[at - 1] === carrier && tokens[0] !== carrier) return true;
  }
  return false;
}
