import { featureIndex } from '../features/catalogue.js';

/** Columns of a feature row that the correlator reads. */
export const ROW = {
  announcements: featureIndex('announcements'),
  withdrawals: featureIndex('withdrawals'),
  announced: featureIndex('announced_prefixes'),
  withdrawn: featureIndex('withdrawn_prefixes'),
  pathLength: featureIndex('average_as_path_length'),
  duplicates: featureIndex('duplicate_announcements'),
  implicitWithdrawals: featureIndex('implicit_withdrawals'),
  editDistance: featureIndex('average_edit_distance'),
} as const;
