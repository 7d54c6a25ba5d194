import { featureIndexes } from '../../features/catalogue.js';
import type { FeatureBlock } from '../../features/row.js';
import { applyPreparation, fitPreparation, type Preparation } from '../preparation/preparation.js';
import type { Calibration } from '../threshold.js';
import { joined } from '../timeScales.js';

const COUNTS = featureIndexes([
  'announcements',
  'withdrawals',
  'announced_prefixes',
  'withdrawn_prefixes',
  'duplicate_announcements',
  'implicit_withdrawals',
  'duplicate_withdrawals',
]);
/** What was chosen with labelled events in view: the transfer bench chooses it anew with each event left out. */
export interface VolumeView {
  /** Time constants in minutes; the most surprising of them counts. */
  scales: readonly number[];
  /** How much more the volume says than the rules do. */
  weight: number;
  /** Beside the volume the rules confirm or doubt: how far beyond a threshold they are says little there. */
  mostOfRules: number;
  /**
   * A change of shape without any of volume must be this surprising to begin to count, and then counts a share of what is beyond: such
   * changes last for hours after most events. It is enough for an alarm where the other models agree, and no more.
   */
  shapeFrom: number;
  shapeShare: number;
  mostOfShape: number;
}

export const VOLUME_VIEW: VolumeView = {
  scales: [7, 20],
  weight: 12,
  mostOfRules: 4,
  shapeFrom: 6,
  shapeShare: 1 / 3,
  mostOfShape: 4,
};

/** Surprise of the volume counts up to here, and none less than a trace, so that one view cannot silence the other. */
const MOST = 30;
const TRACE = 0.02;

export function fitVolume(window: FeatureBlock, { scales }: VolumeView): Preparation {
  return fitPreparation(window, { scales: [...scales], only: COUNTS });
}

/**
 * For each time scale [rows - from] mean deviation of the log counts from the ordinary: it adds up what all counts say alike. The long
 * scale finds what is weak and lasts, the short one answers a storm at once; held within the short one, the long one ends with it. NaN
 * for gaps.
 */
export function volumesOf(volume: Preparation, block: FeatureBlock, from: number): Float64Array[] {
  const prepared = applyPreparation(volume, block, from);
  const { columns, smoothCenter, smoothScale } = volume;
  const kept = volume.kept.length;
  return volume.scales.map((_, s) =>
    Float64Array.from({ length: block.minutes.length - from }, (_, row) => {
      if (block.usable[from + row] !== 1) return Number.NaN;
      let sum = 0;
      for (let c = s * kept; c < (s + 1) * kept; c++) {
        sum += prepared[row * columns + c]! * smoothScale[c]! + smoothCenter[c]!;
      }
      return sum / kept;
    }),
  );
}

/**
 * Joins the surprise of the volume (the first `volumes` scores) with the greatest of the rules: their weighted geometric mean is high
 * where both speak. A rule that lags behind a storm that is over cannot hold the score up.
 */
export function joinWithVolume(
  view: VolumeView,
  volumes: number,
  each: readonly Calibration[],
  scores: readonly Float64Array[],
): Float64Array {
  const volume = joined(each.slice(0, volumes), scores.slice(0, volumes));
  const rules = joined(each.slice(volumes), scores.slice(volumes));
  return rules.map((rule, row) => {
    if (!Number.isFinite(volume[row]! + rule)) return Number.NaN;
    const logs = view.weight * Math.log(held(volume[row]!, MOST)) + Math.log(held(rule, view.mostOfRules));
    const shape = Math.min(view.mostOfShape, view.shapeShare * (rule - view.shapeFrom));
    return Math.max(Math.exp(logs / (view.weight + 1)), shape);
  });
}

function held(surprise: number, most: number): number {
  return Math.min(most, Math.max(TRACE, surprise));
}
