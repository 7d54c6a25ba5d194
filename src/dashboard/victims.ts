import type { MinuteEvidence } from '../features/row.js';
import { carriagesIn } from '../incidents/carriages.js';
import { foreignRoutes } from '../incidents/classes/foreignRoutes.js';
import type { Culprits } from '../incidents/culprits.js';
import type { IncidentEvidence } from '../incidents/evidence.js';
import type { WatchedRoute } from '../incidents/incident.js';
import type { Victims } from './api/schema.js';

/** What an incident's row and its minutes know of the prefixes that were hit. */
export interface HitFacts {
  class: string;
  subject: string;
  culprits: Culprits;
  /** Absent in rows of other makers. */
  evidence: IncidentEvidence | undefined;
  watched: readonly WatchedRoute[];
  minutes: readonly { evidence: Partial<MinuteEvidence> }[];
  nameOf: (asNumber: number) => string | undefined;
}

type Victim = Victims['rows'][number];
type Hit = Pick<Victim, 'prefix'> &
  Partial<Omit<Victim, 'holders' | 'by'>> & { holders?: number[]; by?: number | null };

const MOST = 400;
const NO_ORIGIN = new Set<WatchedRoute['kind']>([
  'withdrawn',
  'new neighbour',
  'new upstream',
  'new downstream',
  'path',
]);

/** Every prefix that an incident hit, each once, those that most peers report first. */
export function victimsOf(facts: HitFacts): Victims {
  const { nameOf, culprits, subject, watched } = facts;
  const holdersOf = heldBefore(facts.minutes);
  const mine = new Set(watched.map(({ prefix }) => prefix));
  const network = (asNumber: number) => ({ asNumber, name: nameOf(asNumber) ?? null });
  const rows = new Map<string, Victim>();
  const known = new Set<string>();
  for (const hit of hits(facts)) {
    const { prefix, covering = null, by = null, peers = null, rpki = null } = hit;
    const key = `${prefix} ${by}`;
    if (rows.has(key) || (by === null && known.has(prefix))) continue;
    known.add(prefix);
    const holders = hit.holders ?? [...(holdersOf.get(prefix) ?? [])].filter((holder) => holder !== by);
    rows.set(key, {
      prefix,
      covering,
      holders: holders.map(network),
      by: by === null ? null : network(by),
      peers,
      rpki,
      mine: mine.has(prefix),
    });
  }
  const sorted = [...rows.values()].sort(
    (a, b) =>
      Number(b.mine) - Number(a.mine) ||
      (b.peers ?? 0) - (a.peers ?? 0) ||
      a.prefix.localeCompare(b.prefix, 'en', { numeric: true }),
  );
  const named = [subject, ...culprits.origins.map(({ name }) => name)].flatMap((text) => {
    const asNumber = /^(?:AS)?(\d+)\b/.exec(text)?.[1];
    const name = asNumber === undefined ? undefined : nameOf(Number(asNumber));
    return name === undefined ? [] : [[String(asNumber), name]];
  });
  return { rows: sorted.slice(0, MOST), of: Math.max(sorted.length, totalOf(facts)), names: Object.fromEntries(named) };
}

