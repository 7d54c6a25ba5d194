import type { MinuteTotals } from './minuteTotals.js';
import { FEATURE_COUNT } from './row.js';

/** A feature: what it is called and how it follows from a minute's totals. */
export interface Feature {
  name: string;
  unit: string;
  meaning: string;
  /** Where the definition comes from. */
  source: string;
  /** Column in the published data sets, counted from 1. */
  column: number;
  value(totals: MinuteTotals): number;
}

const VOLUME = 'Al-Rousan and Trajkovic 2012, volume feature';
const AS_PATH = 'Al-Rousan and Trajkovic 2012, AS-path feature';
const SECONDS = 60;

function average(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}

/** Cut, not rounded, to two digits as in the published data: 0.83 is 0.8, 25.2 is 25. */
function cutToTwoDigits(rate: number): number {
  return rate >= 10 ? Math.floor(rate) : Math.floor(rate * 10 + 1e-9) / 10;
}

const FIRST_LENGTH_FLAG = 11;
const FIRST_DISTANCE_FLAG = 7;
const FLAGS = 10;

const lengthFlags = Array.from({ length: FLAGS }, (_, i): Omit<Feature, 'column'> => {
  const length = FIRST_LENGTH_FLAG + i;
  return {
    name: `maximum_as_path_length_is_${length}`,
    unit: '0 or 1',
    meaning: `1 when the maximum AS-path length of the minute is ${length}`,
    source: AS_PATH,
    value: (totals) => (totals.longestPath === length ? 1 : 0),
  };
});

const distanceFlags = Array.from({ length: FLAGS }, (_, i): Omit<Feature, 'column'> => {
  const distance = FIRST_DISTANCE_FLAG + i;
  return {
    name: `maximum_edit_distance_is_${distance}`,
    unit: '0 or 1',
    meaning: `1 when the maximum AS-path edit distance of the minute is ${distance}`,
    source: AS_PATH,
    value: (totals) => (totals.longestEditDistance === distance ? 1 : 0),
  };
});

