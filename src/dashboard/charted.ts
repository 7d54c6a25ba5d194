import { featureIndexes } from '../features/catalogue.js';

/** Features that say most to a person, in the order of the charts on the incident page. */
export const CHARTED: readonly number[] = featureIndexes([
  'announcements',
  'announced_prefixes',
  'withdrawals',
  'withdrawn_prefixes',
  'implicit_withdrawals',
  'duplicate_announcements',
  'average_as_path_length',
  'average_edit_distance',
]);
