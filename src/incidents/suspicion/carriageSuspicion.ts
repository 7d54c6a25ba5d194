import type { NewTransit } from '../../features/row.js';
import { type Clue, type Suspicion, weighed } from './suspicion.js';

const DAY = 1440;

/** What one network began to carry within a few minutes. */
export interface Carriage {
  carrier: number;
  /** Distinct prefixes and origins behind the new paths; lower bounds. */
  prefixes: number;
  origins: number;
  /** Share of the stream's peers that took such routes, 0..1. */
  share: number;
  /** The heaviest of the new paths. */
  main: NewTransit;
}

/** A customer that takes its provider's routes keeps them; when so many peers see them, it passes them on. */
const PASSED_ON = 0.15;

/**
 * Weighs whether a network leaks (RFC 7908): it passes routes between two networks larger than itself, of many origins.
 * How many neighbours a network carries is a measure of its rank, after Gao (2001): routes go up, across and down, never
 * down and up again. A new customer, a new peering and a reroute to a backup provider carry routes upwards only.
 */
export function leakSuspicion({ prefixes, origins, share, main }: Carriage): Suspicion {
  const { carrierFacts, fromFacts, toFacts, reverse, linkFor } = main;
  const size = Math.max(-3, Math.min(4, Math.log2(Math.max(1, origins) / 20)));
  const below = fromFacts.carries > 2 * carrierFacts.carries + 2;
  const above = toFacts.carries > 2 * carrierFacts.carries + 2;
  const valley: Clue =
    main.lawful !== undefined
      ? givenValley(main, main.lawful)
      : below && above
        ? { bits: 3, words: `AS${main.carrier} is smaller than AS${main.from} and AS${main.to}, which it now connects` }
        : below && reverse && share >= PASSED_ON
          ? {
              bits: 2,
              words: `AS${main.to}, no larger, passes on what AS${main.carrier} has from its provider AS${main.from}`,
            }
          : { bits: below ? -2 : -6, words: 'the routes go up to a provider, as those of customers do' };
  return weighed([
    { bits: size, words: `routes of ${origins} networks` },
    valley,
    reverse && below ? { bits: 1, words: `AS${main.from} was its provider or peer before` } : null,
    linkFor > DAY ? { bits: 0.5, words: '' } : null,
    carrierFacts.knownFor < DAY ? { bits: -2, words: `AS${main.carrier} is new to this feed` } : null,
    prefixes < 50 ? { bits: -2, words: `only ${prefixes} prefixes` } : null,
  ]);
}

/** Relations that are given decide, whatever the sizes. */
function givenValley({ carrier, from, to }: NewTransit, lawful: boolean): Clue {
  return lawful
    ? { bits: -6, words: `AS${from} or AS${to} is a customer of AS${carrier}, as given` }
    : { bits: 4, words: `neither AS${from} nor AS${to} is a customer of AS${carrier}, as given` };
}
