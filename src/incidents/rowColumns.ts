/** Columns of a feature row that the correlator reads; the order is that of the catalogue of the 37 features. */
export const ROW = {
  announcements: 0,
  withdrawals: 1,
  announced: 2,
  withdrawn: 3,
  pathLength: 4,
  duplicates: 7,
  implicitWithdrawals: 8,
  editDistance: 12,
} as const;
