import type { FeedHabits, OriginFacts } from '../../features/row.js';
import type { Validity } from '../rpki/validity.js';
import { type Clue, givenClue, HALF, type Suspicion, weighed } from './suspicion.js';

/** A prefix, or a part of others' block, from a network that did not originate it before. */
export interface OriginClaim {
  origin: number;
  holders: readonly number[];
  /** The claim is a part of a block that the holders announce. */
  inside: boolean;
  /** Share of the stream's peers that have the new route, 0..1. */
  share: number;
  /** Share of them whose routes led to the holders when it began, 0..1. Absent where rows do not say. */
  reached?: number;
  path: readonly number[];
  validity?: Validity;
  /** Absent in rows of older versions. */
  facts?: OriginFacts;
  /** Absent in rows of older versions: then clues have their full weight. */
  habits?: FeedHabits;
  /** Routes may be going over still: that some lead to the holder says nothing yet. */
  spreading?: boolean;
}

const HOUR = 60;
const DAY = 1440;
/** Reserved for private use (RFC 6996), documentation (RFC 5398), AS_TRANS (RFC 6793) and AS 0 (RFC 7607). */
const RESERVED: readonly [from: number, to: number][] = [
  [0, 0],
  [23456, 23456],
  [64496, 64511],
  [64512, 65535],
  [65536, 65551],
  [4_200_000_000, 4_294_967_295],
];
/** Networks whose numbers are so close were often registered together, by one organisation. */
export const NUMBERED_TOGETHER = 16;

/** Of two networks that nothing relates. Without facts a claim is judged by RPKI and its path alone: as one between them. */
const STRANGERS = 2;
/**
 * The same of a whole prefix that half of the peers take, once its routes have spread, where most peers had told of its
 * holder. Of 32 prefixes that changed hands so in two ordinary days, 4 did between strangers (3 of 16 pairs of networks); of
 * random pairs 95 % are strangers.
 */
const STRANGERS_AT_LARGE = 3;

/**
 * Weighs whether a network took what others hold. The weights are log-likelihood ratios between claims that a real
 * collector saw on two ordinary days (21 and 22 February 2008, Route Views) and claims of random networks to random
 * prefixes at the same minutes, rounded; no label was used. See docs/suspicion.md.
 */
export function originSuspicion(claim: OriginClaim): Suspicion {
  const { facts } = claim;
  const known =
    facts === undefined
      ? [{ bits: STRANGERS, words: '' }]
      : [
          related(claim, facts),
          regionClue(facts.region),
          familiarity(claim, facts),
          ...history(claim, facts),
          claim.inside ? block(facts) : conflict(facts, claim.spreading ?? false),
        ];
  return weighed([rpki(claim), throughHolder(claim), seenClue(claim.share), ...known]);
}

function rpki({ validity }: OriginClaim): Clue | null {
  if (validity === 'valid') return { bits: -20, words: 'a ROA allows it' };
  return validity === 'invalid' ? { bits: 4, words: 'RPKI invalid' } : null;
}

function throughHolder({ path, holders }: OriginClaim): Clue | null {
  const through = path.slice(0, -1).find((hop) => holders.includes(hop));
  return through === undefined ? null : { bits: -8, words: `the path leads through the holder AS${through}` };
}

/** Companies of regions, bits, from which two networks are as close as those of one country. */
const CLOSE = 4;

/** Networks keep to the part of the world, and so of its address space, that they are in. */
export function regionClue(region: number | undefined): Clue | null {
  if (region === undefined || (region >= 1 && region < 2)) return null;
  if (region >= 2) return { bits: region >= CLOSE ? -2 : -1, words: 'both are at home in the same address space' };
  return { bits: region < 0 ? 2.5 : 1, words: 'networks of its address space are hardly ever in that of the prefix' };
}

/** What the share of the peers that have a route says of it. */
export function seenClue(share: number): Clue | null {
  if (share >= 0.3) return null;
  if (share >= 0.08) return { bits: -1, words: 'a part of the peers has it' };
  return { bits: -2, words: 'few peers have it' };
}

function related(claim: OriginClaim, facts: OriginFacts): Clue {
  const { origin, holders, inside, share, reached = 0, spreading } = claim;
  if (facts.alike > 0) {
    return { bits: -8, words: `both have announced ${facts.alike} other prefixes` };
  }
  if (facts.adjacent) return { bits: -6, words: 'origin and holder are neighbours' };
  if (facts.carried) return { bits: -6, words: 'routes to the holder led through the origin' };
  if (holders.some((holder) => Math.abs(holder - origin) <= NUMBERED_TOGETHER)) {
    return { bits: -4, words: 'origin and holder have AS numbers next to one another' };
  }
  if (facts.near > 0) return { bits: -5, words: 'the origin has other prefixes next to it' };
  const given = givenClue(facts.given);
  if (given !== null) return given;
  if (Math.max(facts.shared, facts.common ?? 0) >= SMALL) {
    return { bits: -4, words: 'origin and holder are behind the same small network' };
  }
  if (facts.shared >= MIDDLING) return { bits: -2, words: 'origin and holder are behind the same network' };
  // where most peers had told of the holder for half a day, no other origin was there unheard
  const wellKnown = !inside && reached >= WELL_KNOWN.reached && facts.heldFor >= DAY / 2;
  const little = (facts.above ?? Number.POSITIVE_INFINITY) <= LITTLE_KNOWN && !wellKnown;
  const atLarge = wellKnown && share >= HALF && spreading !== true;
  const most = !little || (inside && heardLong(facts)) ? (atLarge ? STRANGERS_AT_LARGE : STRANGERS) : inside ? 1 : 0;
  if (facts.shared > 0) return { bits: 0, words: most > 0 ? 'origin and holder have a carrier in common' : '' };
  return { bits: most, words: 'origin and holder are strangers' };
}

