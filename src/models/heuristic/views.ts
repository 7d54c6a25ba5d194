import { z } from 'zod';
import type { FeatureBlock } from '../../features/row.js';
import { heldOutScores } from '../heldOut.js';
import { calibrationSchema, fitCalibration, surpriseOf, thresholdFor } from '../threshold.js';
import { joined, type ScaleScores } from '../timeScales.js';
import { joinViews, type VolumeView, volumeSurprise } from './volume.js';

/**
 * What the heuristic's scores mean, in four groups: volume, rules, paths and single counts. Each score is calibrated, then the greatest of its
 * group, since the greatest of many is great more often, and then what the groups are joined to.
 */
export const viewsSchema = z.object({
  each: z.array(calibrationSchema).min(1),
  /** How many of the scores are the volume's, the rules' and the paths'; the rest are single counts. */
  volumes: z.number().int().positive(),
  rules: z.number().int().positive(),
  paths: z.number().int().positive(),
  groups: z.array(calibrationSchema).length(4),
  joint: calibrationSchema,
  threshold: z.number(),
});
export type Views = z.infer<typeof viewsSchema>;

/** How many scores of a list belong to volume, rules and paths. */
export type Sizes = Pick<Views, 'volumes' | 'rules' | 'paths'>;

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
  views: Sizes & Pick<Views, 'each' | 'groups'>,
  view: VolumeView,
  scores: readonly Float64Array[],
): Float64Array {
  const greatest = greatestOf(views, view, scores);
  const surprise = (group: number, row: number): number => surpriseOf(views.groups[group]!, greatest[group]![row]!);
  return greatest[0]!.map((_, row) =>
    joinViews(view, surprise(0, row), surprise(1, row), surprise(2, row), surprise(3, row)),
  );
}

/** The greatest surprise of each group; of the volume's means, with the lasting one held. */
function greatestOf(
  { each, volumes, rules, paths }: Sizes & Pick<Views, 'each'>,
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
  const ends = [volumes, volumes + rules, volumes + rules + paths, scores.length];
  const others = [0, 1, 2].map((g) => joined(each.slice(ends[g], ends[g + 1]), scores.slice(ends[g], ends[g + 1])));
  return [volume, ...others];
}
