import { plural } from '../../words/plural.js';
import type { IncidentEvidence } from '../evidence.js';
import type { Validity } from '../rpki/validity.js';
import { seenOf, seenWords } from '../seenBy.js';
import type { IncidentSettings } from '../settings.js';
import { forgedSuspicion } from '../suspicion/forgedSuspicion.js';
import { originSuspicion } from '../suspicion/originSuspicion.js';
import { DOUBTFUL, majorBits, oddsWords, type Suspicion, viewOf } from '../suspicion/suspicion.js';
import { peerShare } from './classRule.js';

/** A route of a prefix from a network that is not known to hold it. */
export interface ForeignRoute {
  prefix: string;
  origin: number;
  /** Who held the prefix, or the block around it. */
  holders: number[];
  covering?: string;
  /** Share of the peers that saw it, 0..1. */
  share: number;
  /** "12 of the 78 peers that have a route to it". */
  seen: string;
  validity?: Validity;
  /** The path leads through a holder: a network behind it, such as its customer. */
  behindHolder: boolean;
  suspicion: Suspicion;
  /** The path ends at the holder, whom `origin` put behind itself. */
  forged?: true;
  /** A part of a block; or its routes have had a minute to spread: before that a clean handover looks like a conflict. */
  settled: boolean;
}

/** Routes to what others held before, each weighed. */
export function foreignRoutes(evidence: IncidentEvidence): ForeignRoute[] {
  const whole = evidence.newOrigins.map((route) => foreignRoute(evidence, route, route.previousOrigins));
  const inner = evidence.moreSpecifics.map((route) => foreignRoute(evidence, route, route.coveringOrigins));
  return [
    ...[...whole, ...inner].filter((route) => route.holders.length > 0 && !route.holders.includes(route.origin)),
    ...forgedRoutes(evidence),
  ];
}

/** New links to an origin that are doubtful at least: every other is a new provider's. */
function forgedRoutes(evidence: IncidentEvidence): ForeignRoute[] {
  return (evidence.tails ?? [])
    .map((tail): ForeignRoute => {
      const { prefix, covering, origin, holder, validity, minute, facts } = tail;
      const share = peerShare(evidence, facts.taken);
      return {
        prefix,
        origin,
        holders: [holder],
        ...(covering === undefined ? {} : { covering }),
        share,
        seen: seenWords(seenOf(tail), evidence.peersSeen),
        // the origin that is shown is the lawful one, so only `invalid` says anything
        ...(validity === 'invalid' ? { validity } : {}),
        behindHolder: false,
        suspicion: forgedSuspicion({ tail, share, validity }),
        forged: true,
        settled: covering !== undefined || validity === 'invalid' || evidence.until > minute,
      };
    })
    .filter(({ suspicion }) => suspicion.bits >= DOUBTFUL);
}

function foreignRoute(
  evidence: IncidentEvidence,
  route: (IncidentEvidence['newOrigins'] | IncidentEvidence['moreSpecifics'])[number],
  holders: number[],
): ForeignRoute {
  const { prefix, origin, validity, facts } = route;
  const path = route.path ?? [];
  const covering = 'covering' in route ? route.covering : undefined;
  const share = peerShare(evidence, facts === undefined ? route.peers : facts.taken);
  const settled =
    facts === undefined || covering !== undefined || validity === 'invalid' || evidence.until > route.minute;
  return {
    prefix,
    origin,
    holders,
    ...(covering === undefined ? {} : { covering }),
    share,
    seen: seenWords(seenOf(route), Math.max(evidence.peersSeen, facts?.reach ?? 0)),
    validity,
    behindHolder: path.slice(0, -1).some((hop) => holders.includes(hop)),
    suspicion: originSuspicion({
      origin,
      holders,
      inside: covering !== undefined,
      share,
      ...(facts?.reach === undefined ? {} : { reached: peerShare(evidence, facts.reach) }),
      path,
      validity,
      facts,
      habits: evidence.habits,
      spreading: !settled,
    }),
    settled,
  };
}

/** Bits from which a claim that is still spreading need not be waited for: without any route that still leads to the holder. */
const SURE = 2;

/** More likely taken than handed over, as far as routes and what is known of the networks can show. */
export function isHostile({ suspicion, settled, forged }: ForeignRoute): boolean {
  return settled ? suspicion.bits >= DOUBTFUL : !forged && suspicion.bits >= SURE;
}

/** Suspicious enough to call somebody, for so many peers. */
export function isMajor(
  { suspicion, share }: ForeignRoute,
  { known, habits, peersSeen }: Pick<IncidentEvidence, 'known' | 'habits' | 'peersSeen'>,
  { perDay }: Pick<IncidentSettings['evidence'], 'perDay'>,
): boolean {
  // rows without facts say next to nothing for or against a claim, however many peers see it
  return suspicion.bits >= majorBits(perDay, known === undefined ? 0 : share, viewOf(peersSeen, habits?.routes));
}

/**
 * Networks that took prefixes of several holders at once: one may hand a prefix to another by consent, three do not do
 * so on the same day. A forged origin does not count: who becomes a provider may get three customers at once.
 */
export function grabbers(routes: readonly ForeignRoute[], holders: number): Set<number> {
  const taken = new Map<number, Set<number>>();
  for (const route of routes.filter((each) => isHostile(each) && !each.forged)) {
    const from = taken.get(route.origin) ?? new Set<number>();
    taken.set(route.origin, from.add(route.holders[0]!));
  }
  return new Set([...taken].filter(([, from]) => from.size >= holders).map(([origin]) => origin));
}

/** What parts a hijack from a MOAS. */
export function isTaken(route: ForeignRoute, takers: ReadonlySet<number>): boolean {
  if (!isHostile(route)) return false;
  return route.share >= FEWEST_PEERS || route.validity === 'invalid' || takers.has(route.origin);
}

/** Share of the peers below which a new route is local: a leaked internal route, or a peer's own view. */
export const FEWEST_PEERS = 0.08;

export function foreignRouteWords(route: ForeignRoute): string {
  const holders = route.holders.map((origin) => `AS${origin}`).join(', ');
  const what = route.forged
    ? `${route.prefix} of ${holders} is announced by AS${route.origin}, which puts ${holders} behind itself`
    : route.covering === undefined
      ? `${route.prefix} is announced by AS${route.origin}, held by ${holders} before`
      : `${route.prefix}, inside ${route.covering} of ${holders}, is announced by AS${route.origin}`;
  const seen = `, seen by ${route.seen}`;
  const rpki =
    route.validity === undefined
      ? ''
      : route.validity === 'not found'
        ? '; no ROA covers it'
        : `; RPKI ${route.validity}`;
  const why = route.suspicion.words.filter((words) => !words.startsWith('RPKI')).slice(0, 3);
  const judged = why.length === 0 ? '' : `; ${oddsWords(route.suspicion.bits)}: ${why.join(', ')}`;
  return `${what}${seen}${rpki}${judged}`;
}

/** Routes in words: the widest-seen ones, and how many more there are. */
export function foreignRouteReasons(routes: readonly ForeignRoute[]): string[] {
  const sorted = [...routes].sort(
    (a, b) => b.suspicion.bits - a.suspicion.bits || b.share - a.share || (a.prefix < b.prefix ? -1 : 1),
  );
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