/** What is known of each, the best account of a prefix first. */
function* hits({ class: name, subject, culprits, evidence, watched, minutes }: HitFacts): Generator<Hit> {
  for (const { prefix, origin, peers = null, kind, holders, rpki = null } of watched) {
    if (prefix === undefined) continue;
    // of these `origin` is who held it, or who is beside it in its paths
    const by = origin === undefined || NO_ORIGIN.has(kind) ? null : origin;
    const claim = evidence?.newOrigins.find((route) => route.prefix === prefix && route.origin === origin);
    yield { prefix, by, peers, rpki: rpki ?? claim?.validity ?? null, ...(holders !== undefined && { holders }) };
  }
  if (name === 'hijack' || name === 'moas') {
    for (const route of evidence === undefined ? [] : foreignRoutes(evidence)) {
      const { prefix, covering, holders, origin, share, validity } = route;
      const peers = Math.round(share * (evidence?.peersSeen ?? 0));
      yield { prefix, covering: covering ?? null, holders, by: origin, peers, rpki: validity ?? null };
    }
    for (const { evidence: minute } of evidence === undefined ? minutes : []) yield* claimsOf(minute);
  }
  if (name === 'leak') {
    for (const { carrier, sample } of evidence?.transits ?? []) {
      if (`AS${carrier}` === subject) for (const prefix of sample) yield { prefix };
    }
    // The sample is of ten; the paths that went over name the others, up to what a minute lists.
    yield* carriedNow(subject, minutes);
    if (subject === '')
      for (const link of evidence?.newLinks ?? []) for (const prefix of link.prefixes) yield { prefix };
  }
  if (name === 'outage') {
    for (const { prefix, peers, origin } of evidence?.withdrawn ?? []) {
      if (subject === '' || subject === `AS${origin}`) yield { prefix, peers, holders: [origin] };
    }
    for (const { origin, sample, peers } of evidence?.losses ?? []) {
      for (const prefix of sample) yield { prefix, peers, holders: [origin] };
    }
  }
  for (const { name: prefix } of culprits.prefixes) yield { prefix };
}

/** Prefixes that ran past a network before and run through it now, with the peers that took them there. */
function carriedNow(subject: string, minutes: HitFacts['minutes']): Hit[] {
  // What an incident of your own networks hit is in its findings.
  const carrier = Number(/^AS(\d+)$/.exec(subject)?.[1]);
  const peersOf = new Map<string, Set<string>>();
  for (const { evidence } of minutes) {
    for (const { peer, prefix, before, during } of evidence.paths ?? []) {
      // at an end it is whose prefix it is
      if (before.length === 0 || before.includes(carrier) || during.indexOf(carrier) < 0) continue;
      if (during.at(-1) !== carrier) peersOf.set(prefix, (peersOf.get(prefix) ?? new Set()).add(peer));
    }
  }
  return [...peersOf].map(([prefix, peers]) => ({ prefix, peers: peers.size }));
}

function* claimsOf({ newOrigins = [], moreSpecifics = [] }: Partial<MinuteEvidence>): Generator<Hit> {
  for (const { prefix, origin, previousOrigins, peers } of newOrigins)
    yield { prefix, holders: previousOrigins, by: origin, peers };
  for (const { prefix, covering, origin, coveringOrigins, peers } of moreSpecifics)
    yield { prefix, covering, holders: coveringOrigins, by: origin, peers };
}

/** Where the routes of each prefix led before they changed, or lead still: who holds it. */
function heldBefore(minutes: HitFacts['minutes']): Map<string, Set<number>> {
  const holders = new Map<string, Set<number>>();
  const add = (prefix: string, asNumber: number | undefined) => {
    if (asNumber !== undefined) holders.set(prefix, (holders.get(prefix) ?? new Set()).add(asNumber));
  };
  for (const { evidence } of minutes) {
    for (const { prefix, before, during } of evidence.paths ?? []) add(prefix, before.at(-1) ?? during.at(-1));
    for (const { prefix, origin } of evidence.withdrawn ?? []) add(prefix, origin);
  }
  return holders;
}

/** Prefixes by count, of which a sample has names: those of networks that are gone, or that run through a new carrier. */
function totalOf({ class: name, subject, evidence }: HitFacts): number {
  if (name === 'outage') return (evidence?.losses ?? []).reduce((sum, { prefixes }) => sum + prefixes, 0);
  if (name !== 'leak') return 0;
  const carriages = carriagesIn(evidence?.transits ?? [], evidence?.known ?? 0, evidence?.peersSeen ?? 0);
  return carriages.find(({ carrier }) => `AS${carrier}` === subject)?.prefixes ?? 0;
}
