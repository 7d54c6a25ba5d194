import type { GivenRelation } from '../../features/row.js';

/**
 * How much a route event looks like a fault rather than ordinary business, as weight of evidence in bits
 * (Good, 1950): log2 of how much likelier the clues are under a fault than under an ordinary change.
 */
export interface Suspicion {
  bits: number;
  /** What speaks for or against it, weightiest first. */
  words: string[];
}

/** One thing that a network engineer would look at. */
export interface Clue {
  bits: number;
  /** Empty where it is not worth a word. */
  words: string;
}

export function weighed(clues: readonly (Clue | null)[]): Suspicion {
  const present = clues.filter((clue) => clue !== null);
  const bits = present.reduce((sum, clue) => sum + clue.bits, 0);
  const words = present
    .filter((clue) => clue.words !== '')
    .sort((a, b) => Math.abs(b.bits) - Math.abs(a.bits))
    .map((clue) => clue.words);
  return { bits: Math.round(bits * 10) / 10, words };
}

/** From here on an event is a hijack or a leak of minor severity; below it is listed as information. */
export const DOUBTFUL = 0;

/**
 * Bits from which an event that nobody watches is major.
 *
 * @param perDay alerts a day that the operator is ready to read. The two ordinary days that the weights were measured
 *   on gave about 2 at 2 bits; half a bit more about halves them.
 * @param share of the peers that have the route. What half of the world believes does several times the harm of what a
 *   tenth does, so it is worth a call at a little less.
 * @param view of the feed, as `viewOf` gives it. Who sees less of the world's links takes more ordinary changes for
 *   those of strangers.
 */
export function majorBits(perDay: number, share: number, view: number): number {
  const unseen = view >= ENOUGH_PEERS ? 0 : Math.log2(MEASURED_PEERS / Math.max(1, view));
  return (share >= HALF ? 1.5 : 2) + 0.5 * Math.log2(6 / perDay) + Math.min(MOST_UNSEEN, unseen);
}

/** Peers of the days that the weights were measured on. Their table was learnt from two days of updates. */
const MEASURED_PEERS = 44;
/** Some of those were silent at times. */
const ENOUGH_PEERS = 40;
const MOST_UNSEEN = 2.5;
/** A peer whose whole table is known shows as much as four of whom only updates were heard. */
const WHOLE_TABLE = 4;

/**
 * How much of the world a feed sees, in peers that only updates were heard of.
 *
 * @param peers of the stream
 * @param routes to a prefix, on average; without them nothing is held against the feed
 */
export function viewOf(peers: number, routes: number | undefined): number {
  return routes === undefined ? MEASURED_PEERS : Math.max(peers, WHOLE_TABLE * routes);
}

/** Of the peers. */
export const HALF = 0.5;

/** Bits as the odds that a reader knows. */
export function oddsWords(bits: number): string {
  if (bits >= 6) return 'very suspicious';
  if (bits >= 2) return 'suspicious';
  return bits >= DOUBTFUL ? 'doubtful' : 'looks ordinary';
}

/** What given AS relations say of a network and the holder of what it claims, as a clue; null where they say nothing. */
export function givenClue(given: GivenRelation | undefined): Clue | null {
  switch (given) {
    case 'neighbours':
      return { bits: -6, words: 'one is the provider of the other, as given' };
    case 'one above the other':
      return { bits: -4, words: 'one is above the other, as given' };
    case 'peers':
      return { bits: -3, words: 'they peer, as given' };
    case 'same small provider':
      return { bits: -1, words: 'both have the same small provider, as given' };
    case 'strangers':
      return { bits: 2.5, words: 'the given relations know both, and nothing between them' };
    default:
      return null;
  }
}
