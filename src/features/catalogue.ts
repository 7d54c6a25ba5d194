import type { MinuteTotals } from './minuteTotals.js';

/**
 * How a feature behaves, by which models bring it to a scale on which ordinary minutes look alike. Counts are
 * heavy-tailed and go on a log scale; levels are lengths and distances; flags are 0 or 1.
 */
export type Trait = 'count' | 'level' | 'flag';

/** A feature: what it is called and how it follows from a minute's totals. */
export interface Feature {
  name: string;
  /** What a chart of it is called. */
  label: string;
  /** In the midst of a sentence, such as "withdrawn prefixes 1,040, expected 390". */
  words: string;
  unit: string;
  /** Unit beside a chart, where it differs from `unit`: a row is a minute. */
  chartUnit: string;
  trait: Trait;
  meaning: string;
  /** Where the definition comes from. */
  source: string;
  /** Column in the published data sets, counted from 1. */
  column: number;
  value(totals: MinuteTotals): number;
}

/** An entry as it is written here; its place gives the column. */
type Entry = Omit<Feature, 'column' | 'words' | 'chartUnit'> & { words?: string; chartUnit?: string };

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

const lengthFlags = Array.from({ length: FLAGS }, (_, i): Entry => {
  const length = FIRST_LENGTH_FLAG + i;
  return {
    name: `maximum_as_path_length_is_${length}`,
    label: `Longest AS path is ${length}`,
    words: `maximum AS path length is ${length}`,
    unit: '0 or 1',
    trait: 'flag',
    meaning: `1 when the maximum AS-path length of the minute is ${length}`,
    source: AS_PATH,
    value: (totals) => (totals.longestPath === length ? 1 : 0),
  };
});

const distanceFlags = Array.from({ length: FLAGS }, (_, i): Entry => {
  const distance = FIRST_DISTANCE_FLAG + i;
  return {
    name: `maximum_edit_distance_is_${distance}`,
    label: `Largest AS path change is ${distance}`,
    words: `maximum edit distance is ${distance}`,
    unit: '0 or 1',
    trait: 'flag',
    meaning: `1 when the maximum AS-path edit distance of the minute is ${distance}`,
    source: AS_PATH,
    value: (totals) => (totals.longestEditDistance === distance ? 1 : 0),
  };
});

