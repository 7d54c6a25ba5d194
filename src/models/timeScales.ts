import { z } from 'zod';
import type { FeatureBlock } from '../features/row.js';
import { heldOutScores } from './heldOut.js';
import { type Calibration, calibrationSchema, fitCalibration, surpriseOf, thresholdFor } from './threshold.js';

/**
 * Joins a model's scores on several time scales into one: each is put on the scale of surprise, and the most surprising
 * one counts. A storm is seen within minutes on the short scale, a lasting shift of shape on the long one, and neither
 * dilutes the other. The joint score is calibrated again, since the greatest of several is great more often.
 */
export const timeScalesSchema = z.object({
  each: z.array(calibrationSchema).min(1),
  joint: calibrationSchema,
  threshold: z.number(),
});
export type TimeScales = z.infer<typeof timeScalesSchema>;

/** Scores of a block's rows on each time scale, NaN for gaps. */
export type ScaleScores<M> = (model: M, block: FeatureBlock, from: number) => Float64Array[];

/** Calibrates on held-out stretches of the training window. */
export function fitTimeScales<M>(
  window: FeatureBlock,
  falseAlarmsPerDay: number,
  fit: (part: FeatureBlock) => M,
  score: ScaleScores<M>,
): TimeScales {
  const scores = heldOutScores(window, fit, score);
  const each = scores.map((s) => fitCalibration(s, window.minutes));
  const joint = fitCalibration(joined(each, scores), window.minutes);
  return { each, joint, threshold: thresholdFor(joint, falseAlarmsPerDay) };
}

/** [rows] the greatest surprise over the time scales */
export function joined(each: readonly Calibration[], scores: readonly Float64Array[]): Float64Array {
  return scores[0]!.map((_, row) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < each.length; s++) most = Math.max(most, surpriseOf(each[s]!, scores[s]![row]!));
    return most;
  });
}