/** As 1 / log2(1 + degree): some 30 neighbours, and 140. A larger one in common says something too: few random pairs have it. */
const SMALL = 0.2;
const MIDDLING = 0.14;

/**
 * A block that rests makes no updates, so few paths to it are heard. In half a day a relation of the two would have shown
 * in other routes.
 */
function heardLong({ heldFor, origin }: OriginFacts): boolean {
  return heldFor >= DAY / 2 && origin.knownFor >= DAY / 2;
}

/**
 * Networks above a holder up to which the stream knows too little of how it is reached to know its relations. Of a whole
 * prefix the other origin may then have been there all along.
 */
const LITTLE_KNOWN = 2;

/** Share of the peers, and networks above the holder, from which on the stream knows well how the holder is reached. */
const WELL_KNOWN = { reached: 0.6, above: 4 } as const;

/**
 * Where a new route reaches many more peers than the holder's was known from, the stream knows little of the holder: a table
 * learnt from updates alone is full of prefixes whose second origin was there all along, unheard. Where most peers told how
 * they reach the holder, that nothing relates the two says more.
 */
function familiarity({ inside, reached = 0 }: OriginClaim, facts: OriginFacts): Clue | null {
  const { reach, routes, above = LITTLE_KNOWN } = facts;
  if (reach === undefined || above <= LITTLE_KNOWN) return null;
  if (reached >= WELL_KNOWN.reached && above >= WELL_KNOWN.above) {
    // nor did anybody announce a part of the block in all that time
    const bits = inside && heardLong(facts) ? 2 : 1;
    return { bits, words: `${reach} routes to its holder were known before` };
  }
  const known = reach / Math.max(1, routes);
  if (known >= 0.65) return null;
  return { bits: inside || known >= 0.35 ? -1 : -2, words: `only ${reach} routes to its holder were known before` };
}

/** What a share of all networks have in common speaks against a hijack by -log2 of the share at most. */
function telling(bits: number, share: number | undefined): number {
  return share === undefined ? bits : Math.max(bits, Math.min(0, Math.log2(Math.max(share, 1e-6))));
}

function history({ origin, inside, habits }: OriginClaim, facts: OriginFacts): Clue[] {
  const clues: Clue[] = [];
  const reserved = RESERVED.some(([from, to]) => origin >= from && origin <= to);
  if (reserved) clues.push({ bits: -1, words: `AS${origin} is reserved: somebody's private number leaked` });
  const { knownFor, carries } = facts.origin;
  // a network that joins the Internet is first heard of with what its provider gave it
  if (knownFor < HOUR) {
    clues.push({ bits: telling(-4, habits?.newHour ?? habits?.newHalfDay), words: 'the origin is new to this feed' });
  } else if (knownFor < DAY / 2) {
    clues.push({ bits: telling(-2, habits?.newHalfDay), words: 'the origin has been known for some hours only' });
  }
  if (facts.originPrefixes === 0) {
    clues.push({ bits: telling(-3, habits?.single), words: 'the origin announces nothing else' });
  }
  if (carries >= 200) clues.push({ bits: -1.5, words: 'the origin is a large transit network' });
  if (facts.heldFor < 60) clues.push({ bits: -4, words: `its holder has had it for ${facts.heldFor} minutes` });
  else if (facts.heldFor < DAY / 8) clues.push({ bits: -2, words: '' });
  else if (facts.heldFor < DAY / 2) clues.push({ bits: -1, words: '' });
  // of a whole prefix the routes that still lead to the holder say it; who takes the only prefix that a network has leaves none
  if (facts.holderPrefixes === 0 && inside) clues.push({ bits: -2, words: 'its holder no longer announces anything' });
  return clues;
}

/** Share of the routes to a prefix from which on its holder still announces it. */
const CONTESTED = 0.06;

/** Of a whole prefix: two networks that are believed at once contend for it, a clean change hands over. */
function conflict({ held, routes }: OriginFacts, spreading: boolean): Clue {
  const share = routes === 0 ? 1 : held / routes;
  if (share === 0) return { bits: -3, words: 'the holder gave it up' };
  if (share < CONTESTED) return { bits: share < 0.03 ? -2 : -0.5, words: 'hardly any route still leads to the holder' };
  if (spreading) return { bits: 0, words: '' };
  return { bits: 1.5, words: `${held} of ${routes} routes still lead to the holder` };
}

/** Of a part of a block: providers give parts of theirs to customers. */
function block({ others, parts }: OriginFacts): Clue {
  if (parts > 0) return { bits: -5, words: 'the origin had other parts of the block before' };
  if (others >= 10) return { bits: -6, words: `${others} other networks announce parts of the block` };
  if (others >= 2) return { bits: -4, words: `${others} other networks announce parts of the block` };
  if (others === 1) return { bits: -2.5, words: 'another network announces a part of the block too' };
  return { bits: 1, words: '' };
}
