import type { NewTail } from '../../features/row.js';
import type { Validity } from '../rpki/validity.js';
import { NUMBERED_TOGETHER, regionClue, seenClue } from './originSuspicion.js';
import { type Clue, givenClue, type Suspicion, weighed } from './suspicion.js';

/** A network that began to appear before the origin of routes to the origin's own prefixes. */
export interface ForgedClaim {
  tail: NewTail;
  /** Share of the stream's peers that have the new route, 0..1. */
  share: number;
  validity?: Validity;
}

/**
 * Weighs whether a network put the lawful origin behind itself to take its prefixes, or is a new provider of it. As DFOH
 * (NSDI 2024) does, by the roles of both ends of the new link and what they have in common.
 */
export function forgedSuspicion({ tail, share, validity }: ForgedClaim): Suspicion {
  return weighed([
    seenClue(share),
    validity === 'invalid' ? { bits: 4, words: 'RPKI invalid' } : null,
    role(tail),
    related(tail),
    distance(tail),
    ...history(tail),
  ]);
}

/** Who forges is any network; who provides has done so before. */
function role({ origin, facts }: NewTail): Clue {
  const { carries } = facts.origin;
  if (carries <= 1) return { bits: 2, words: `AS${origin} was never seen to pass on routes of others` };
  if (carries <= 3) return { bits: 0.5, words: `AS${origin} passes on routes of next to nobody` };
  return { bits: carries <= 10 ? -1 : -3, words: `AS${origin} is a provider of ${carries} networks` };
}

function related({ origin, holder, facts }: NewTail): Clue {
  if (facts.alike > 0) return { bits: -8, words: 'both have announced the same prefixes' };
  if (facts.adjacent) return { bits: -6, words: 'the two were neighbours before' };
  if (facts.carried) return { bits: -5, words: `AS${origin} carried its routes before` };
  if (facts.near > 0) return { bits: -4, words: 'both have prefixes next to one another' };
  if (Math.abs(origin - holder) <= NUMBERED_TOGETHER) {
    return { bits: -4, words: 'their AS numbers are next to one another' };
  }
  const given = givenClue(facts.given);
  if (given !== null) return given;
  if (Math.max(facts.shared, facts.common ?? 0) >= SMALL) return { bits: -1, words: 'both are behind a small network' };
  return { bits: 0, words: `AS${origin} and AS${holder} are strangers` };
}

/**
 * A network that is far from the holder's address space has hardly ever become its provider: of 329 new links in two real
 * days 2 were so far, of 72 forged ones 36. A part of a block that goes to a provider of many is how scrubbing looks,
 * which is bought from afar.
 */
function distance({ covering, facts: { region, origin } }: NewTail): Clue | null {
  const clue = regionClue(region);
  if (clue === null || region === undefined || region > FAR) return clue;
  if (covering !== undefined && origin.carries > SMALL_PROVIDER) return clue;
  return { ...clue, bits: clue.bits + (region > FARTHEST ? 1 : 2) };
}

function history({ prefix, covering, holder, prefixes, facts }: NewTail): Clue[] {
  const clues: Clue[] = [];
  const { knownFor } = facts.origin;
  if (knownFor < HOUR) clues.push({ bits: -3, words: 'the network is new to this feed' });
  else if (knownFor < DAY / 2) clues.push({ bits: -1, words: '' });
  if (facts.originPrefixes === 0) clues.push({ bits: -1.5, words: 'it announces nothing of its own' });
  if (facts.heldFor < DAY / 4) clues.push({ bits: -3, words: `${prefix} has been known for ${facts.heldFor} minutes` });
  else if (facts.heldFor < DAY / 2) clues.push({ bits: -1, words: '' });
  if (facts.above === 0) clues.push({ bits: -2, words: 'no other path to it was known' });
  if (covering === undefined) {
    if (facts.held < facts.routes * 0.05) clues.push({ bits: -2, words: 'all routes went over to it' });
    else if (facts.held < facts.routes * 0.15) clues.push({ bits: -0.5, words: '' });
  }
  // a new provider carries all that a small network has; who takes something takes a part
  if (prefixes >= Math.max(1, facts.holderPrefixes)) {
    clues.push({ bits: -2, words: `all prefixes of AS${holder} went over to it` });
  } else if (prefixes * 2 >= facts.holderPrefixes) clues.push({ bits: -0.5, words: '' });
  else clues.push({ bits: 1, words: `${prefixes} of ${facts.holderPrefixes} prefixes of AS${holder} lead to it` });
  if (facts.holder.carries > 0) clues.push({ bits: 0.5, words: '' });
  return clues;
}

/** As log2 of how much likelier its networks are in this address space than any. */
const FAR = -1.5;
const FARTHEST = -3;
/** Networks behind one that is too small to sell scrubbing. */
const SMALL_PROVIDER = 10;
const HOUR = 60;
const DAY = 1440;
/** As 1 / log2(1 + degree): some 60 neighbours. */
const SMALL = 0.17;
