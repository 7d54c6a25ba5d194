import { featureFamily, featureIndexes } from '../../features/catalogue.js';

/** A named rule: which features speak for it, and in which direction. */
export interface Rule {
  name: string;
  /** Feature columns whose mean deviation the rule watches. */
  columns: number[];
  /** `above` the ordinary, `below` it, or `either` side. */
  side: 'above' | 'below' | 'either';
}

const rule = (name: string, side: Rule['side'], ...features: string[]): Rule => ({
  name,
  columns: featureIndexes(features),
  side,
});

/**
 * What operators look for, as rules on the features. Volume (surges, storms, silence) and shape (paths, edit
 * distances, origins, packet sizes) are kept apart, so that an event that changes only one of them is still seen.
 */
export const RULES: readonly Rule[] = [
  rule('announcement surge', 'above', 'announcements', 'announced_prefixes', 'arrival_rate'),
  rule('withdrawal storm', 'above', 'withdrawals', 'withdrawn_prefixes'),
  rule('route churn', 'above', 'implicit_withdrawals'),
  rule('duplicates', 'above', 'duplicate_announcements', 'duplicate_withdrawals'),
  rule(
    'path length surge',
    'above',
    'average_as_path_length',
    'maximum_as_path_length',
    'average_unique_as_path_length',
  ),
  rule('shorter paths', 'below', 'average_as_path_length', 'average_unique_as_path_length'),
  rule('edit distance', 'either', 'maximum_edit_distance', 'average_edit_distance'),
  { name: 'path length pattern', columns: featureFamily('maximum_as_path_length_is_'), side: 'either' },
  { name: 'edit distance pattern', columns: featureFamily('maximum_edit_distance_is_'), side: 'either' },
  rule('origin IGP', 'either', 'origin_igp'),
  rule('origin EGP', 'either', 'origin_egp'),
  rule('origin INCOMPLETE', 'either', 'origin_incomplete'),
  rule('packet size', 'either', 'average_packet_size'),
  rule('silence', 'below', 'announcements', 'announced_prefixes', 'arrival_rate'),
];
