import { z } from 'zod';
import type { FeatureBlock } from '../../features/row.js';
import { heldOutScores } from '../heldOut.js';
import { calibrationSchema, fitCalibration, surpriseOf, thresholdFor } from '../threshold.js';
import { joined, type ScaleScores } from '../timeScales.js';
import { joinViews, type VolumeView, volumeSurprise } from './volume.js';

/**
 * What the heuristic's scores mean, in three groups: volume, rules and single counts. Each score is calibrated, then the greatest of its
 * group, since the greatest of many is great more often, and then what the groups are joined to.
 */
export const viewsSchema = z.object({
  each: z.array(calibrationSchema).min(1),
  /** How many of the scores are the volume's and the rules'; the rest are single counts. */
  volumes: z.number().int().positive(),
  rules: z.number().int().positive(),
  groups: z.array(calibrationSchema).length(3),
  joint: calibrationSchema,
  threshold: z.number(),
});
export type Views = z.infer<typeof viewsSchema>;

/** How many scores of a list belong to volume and rules. */
export type Sizes = Pick<Views, 'volumes' | 'rules'>;

/** Calibrates on held-out stretches of the training window. */
export function fitViews<M>(
  window: FeatureBlock,
  falseAlarmsPerDay: number,
  view: VolumeView,
  sizes: Sizes,
  fit: (part: FeatureBlock) => M,
  score: ScaleScores<M>,
): Views {
  const scores = heldOutScores(window, fit, score);
  const each = scores.map((s) => fitCalibration(s, window.minutes));
  const groups = greatestOf({ ...sizes, each }, view, scores).map((s) => fitCalibration(s, window.minutes));
  const joint = fitCalibration(joinedViews({ ...sizes, each, groups }, view, scores), window.minutes);
  return { ...sizes, each, groups, joint, threshold: thresholdFor(joint, falseAlarmsPerDay) };
}

/** [rows] one score from the scores of a block's rows */
export function joinedViews(
  views: Pick<Views, 'each' | 'volumes' | 'rules' | 'groups'>,
  view: VolumeView,
  scores: readonly Float64Array[],
): Float64Array {
  const [volume, rules, single] = greatestOf(views, view, scores);
  const [ofVolume, ofRules, ofSingle] = views.groups;
  return volume!.map((v, row) =>
    joinViews(view, surpriseOf(ofVolume!, v), surpriseOf(ofRules!, rules![row]!), surpriseOf(ofSingle!, single![row]!)),
  );
}

/** The greatest surprise of each group; of the volume's means, with the lasting one held. */
function greatestOf(
  { each, volumes, rules }: Pick<Views, 'each' | 'volumes' | 'rules'>,
  view: VolumeView,
  scores: readonly Float64Array[],
): Float64Array[] {
  const means = each.slice(0, volumes);
  const volume = scores[0]!.map((_, row) =>
    volumeSurprise(
      view,
      means.map((calibration, i) => surpriseOf(calibration, scores[i]![row]!)),
    ),
  );
  const ends = [volumes, volumes + rules, scores.length];
  const others = [0, 1].map((g) => joined(each.slice(ends[g], ends[g + 1]), scores.slice(ends[g], ends[g + 1])));
  return [volume, ...others];
}
