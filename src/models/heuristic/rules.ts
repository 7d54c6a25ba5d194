/** A named rule: which features speak for it, and in which direction. */
export interface Rule {
  name: string;
  /** Feature columns whose mean deviation the rule watches. */
  columns: number[];
  /** `above` the ordinary, `below` it, or `either` side. */
  side: 'above' | 'below' | 'either';
}

/**
 * What operators look for, as rules on the 37 features. Volume (surges, storms, silence) and shape (paths, edit
 * distances, origins, packet sizes) are kept apart, so that an event that changes only one of them is still seen.
 */
export const RULES: readonly Rule[] = [
  { name: 'announcement surge', columns: [0, 2, 11], side: 'above' },
  { name: 'withdrawal storm', columns: [1, 3], side: 'above' },
  { name: 'route churn', columns: [8], side: 'above' },
  { name: 'duplicates', columns: [7, 9], side: 'above' },
  { name: 'path length surge', columns: [4, 5, 6], side: 'above' },
  { name: 'shorter paths', columns: [4, 6], side: 'below' },
  { name: 'edit distance', columns: [10, 12], side: 'either' },
  { name: 'origin IGP', columns: [33], side: 'either' },
  { name: 'origin EGP', columns: [34], side: 'either' },
  { name: 'origin INCOMPLETE', columns: [35], side: 'either' },
  { name: 'packet size', columns: [36], side: 'either' },
  { name: 'silence', columns: [0, 2, 11], side: 'below' },
];
