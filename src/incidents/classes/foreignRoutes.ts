import type { IncidentEvidence } from '../evidence.js';
import type { Validity } from '../rpki/validity.js';
import { peerShare, percent, plural } from './classRule.js';

/** A route of a prefix from a network that is not known to hold it. */
export interface ForeignRoute {
  prefix: string;
  origin: number;
  /** Who held the prefix, or the block around it. */
  holders: number[];
  covering?: string;
  /** Share of the peers that saw it, 0..1. */
  share: number;
  validity?: Validity;
  /** The path leads through a holder: a network behind it, such as its customer. */
  behindHolder: boolean;
}

export function foreignRoutes(evidence: IncidentEvidence): ForeignRoute[] {
  const whole = evidence.newOrigins.map(
    (route): ForeignRoute => ({
      prefix: route.prefix,
      origin: route.origin,
      holders: route.previousOrigins,
      share: peerShare(evidence, route.peers),
      validity: route.validity,
      behindHolder: route.path.slice(0, -1).some((hop) => route.previousOrigins.includes(hop)),
    }),
  );
  const inner = evidence.moreSpecifics.map(
    (route): ForeignRoute => ({
      prefix: route.prefix,
      origin: route.origin,
      holders: route.coveringOrigins,
      covering: route.covering,
      share: peerShare(evidence, route.peers),
      validity: route.validity,
      behindHolder: false,
    }),
  );
  return [...whole, ...inner].filter((route) => route.holders.length > 0 && !route.holders.includes(route.origin));
}

/** Taken from its holder, as far as routes can tell: no ROA allows it, and it does not lead through the holder. */
export function isHostile(route: ForeignRoute): boolean {
  return route.validity !== 'valid' && !route.behindHolder;
}

/**
 * Networks that took prefixes of several holders at once: one may hand a prefix to another by consent, three do not do
 * so on the same day.
 */
export function grabbers(routes: readonly ForeignRoute[], holders: number): Set<number> {
  const taken = new Map<number, Set<number>>();
  for (const route of routes.filter(isHostile)) {
    const from = taken.get(route.origin) ?? new Set<number>();
    taken.set(route.origin, from.add(route.holders[0]!));
  }
  return new Set([...taken].filter(([, from]) => from.size >= holders).map(([origin]) => origin));
}

/** What parts a hijack from a MOAS. */
export function isTaken(route: ForeignRoute, peerShareLimit: number, takers: ReadonlySet<number>): boolean {
  if (!isHostile(route)) return false;
  return route.share >= peerShareLimit || route.validity === 'invalid' || takers.has(route.origin);
}

export function foreignRouteWords(route: ForeignRoute): string {
  const holders = route.holders.map((origin) => `AS${origin}`).join(', ');
  const what =
    route.covering === undefined
      ? `${route.prefix} is announced by AS${route.origin}, held by ${holders} before`
      : `${route.prefix}, inside ${route.covering} of ${holders}, is announced by AS${route.origin}`;
  const seen = `, seen by ${percent(route.share)} of the peers`;
  const rpki =
    route.validity === undefined
      ? ''
      : route.validity === 'not found'
        ? '; no ROA covers it'
        : `; RPKI ${route.validity}`;
  return `${what}${seen}${rpki}${route.behindHolder ? '; the path leads through its holder' : ''}`;
}

/** Routes in words: the widest-seen ones, and how many more there are. */
export function foreignRouteReasons(routes: readonly ForeignRoute[]): string[] {
  const sorted = [...routes].sort((a, b) => b.share - a.share || (a.prefix < b.prefix ? -1 : 1));
  const words = sorted.slice(0, 3).map(foreignRouteWords);
  if (sorted.length > 3) words.push(`and ${plural(sorted.length - 3, 'more such route')}`);
  return words;
}

/** Prefixes and origins of the routes, by falling share of peers. */
export function foreignCulprits(routes: readonly ForeignRoute[]) {
  const origins = new Map<number, number>();
  for (const { origin } of routes) origins.set(origin, (origins.get(origin) ?? 0) + 1);
  return {
    prefixes: [...routes]
      .sort((a, b) => b.share - a.share || (a.prefix < b.prefix ? -1 : 1))
      .map(({ prefix }) => ({ name: prefix, count: 1 })),
    origins: [...origins]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .map(([origin, count]) => ({ name: `AS${origin}`, count })),
    peers: [],
  };
}
