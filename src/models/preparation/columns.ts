/** How a feature is brought to a scale on which ordinary minutes look alike. */
export type Trait = 'count' | 'level' | 'flag';

/** A column of the feature row: its name in words and how it behaves. */
export interface Column {
  name: string;
  trait: Trait;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/**
 * The 37 features of the published BGP data sets (Li, Rios, Trajkovic, 2020), in order. Counts are heavy-tailed and go
 * on a log scale; levels are lengths and distances; flags say which length was the maximum of the minute.
 */
export const COLUMNS: readonly Column[] = [
  { name: 'announcements', trait: 'count' },
  { name: 'withdrawals', trait: 'count' },
  { name: 'announced prefixes', trait: 'count' },
  { name: 'withdrawn prefixes', trait: 'count' },
  { name: 'average AS path length', trait: 'level' },
  { name: 'maximum AS path length', trait: 'level' },
  { name: 'average unique AS path length', trait: 'level' },
  { name: 'duplicate announcements', trait: 'count' },
  { name: 'implicit withdrawals', trait: 'count' },
  { name: 'duplicate withdrawals', trait: 'count' },
  { name: 'maximum edit distance', trait: 'level' },
  { name: 'arrival rate', trait: 'count' },
  { name: 'average edit distance', trait: 'level' },
  ...range(11, 20).map((n): Column => ({ name: `maximum AS path length is ${n}`, trait: 'flag' })),
  ...range(7, 16).map((n): Column => ({ name: `maximum edit distance is ${n}`, trait: 'flag' })),
  { name: 'announcements with origin IGP', trait: 'count' },
  { name: 'announcements with origin EGP', trait: 'count' },
  { name: 'announcements with origin INCOMPLETE', trait: 'count' },
  { name: 'average packet size', trait: 'count' },
];

/** Names of a block's columns; a block of another width gets numbered counts. */
export function columnsOf(width: number): readonly Column[] {
  if (width === COLUMNS.length) return COLUMNS;
  return range(1, width).map((n): Column => ({ name: `feature ${n}`, trait: 'count' }));
}
