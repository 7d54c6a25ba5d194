import { z } from 'zod';
import type { FeatureBlock } from '../../features/row.js';
import { heldOutScores } from '../heldOut.js';
import { calibrationSchema, fitCalibration, surpriseOf, thresholdFor } from '../threshold.js';
import { joined, type ScaleScores } from '../timeScales.js';
import { afterFall, hasFallen, joinViews, type Surprises, type VolumeView, volumeSurprise } from './volume.js';

/**
 * What the heuristic's scores mean, in seven groups: volume, rules, the same rules as a change of shape, paths, a fall, growth of
 * all counts and single counts.
 * Each score is calibrated, then the greatest of its group, since the greatest of many is great more often, and then what the groups are joined to.
 * The last two scores are in no group: they say whether the volume has fallen.
 */
export const viewsSchema = z.object({
  each: z.array(calibrationSchema).min(1),
  /** How many of the scores are the volume's, the rules', the paths' and of growth; falls are as many as paths, the rest are single counts. */
  volumes: z.number().int().positive(),
  rules: z.number().int().positive(),
  paths: z.number().int().positive(),
  growths: z.number().int().positive(),
  groups: z.array(calibrationSchema).length(7),
  joint: calibrationSchema,
  threshold: z.number(),
});
export type Views = z.infer<typeof viewsSchema>;

/** How many scores of a list belong to volume, rules, paths and growth. */
export type Sizes = Pick<Views, 'volumes' | 'rules' | 'paths' | 'growths'>;

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
  const joint = fitCalibration(joinedViews({ ...sizes, each, groups }, view, scores).score, window.minutes);
  return { ...sizes, each, groups, joint, threshold: thresholdFor(joint, falseAlarmsPerDay) };
}

/** [rows] one score from the scores of a block's rows, and the surprise of what its last minutes show where the volume has fallen */
export function joinedViews(
  views: Sizes & Pick<Views, 'each' | 'groups'>,
  view: VolumeView,
  scores: readonly Float64Array[],
): { score: Float64Array; afterFall: Float64Array } {
  const greatest = greatestOf(views, view, scores);
  const surprise = (group: number, row: number): number => surpriseOf(views.groups[group]!, greatest[group]![row]!);
  const [brief, long] = scores.slice(-RECENT) as [Float64Array, Float64Array];
  // A model that was trained before they were looked at has no calibration of them.
  const calibration = views.each[scores.length - RECENT];
  const score = new Float64Array(brief.length);
  const fallen = new Float64Array(brief.length).fill(Number.NaN);
  for (let row = 0; row < brief.length; row++) {
    const of: Surprises = {
      volume: surprise(0, row),
      rules: surprise(1, row),
      shape: surprise(2, row),
      paths: surprise(3, row),
      fall: surprise(4, row),
      growth: surprise(5, row),
      single: surprise(6, row),
    };
    score[row] = joinViews(view, of);
    if (calibration === undefined || !hasFallen(brief[row]!, long[row]!)) continue;
    fallen[row] = afterFall(view, surpriseOf(calibration, brief[row]!), of);
  }
  return { score, afterFall: fallen };
}

/** Scores that are in no group: the brief and the long mean of the volume. */
const RECENT = 2;

/** The greatest surprise of each group; of the volume's means, and of the rules' for a shape, with the lasting ones held. */
function greatestOf(
  { each, volumes, rules, paths, growths }: Sizes & Pick<Views, 'each'>,
  view: VolumeView,
  scores: readonly Float64Array[],
): Float64Array[] {
  const sizes = [volumes, rules, paths, paths, growths];
  const sums = sizes.map((_, g) => sizes.slice(0, g + 1).reduce((sum, size) => sum + size));
  const ends = [0, ...sums, scores.length - RECENT];
  const part = <T>(list: readonly T[], g: number): T[] => list.slice(ends[g], ends[g + 1]);
  const held = (g: number, greatest: (surprises: number[]) => number): Float64Array => {
    const [calibrations, of] = [part(each, g), part(scores, g)];
    return of[0]!.map((_, row) => greatest(calibrations.map((c, i) => surpriseOf(c, of[i]![row]!))));
  };
  const [confirming, longer, fall, growth, singles] = [1, 2, 3, 4, 5].map((g) =>
    joined(part(each, g), part(scores, g)),
  );
  const volume = held(0, (surprises) => volumeSurprise(view, surprises));
  return [volume, confirming!, held(1, shapeSurprise), longer!, fall!, growth!, singles!];
}

/** How much more a rule's mean may count alone than the next shorter one: rules that look back for hours outlast what they saw. */
const SHAPE_MORE = 2;
/** On each time scale, shortest first: the mean of the rules and their root mean square. */
const RULE_SCORES = 2;

/** The greatest surprise of the rules where they count alone, a long mean held within the next shorter one of its kind. */
export function shapeSurprise(surprises: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let kind = 0; kind < RULE_SCORES; kind++) {
    let held = Number.POSITIVE_INFINITY;
    for (let i = kind; i < surprises.length; i += RULE_SCORES) {
      held = Math.min(SHAPE_MORE * held, surprises[i]!);
      most = Math.max(most, held);
    }
  }
  return most;
}
