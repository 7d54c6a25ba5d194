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

/**
 * Weighs whether a network leaks (RFC 7908): it passes routes between two networks larger than itself, of many origins.
 * How many neighbours a network carries stands for its rank, after Gao (2001): routes go up, across and down, never
 * down and up again. A new customer, a new peering and a reroute to a backup provider carry routes upwards only.
 */
export function leakSuspicion({ prefixes, origins, main }: Carriage): Suspicion {
  const { carrierFacts, fromFacts, toFacts, reverse, linkFor } = main;
  const size = Math.max(-3, Math.min(4, Math.log2(Math.max(1, origins) / 20)));
  const below = fromFacts.carries > 2 * carrierFacts.carries + 2;
  const above = toFacts.carries > 2 * carrierFacts.carries + 2;
  const valley: Clue =
    below && above
      ? { bits: 3, words: `AS${main.carrier} is smaller than AS${main.from} and AS${main.to}, which it now connects` }
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

/**
 * Weighs whether a network forged its neighbour's name: it appears beside an origin that it never was next to, and
 * nobody knew it as a carrier (the link features of DFOH, NSDI 2024, as far as paths give them).
 */
export function forgedSuspicion({ share, origins, main }: Carriage): Suspicion {
  const { carrierFacts, fromFacts, reverse, shared, alike, near, linkFor } = main;
  return weighed([
    {
      bits: carrierFacts.carries <= 1 ? 2 : carrierFacts.carries <= 3 ? -1 : -6,
      words: `AS${main.carrier} carried nobody before`,
    },
    origins > 2 ? { bits: -4, words: '' } : null,
    { bits: fromFacts.knownFor < DAY ? -4 : 1, words: '' },
    carrierFacts.knownFor < DAY ? { bits: -3, words: `AS${main.carrier} is new to this feed` } : null,
    shared >= 0.14
      ? { bits: -3, words: 'the two share a small neighbour' }
      : { bits: 1, words: 'the two are strangers' },
    reverse ? { bits: -5, words: 'they were neighbours before' } : null,
    linkFor > 30 ? { bits: -4, words: '' } : null,
    alike > 0 || near > 0 ? { bits: -5, words: 'the two have prefixes in common or next to one another' } : null,
    fromFacts.degree <= 3 ? { bits: -2, words: '' } : null,
    share < 0.08 ? { bits: -2, words: 'few peers have it' } : null,
  ]);
}
