import { featureIndexes } from '../../features/catalogue.js';
import type { FeatureBlock } from '../../features/row.js';
import { usableRows } from '../heldOut.js';
import { applyPreparation, fitAndPrepare, type Preparation } from '../preparation/preparation.js';
import { sampleOf } from '../preparation/robust.js';
import { growthWeights } from './growth.js';

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
  /** Means of the volume, each over one time constant in minutes or the mean of several; the most surprising of them counts. */
  scales: readonly (readonly number[])[];
  /** One more, for what is weak and lasts for hours: it counts for little more than the shorter ones do, so it ends with them. */
  lasting?: number;
  /** Time constants of the paths and of falls. */
  pathScales: readonly number[];
  /** Time constants of the growth of all counts alike. */
  growthScales: readonly number[];
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
  /** All counts have grown alike: weighed by what each says of it, not all the same as in the volume. */
  growth: Alone;
  /** Longer paths and greater edit distances, all together: exploration of paths shows in no count. */
  paths: Alone;
  /**
   * A sudden fall of the volume: peers that are lost take their updates with them. It counts from where the others reach the threshold, and
   * below that not at all, for falls between the waves of an event are among its minutes.
   */
  fall: Alone;
}

export const VOLUME_VIEW: VolumeView = {
  scales: [[3, 20], [20]],
  lasting: 60,
  pathScales: [7, 20],
  growthScales: [3, 7, 20],
  singleScales: [3, 7],
  weight: 12,
  mostOfRules: 4,
  shape: { from: 12, most: 4 },
  single: { from: 2.6, most: 5 },
  growth: { from: 2.6, most: 5 },
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

/** What a sudden fall is measured against, in minutes. */
const HOUR = 60;
/** Two means of the volume show that a storm is over ... */
const BRIEF = 7;
const LONG = 20;
/** ... when the brief one is down to this part of the long one: which then counts for as much as it may, 1.5 times the brief one. */
const SHED = 0.68;

/** The means of the volume, the lasting one last. */
export function volumeScales({ scales, lasting }: VolumeView): (readonly number[])[] {
  return lasting === undefined ? [...scales] : [...scales, [lasting]];
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

/** What counts and paths are measured against. */
export interface CountLimits {
  /** Centres and spreads of every count and of the paths' measures, and of their means over each time scale. */
  counts: Preparation;
  /** [time scales of the growth x counts] */
  growth: number[][];
}

export function fitCounts(window: FeatureBlock, view: VolumeView): CountLimits {
  const { pathScales, growthScales, singleScales } = view;
  const all = new Set([
    ...pathScales,
    ...growthScales,
    ...singleScales,
    ...volumeScales(view).flat(),
    HOUR,
    BRIEF,
    LONG,
  ]);
  const scales = [...all].sort((a, b) => a - b);
  const { preparation: counts, prepared } = fitAndPrepare(window, { scales, only: [...SINGLE_COUNTS, ...PATHS] });
  const rows = sampleOf(usableRows(window));
  const growth = view.growthScales.map((scale) => {
    const deviations = cellsOf(counts, SINGLE_COUNTS, scale).map((cell) =>
      Float64Array.from(rows, (row) => prepared[row * counts.columns + cell]! * counts.smoothScale[cell]!),
    );
    const covariance = deviations.map((a, i) => deviations.slice(0, i + 1).map((b) => meanProduct(a, b)));
    return growthWeights(covariance, sensitivityOf(counts));
  });
  return { counts, growth };
}

function meanProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum / a.length;
}

/** By how many spreads each count deviates when it is e times the ordinary: log(1 + count) of a rare one hardly moves. */
function sensitivityOf(counts: Preparation): number[] {
  return placesOf(counts, SINGLE_COUNTS).map((k) => {
    const ordinary = Math.max(0, Math.expm1(counts.center[k]!));
    return ordinary / (1 + ordinary) / counts.scale[k]!;
  });
}

/** Where features are among those that are kept, in the order of the features. */
function placesOf(counts: Preparation, of: readonly number[]): number[] {
  return counts.kept.flatMap((c, k) => (of.includes(c) ? [k] : []));
}

/** Where their means over a time scale are in a prepared row. */
function cellsOf(counts: Preparation, of: readonly number[], scale: number): number[] {
  const first = counts.scales.indexOf(scale) * counts.kept.length;
  return placesOf(counts, of).map((k) => first + k);
}

export interface CountScores {
  /**
   * [rows - from] for each of the volume's means: mean deviation of the log counts from the ordinary. It adds up what all counts say
   * alike. The long scale finds what is weak and lasts, the short one answers a storm at once; held within the short one, the long one
   * ends with it. NaN for gaps.
   */
  volumes: Float64Array[];
  /** The same of the paths' measures. */
  paths: Float64Array[];
  /**
   * [rows - from] how far the volume over each time scale of the paths is below that of the last hour, or below the ordinary where that
   * is higher. A weekend comes slowly and the hour's mean comes with it; after a storm the counts are back, and no lower than ever.
   */
  falls: Float64Array[];
  /** The brief and the long mean of the volume, by which it is seen that it has fallen. */
  recent: [Float64Array, Float64Array];
  /** [rows - from] for each of its time scales the log of the factor by which all counts have grown. */
  growths: Float64Array[];
  /** For each count on each time scale [rows - from] its deviation upwards, in spreads of its own means; NaN for gaps. */
  singles: Float64Array[];
}

export function scoresOfCounts(
  { counts, growth }: CountLimits,
  view: VolumeView,
  block: FeatureBlock,
  from: number,
): CountScores {
  const prepared = applyPreparation(counts, block, from);
  const { columns, smoothCenter, smoothScale } = counts;
  const column = (at: (row: number) => number): Float64Array =>
    Float64Array.from({ length: block.minutes.length - from }, (_, row) =>
      block.usable[from + row] === 1 ? at(row) : Number.NaN,
    );
  const meanOver = (of: readonly number[], scales: readonly number[]): Float64Array => {
    const cells = scales.flatMap((scale) => cellsOf(counts, of, scale));
    return column((row) => {
      let sum = 0;
      for (const c of cells) sum += prepared[row * columns + c]! * smoothScale[c]! + smoothCenter[c]!;
      return sum / cells.length;
    });
  };
  const known = new Map<string, Float64Array>();
  const volumeOver = (scales: readonly number[]): Float64Array => {
    const mean = known.get(scales.join()) ?? meanOver(COUNTS, scales);
    known.set(scales.join(), mean);
    return mean;
  };
  const hour = volumeOver([HOUR]);
  return {
    volumes: volumeScales(view).map(volumeOver),
    paths: view.pathScales.map((scale) => meanOver(PATHS, [scale])),
    falls: view.pathScales.map((scale) => volumeOver([scale]).map((now, row) => Math.min(0, hour[row]!) - now)),
    recent: [volumeOver([BRIEF]), volumeOver([LONG])],
    growths: view.growthScales.map((scale, s) => {
      const cells = cellsOf(counts, SINGLE_COUNTS, scale);
      const weights = cells.map((c, i) => growth[s]![i]! * smoothScale[c]!);
      return column((row) => {
        let sum = 0;
        for (let i = 0; i < cells.length; i++) sum += weights[i]! * prepared[row * columns + cells[i]!]!;
        return sum;
      });
    }),
    singles: view.singleScales.flatMap((scale) =>
      cellsOf(counts, SINGLE_COUNTS, scale).map((c) => column((row) => prepared[row * columns + c]!)),
    ),
  };
}

/** The surprise of each group of scores in one minute. */
export interface Surprises {
  volume: number;
  rules: number;
  shape: number;
  paths: number;
  fall: number;
  growth: number;
  single: number;
}

/**
 * The weighted geometric mean of the surprise of volume and rules is high where both speak, and a rule that lags behind a storm that is
 * over cannot hold it up. What is surprising alone is enough for an alarm and no more.
 */
export function joinViews(view: VolumeView, of: Surprises): number {
  const { volume, rules, shape, paths, fall, growth, single } = of;
  if (!Number.isFinite(volume + rules + shape + paths + fall + growth + single)) return Number.NaN;
  const logs = view.weight * Math.log(held(volume, MOST)) + Math.log(held(rules, view.mostOfRules));
  return Math.max(Math.exp(logs / (view.weight + 1)), alone(view.growth, growth), besideVolume(view, of));
}

/** What is surprising alone, but for what only repeats the volume. */
function besideVolume(view: VolumeView, { shape, paths, fall, single }: Surprises): number {
  return Math.max(
    alone(view.shape, shape),
    alone(view.paths, paths),
    alone(view.fall, fall),
    alone(view.single, single),
  );
}

/** Whether the volume is above the ordinary and has fallen: its longer means then hold what is over. */
export function hasFallen(brief: number, long: number): boolean {
  return long > 0 && brief < SHED * long;
}

/** The surprise of a minute in which the volume has fallen, from what its last minutes show. */
export function afterFall(view: VolumeView, brief: number, of: Surprises): number {
  return Math.max(brief, besideVolume(view, of));
}

function alone({ from, most, steep = STEEP }: Alone, surprise: number): number {
  return Math.min(most, steep * (surprise - from));
}

function held(surprise: number, most: number): number {
  return Math.min(most, Math.max(TRACE, surprise));
}
