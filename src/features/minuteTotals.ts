/** Sums over the messages of one minute: what the features are computed from. */
export class MinuteTotals {
  /** UPDATE messages, with or without routes. */
  updates = 0;
  announcements = 0;
  withdrawals = 0;
  announcedPrefixes = 0;
  withdrawnPrefixes = 0;
  pathLength = 0;
  longestPath = 0;
  uniquePathLength = 0;
  duplicateAnnouncements = 0;
  implicitWithdrawals = 0;
  duplicateWithdrawals = 0;
  editDistance = 0;
  longestEditDistance = 0;
  originIgp = 0;
  originEgp = 0;
  originIncomplete = 0;
  bytes = 0;
  /** Messages whose size is known. */
  sized = 0;

  toColumn(): Float64Array {
    return Float64Array.from(Object.values(this) as number[]);
  }

  static fromColumn(column: Float64Array): MinuteTotals {
    const totals = new MinuteTotals();
    const names = Object.keys(totals) as (keyof Omit<MinuteTotals, 'toColumn'>)[];
    names.forEach((name, i) => {
      totals[name] = column[i] ?? 0;
    });
    return totals;
  }
}
