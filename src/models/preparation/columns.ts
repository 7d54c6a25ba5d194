import { FEATURES, type Trait } from '../../features/catalogue.js';

/** A column of the feature row: its name in words and how it behaves. */
export interface Column {
  words: string;
  trait: Trait;
}

/**
 * The columns of a block. Features are only ever added at the end, so a narrower block, of an older version or of the
 * published data sets, holds the first ones; what is wider than the catalogue gets numbered counts.
 */
export function columnsOf(width: number): readonly Column[] {
  return Array.from({ length: width }, (_, i) => FEATURES[i] ?? { words: `feature ${i + 1}`, trait: 'count' });
}
