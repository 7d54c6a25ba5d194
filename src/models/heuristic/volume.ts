import { featureIndexes } from '../../features/catalogue.js';
import type { FeatureBlock } from '../../features/row.js';
import { applyPreparation, fitPreparation, type Preparation } from '../preparation/preparation.js';

const COUNTS = featureIndexes([
  'announcements',
  'withdrawals',
  'announced_prefixes',
  'withdrawn_prefixes',
  'duplicate_announcements',
  'implicit_withdrawals',
  'duplicate_withdrawals',
]);
/** Every count of messages, prefixes and origins. */
const SINGLE_COUNTS = [...COUNTS, ...featureIndexes(['arrival_rate', 'origin_igp', 'origin_egp', 'origin_incomplete'])];
/** What says how long paths are, and how far they changed. */
const PATHS = featureIndexes([
  'average_as_path_length',
  'maximum_as_path_length',
  'average_unique_as_path_length',
  'maximum_edit_distance',
  'average_edit_distance',
]);

/** What may raise an alarm alone counts `steep` times what its surprise is beyond `from`, and `most` at most. */
export interface Alone {
  from: number;
  most: number;
  /** Twice, where nothing is said. */
  steep?: number;
}

/** What was chosen with labelled events or injections in view: the transfer bench chooses it anew with each event left out. */
export interface VolumeView {
  /** Time constants of the volume in minutes; the most surprising of them counts. */
  scales: readonly number[];
  /** One more, for what is weak and lasts for hours: it counts for little more than the shorter ones do, so it ends with them. */
  lasting?: number;
  /** Time constants of the single counts: shorter, since a mean of one count wanders for long after an event. */
  singleScales: readonly number[];
  /** How much more the volume says than the rules do. */
  weight: number;
  /** Beside the volume the rules confirm or doubt: how far beyond a threshold they are says little there. */
  mostOfRules: number;
  /** A change of shape without any of volume: it may last for hours after an event, so it never outranks one. */
  shape: Alone;
  /** The most surprising single count: a mean of seven hides one that is steady and grows. */
  single: Alone;
  /** Longer paths and greater edit distances, all together over the minutes of the volume: exploration of paths shows in no count. */
  paths: Alone;
  /**
   * A sudden fall of the volume: peers that are lost take their updates with them. It counts from where the others reach the threshold, and
   * below that not at all, for falls between the waves of an event are among its minutes.
   */
  fall: Alone;
}

export const VOLUME_VIEW: VolumeView = {
  scales: [7, 20],
  lasting: 60,
  singleScales: [3, 7],
  weight: 12,
  mostOfRules: 4,
  shape: { from: 12, most: 4 },
  single: { from: 2.2, most: 5 },
  paths: { from: 2.6, most: 5 },
  fall: { from: 5.4, most: 5, steep: 8 },
};

/** What counts alone is an alarm or nothing: steep, so that it does not reorder the minutes that the volume ranks. */
const STEEP = 2;
/** Surprise of the volume counts up to here, and none less than a trace, so that one view cannot silence the other. */
const MOST = 30;
const TRACE = 0.02;

/** How much more a lasting mean may count than the next shorter one. */
const LASTING_MORE = 1.25;

/** Time constants of the volume, rising. */
export function volumeScales({ scales, lasting }: VolumeView): number[] {
  return lasting === undefined ? [...scales] : [...scales, lasting];
}

/**
 * The surprise of the volume from that of its means, shortest first. Deviations add up over an hour what no minute shows, but such a mean
 * outlasts a storm by an hour too: held within the shorter ones, it raises what they both see and ends with them.
 */
export function volumeSurprise({ lasting }: VolumeView, surprises: readonly number[]): number {
  if (lasting === undefined) return Math.max(...surprises);
  let held = surprises.at(-1)!;
  for (let i = 0; i < surprises.length - 1; i++) {
    held = Math.min(held, LASTING_MORE ** (surprises.length - 1 - i) * surprises[i]!);
  }
  return Math.max(held, ...surprises.slice(0, -1));
}

