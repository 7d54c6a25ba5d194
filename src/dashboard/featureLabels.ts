/** The 37 features in catalogue order, as a person reads them: name, what a chart is called, unit. */
export const FEATURE_LABELS: readonly (readonly [name: string, label: string, unit: string])[] = [
  ['announcements', 'Announcements', 'messages a minute'],
  ['withdrawals', 'Withdrawals', 'messages a minute'],
  ['announced', 'Announced prefixes', 'NLRI a minute'],
  ['withdrawn', 'Withdrawn prefixes', 'NLRI a minute'],
  ['averagePathLength', 'Average AS path length', 'ASes'],
  ['maximumPathLength', 'Longest AS path', 'ASes'],
  ['averageUniquePathLength', 'Average AS path length without prepending', 'ASes'],
  ['duplicates', 'Duplicate announcements', 'a minute'],
  ['implicitWithdrawals', 'Implicit withdrawals', 'a minute'],
  ['duplicateWithdrawals', 'Duplicate withdrawals', 'a minute'],
  ['maximumEditDistance', 'Largest AS path change', 'edits'],
  ['arrivalRate', 'Arrival rate', 'messages a second'],
  ['averageEditDistance', 'Average AS path change', 'edits'],
  ...Array.from({ length: 10 }, (_, i) => [`pathLength${i + 11}`, `Longest AS path is ${i + 11}`, '0 or 1'] as const),
  ...Array.from(
    { length: 10 },
    (_, i) => [`editDistance${i + 7}`, `Largest path change is ${i + 7}`, '0 or 1'] as const,
  ),
  ['originIgp', 'Origin IGP', 'announcements a minute'],
  ['originEgp', 'Origin EGP', 'announcements a minute'],
  ['originIncomplete', 'Origin INCOMPLETE', 'announcements a minute'],
  ['packetSize', 'Average packet size', 'bytes'],
];

/** Those that tell most to a person, in the order of the charts on the incident page. */
export const CHARTED: readonly number[] = [0, 2, 1, 3, 8, 7, 4, 12];