const inOrder: Omit<Feature, 'column'>[] = [
  {
    name: 'announcements',
    unit: 'messages',
    meaning: 'UPDATE messages that announce at least one prefix, IPv4 or IPv6',
    source: VOLUME,
    value: (totals) => totals.announcements,
  },
  {
    name: 'withdrawals',
    unit: 'messages',
    meaning: 'UPDATE messages that withdraw at least one prefix; one that also announces counts in both',
    source: VOLUME,
    value: (totals) => totals.withdrawals,
  },
  {
    name: 'announced_prefixes',
    unit: 'prefixes',
    meaning: 'announced NLRI prefixes over all messages, each mention counted',
    source: VOLUME,
    value: (totals) => totals.announcedPrefixes,
  },
  {
    name: 'withdrawn_prefixes',
    unit: 'prefixes',
    meaning: 'withdrawn NLRI prefixes over all messages, each mention counted',
    source: VOLUME,
    value: (totals) => totals.withdrawnPrefixes,
  },
  {
    name: 'average_as_path_length',
    unit: 'ASes',
    meaning:
      'mean AS-path length over announcements; prepended ASes count each time, an AS set counts 1, confederations 0',
    source: `${AS_PATH}; length as in RFC 4271, 9.1.2.2 and RFC 5065, 5.3`,
    value: (totals) => average(totals.pathLength, totals.announcements),
  },
  {
    name: 'maximum_as_path_length',
    unit: 'ASes',
    meaning: 'greatest AS-path length over announcements',
    source: AS_PATH,
    value: (totals) => totals.longestPath,
  },
  {
    name: 'average_unique_as_path_length',
    unit: 'ASes',
    meaning: 'mean number of different ASes in the path over announcements: the length without prepending',
    source: AS_PATH,
    value: (totals) => average(totals.uniquePathLength, totals.announcements),
  },
  {
    name: 'duplicate_announcements',
    unit: 'prefixes',
    meaning: "announced prefixes whose AS path equals that of the same peer's present route",
    source: VOLUME,
    value: (totals) => totals.duplicateAnnouncements,
  },
  {
    name: 'implicit_withdrawals',
    unit: 'prefixes',
    meaning: "announced prefixes that replace the same peer's present route by one with another AS path",
    source: VOLUME,
    value: (totals) => totals.implicitWithdrawals,
  },
  {
    name: 'duplicate_withdrawals',
    unit: 'prefixes',
    meaning: 'withdrawn prefixes that the same peer had withdrawn already',
    source: VOLUME,
    value: (totals) => totals.duplicateWithdrawals,
  },
  {
    name: 'maximum_edit_distance',
    unit: 'ASes',
    meaning: 'greatest Levenshtein distance between the AS paths of a replaced and the replacing route',
    source: AS_PATH,
    value: (totals) => totals.longestEditDistance,
  },
  {
    name: 'arrival_rate',
    unit: 'messages per second',
    meaning: 'announcements and withdrawals over 60 seconds, cut to two digits as in the published data',
    source: VOLUME,
    value: (totals) => cutToTwoDigits((totals.announcements + totals.withdrawals) / SECONDS),
  },
  {
    name: 'average_edit_distance',
    unit: 'ASes',
    meaning: 'mean Levenshtein distance between the AS paths of replaced and replacing routes (implicit withdrawals)',
    source: AS_PATH,
    value: (totals) => average(totals.editDistance, totals.implicitWithdrawals),
  },
  ...lengthFlags,
  ...distanceFlags,
  {
    name: 'origin_igp',
    unit: 'messages',
    meaning: 'announcements with ORIGIN IGP (RFC 4271, 5.1.1)',
    source: VOLUME,
    value: (totals) => totals.originIgp,
  },
  {
    name: 'origin_egp',
    unit: 'messages',
    meaning: 'announcements with ORIGIN EGP',
    source: VOLUME,
    value: (totals) => totals.originEgp,
  },
  {
    name: 'origin_incomplete',
    unit: 'messages',
    meaning: 'announcements with ORIGIN INCOMPLETE',
    source: VOLUME,
    value: (totals) => totals.originIncomplete,
  },
  {
    name: 'average_packet_size',
    unit: 'bytes',
    meaning: 'mean size of the UPDATE messages whose size is known, BGP header included',
    source: VOLUME,
    value: (totals) => average(totals.bytes, totals.sized),
  },
];

const FIRST_COLUMN = 5;

/** The 37 standard features, in the order of the values of a row. */
export const FEATURES: readonly Feature[] = inOrder.map((feature, i) => ({ ...feature, column: FIRST_COLUMN + i }));

if (FEATURES.length !== FEATURE_COUNT) throw new Error(`the catalogue has ${FEATURES.length} features`);

/** Place of a feature in a row's values. @throws RangeError for an unknown name */
export function featureIndex(name: string): number {
  const index = FEATURES.findIndex((feature) => feature.name === name);
  if (index < 0) throw new RangeError(`no feature is called "${name}"`);
  return index;
}

export function featureValues(totals: MinuteTotals): Float32Array {
  return Float32Array.from(FEATURES, (feature) => feature.value(totals));
}

/** The text of docs/features.md. */
export function cataloguePage(): string {
  const rows = FEATURES.map(
    (feature, i) =>
      `| ${i} | ${feature.column} | \`${feature.name}\` | ${feature.unit} | ${feature.meaning} | ${feature.source} |`,
  );
  return `# Features

One row a stream and minute holds these ${FEATURES.length} values. This page is made from \`src/features/catalogue.ts\`: change it there and run
\`npx routewarden features --catalogue > docs/features.md\`.

Index is the place in a row's values, column the one in the published data sets (counted from 1). Minutes without any
message are rows of zeros; minutes in which the feed was away are gaps and have no values. The published data rounds the
averages to whole numbers; here they are kept exact, so that the models see small changes.

| index | column | name | unit | meaning | source |
|---|---|---|---|---|---|
${rows.join('\n')}

Al-Rousan and Trajkovic 2012: N. Al-Rousan, Lj. Trajkovic, "Machine learning models for classification of BGP anomalies",
IEEE HPSR 2012; the data sets of Zhida Li (CyberDefense, Simon Fraser University) use the same features.
`;
}