/** Centres and spreads of every count and of the paths' measures, and of their means over each time scale. */
export function fitCounts(window: FeatureBlock, view: VolumeView): Preparation {
  const all = [...new Set([...view.singleScales, ...volumeScales(view)])].sort((a, b) => a - b);
  return fitPreparation(window, { scales: all, only: [...SINGLE_COUNTS, ...PATHS] });
}

export interface CountScores {
  /**
   * For each time scale [rows - from] mean deviation of the log counts from the ordinary: it adds up what all counts say alike. The long
   * scale finds what is weak and lasts, the short one answers a storm at once; held within the short one, the long one ends with it. NaN
   * for gaps.
   */
  volumes: Float64Array[];
  /** The same of the paths' measures, on the time scales without the lasting one. */
  paths: Float64Array[];
  /**
   * For each time scale but the longest [rows - from] how far the volume is below the longest, or below the ordinary where that is
   * higher. A weekend comes slowly and the longest mean comes with it; after a storm the counts are back, and no lower than ever.
   */
  falls: Float64Array[];
  /** For each count on each time scale [rows - from] its deviation upwards, in spreads of its own means; NaN for gaps. */
  singles: Float64Array[];
}

export function scoresOfCounts(counts: Preparation, view: VolumeView, block: FeatureBlock, from: number): CountScores {
  const prepared = applyPreparation(counts, block, from);
  const { columns, smoothCenter, smoothScale } = counts;
  const column = (at: (row: number) => number): Float64Array =>
    Float64Array.from({ length: block.minutes.length - from }, (_, row) =>
      block.usable[from + row] === 1 ? at(row) : Number.NaN,
    );
  const places = (of: readonly number[]): number[] => counts.kept.flatMap((c, k) => (of.includes(c) ? [k] : []));
  const meanOver = (of: readonly number[], scale: number): Float64Array => {
    const first = counts.scales.indexOf(scale) * counts.kept.length;
    const cells = places(of).map((k) => first + k);
    return column((row) => {
      let sum = 0;
      for (const c of cells) sum += prepared[row * columns + c]! * smoothScale[c]! + smoothCenter[c]!;
      return sum / cells.length;
    });
  };
  const volumes = volumeScales(view).map((scale) => meanOver(COUNTS, scale));
  const lasting = volumes.at(-1)!;
  return {
    volumes,
    falls: volumes.slice(0, -1).map((mean) => mean.map((now, row) => Math.min(0, lasting[row]!) - now)),
    paths: view.scales.map((scale) => meanOver(PATHS, scale)),
    singles: view.singleScales.flatMap((scale) => {
      const first = counts.scales.indexOf(scale) * counts.kept.length;
      return places(SINGLE_COUNTS).map((k) => column((row) => prepared[row * columns + first + k]!));
    }),
  };
}

/** The surprise of each group of scores in one minute. */
export interface Surprises {
  volume: number;
  rules: number;
  shape: number;
  paths: number;
  fall: number;
  single: number;
}

/**
 * The weighted geometric mean of the surprise of volume and rules is high where both speak, and a rule that lags behind a storm that is
 * over cannot hold it up. What is surprising alone is enough for an alarm and no more.
 */
export function joinViews(view: VolumeView, { volume, rules, shape, paths, fall, single }: Surprises): number {
  if (!Number.isFinite(volume + rules + shape + paths + fall + single)) return Number.NaN;
  const logs = view.weight * Math.log(held(volume, MOST)) + Math.log(held(rules, view.mostOfRules));
  return Math.max(
    Math.exp(logs / (view.weight + 1)),
    alone(view.shape, shape),
    alone(view.paths, paths),
    alone(view.fall, fall),
    alone(view.single, single),
  );
}

function alone({ from, most, steep = STEEP }: Alone, surprise: number): number {
  return Math.min(most, steep * (surprise - from));
}

function held(surprise: number, most: number): number {
  return Math.min(most, Math.max(TRACE, surprise));
}