const inOrder: Entry[] = [
  {
    name: 'announcements',
    label: 'Announcements',
    unit: 'messages',
    chartUnit: 'messages a minute',
    trait: 'count',
    meaning: 'UPDATE messages that announce at least one prefix, IPv4 or IPv6',
    source: VOLUME,
    value: (totals) => totals.announcements,
  },
  {
    name: 'withdrawals',
    label: 'Withdrawals',
    unit: 'messages',
    chartUnit: 'messages a minute',
    trait: 'count',
    meaning: 'UPDATE messages that withdraw at least one prefix; one that also announces counts in both',
    source: VOLUME,
    value: (totals) => totals.withdrawals,
  },
  {
    name: 'announced_prefixes',
    label: 'Announced prefixes',
    unit: 'prefixes',
    chartUnit: 'NLRI a minute',
    trait: 'count',
    meaning: 'announced NLRI prefixes over all messages, each mention counted',
    source: VOLUME,
    value: (totals) => totals.announcedPrefixes,
  },
  {
    name: 'withdrawn_prefixes',
    label: 'Withdrawn prefixes',
    unit: 'prefixes',
    chartUnit: 'NLRI a minute',
    trait: 'count',
    meaning: 'withdrawn NLRI prefixes over all messages, each mention counted',
    source: VOLUME,
    value: (totals) => totals.withdrawnPrefixes,
  },
  {
    name: 'average_as_path_length',
    label: 'Average AS path length',
    unit: 'ASes',
    trait: 'level',
    meaning:
      'mean AS-path length over announcements; prepended ASes count each time, an AS set counts 1, confederations 0',
    source: `${AS_PATH}; length as in RFC 4271, 9.1.2.2 and RFC 5065, 5.3`,
    value: (totals) => average(totals.pathLength, totals.announcements),
  },
  {
    name: 'maximum_as_path_length',
    label: 'Longest AS path',
    words: 'maximum AS path length',
    unit: 'ASes',
    trait: 'level',
    meaning: 'greatest AS-path length over announcements',
    source: AS_PATH,
    value: (totals) => totals.longestPath,
  },
  {
    name: 'average_unique_as_path_length',
    label: 'Average AS path length without prepending',
    words: 'average unique AS path length',
    unit: 'ASes',
    trait: 'level',
    meaning: 'mean number of different ASes in the path over announcements: the length without prepending',
    source: AS_PATH,
    value: (totals) => average(totals.uniquePathLength, totals.announcements),
  },
  {
    name: 'duplicate_announcements',
    label: 'Duplicate announcements',
    unit: 'prefixes',
    chartUnit: 'a minute',
    trait: 'count',
    meaning: "announced prefixes whose AS path equals that of the same peer's present route",
    source: VOLUME,
    value: (totals) => totals.duplicateAnnouncements,
  },
  {
    name: 'implicit_withdrawals',
    label: 'Implicit withdrawals',
    unit: 'prefixes',
    chartUnit: 'a minute',
    trait: 'count',
    meaning: "announced prefixes that replace the same peer's present route by one with another AS path",
    source: VOLUME,
    value: (totals) => totals.implicitWithdrawals,
  },
  {
    name: 'duplicate_withdrawals',
    label: 'Duplicate withdrawals',
    unit: 'prefixes',
    chartUnit: 'a minute',
    trait: 'count',
    meaning: 'withdrawn prefixes that the same peer had withdrawn already',
    source: VOLUME,
    value: (totals) => totals.duplicateWithdrawals,
  },
  {
    name: 'maximum_edit_distance',
    label: 'Largest AS path change',
    words: 'maximum edit distance',
    unit: 'ASes',
    chartUnit: 'edits',
    trait: 'level',
    meaning: 'greatest Levenshtein distance between the AS paths of a replaced and the replacing route',
    source: AS_PATH,
    value: (totals) => totals.longestEditDistance,
  },
  {
    name: 'arrival_rate',
    label: 'Arrival rate',
    unit: 'messages per second',
    chartUnit: 'messages a second',
    trait: 'count',
    meaning: 'announcements and withdrawals over 60 seconds, cut to two digits as in the published data',
    source: VOLUME,
    value: (totals) => cutToTwoDigits((totals.announcements + totals.withdrawals) / SECONDS),
  },
  {
    name: 'average_edit_distance',
    label: 'Average AS path change',
    words: 'average edit distance',
    unit: 'ASes',
    chartUnit: 'edits',
    trait: 'level',
    meaning: 'mean Levenshtein distance between the AS paths of replaced and replacing routes (implicit withdrawals)',
    source: AS_PATH,
    value: (totals) => average(totals.editDistance, totals.implicitWithdrawals),
  },
  ...lengthFlags,
  ...distanceFlags,
  {
    name: 'origin_igp',
    label: 'Origin IGP',
    words: 'announcements with origin IGP',
    unit: 'messages',
    chartUnit: 'announcements a minute',
    trait: 'count',
    meaning: 'announcements with ORIGIN IGP (RFC 4271, 5.1.1)',
    source: VOLUME,
    value: (totals) => totals.originIgp,
  },
  {
    name: 'origin_egp',
    label: 'Origin EGP',
    words: 'announcements with origin EGP',
    unit: 'messages',
    chartUnit: 'announcements a minute',
    trait: 'count',
    meaning: 'announcements with ORIGIN EGP',
    source: VOLUME,
    value: (totals) => totals.originEgp,
  },
  {
    name: 'origin_incomplete',
    label: 'Origin INCOMPLETE',
    words: 'announcements with origin INCOMPLETE',
    unit: 'messages',
    chartUnit: 'announcements a minute',
    trait: 'count',
    meaning: 'announcements with ORIGIN INCOMPLETE',
    source: VOLUME,
    value: (totals) => totals.originIncomplete,
  },
  {
    name: 'average_packet_size',
    label: 'Average packet size',
    unit: 'bytes',
    trait: 'count',
    meaning: 'mean size of the UPDATE messages whose size is known, BGP header included',
    source: VOLUME,
    value: (totals) => average(totals.bytes, totals.sized),
  },
];

const FIRST_COLUMN = 5;

/**
 * The features in the order of a row's values. This is the only list of them: a new one is an entry at the end, after
 * the 37 of the published data sets, and stored rows and models that do not know it stay readable.
 */
export const FEATURES: readonly Feature[] = inOrder.map((entry, i) => ({
  ...entry,
  words: entry.words ?? `${entry.label[0]!.toLowerCase()}${entry.label.slice(1)}`,
  chartUnit: entry.chartUnit ?? entry.unit,
  column: FIRST_COLUMN + i,
}));

/** Values of a row. */
export const FEATURE_COUNT = FEATURES.length;

/** The first features are those of the published BGP data sets (Li, Rios, Trajkovic, 2020). */
export const PUBLISHED_FEATURES = 37;

/** Place of a feature in a row's values. @throws RangeError for an unknown name */
export function featureIndex(name: string): number {
  const index = FEATURES.findIndex((feature) => feature.name === name);
  if (index < 0) throw new RangeError(`no feature is called "${name}"`);
  return index;
}

/** Places of several. @throws RangeError for an unknown name */
export function featureIndexes(names: readonly string[]): number[] {
  return names.map(featureIndex);
}

/** Places of the features of a family: `maximum_as_path_length_is_11` and so on. @throws RangeError for an unknown family */
export function featureFamily(prefix: string): number[] {
  const places = FEATURES.flatMap(({ name }, i) => (name.startsWith(prefix) ? [i] : []));
  if (places.length === 0) throw new RangeError(`no feature begins with "${prefix}"`);
  return places;
}

export function featureValues(totals: MinuteTotals): Float32Array {
  return Float32Array.from(FEATURES, (feature) => feature.value(totals));
}
