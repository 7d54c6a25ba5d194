import { z } from 'zod';
import type { ModelKey } from '../models/model.js';
import { isModelKey, parseModelKey } from '../models/modelKey.js';

const share = z.number().positive().max(100);

/** The readable thresholds; a missing one is not judged. Each is a relative change: 0.15 is 15 %. */
export const driftPolicy = z
  .strictObject({
    scoreShift: share.nullable().describe('Relative change of the mean score that counts as drift; null: not judged'),
    anomalyRateChange: share
      .nullable()
      .describe('Relative change of the anomaly rate that counts as drift; null: not judged'),
    ruleRateChange: share
      .nullable()
      .describe('Relative change of the rate of any one rule that counts as drift; null: not judged'),
    featureInstability: z
      .number()
      .positive()
      .nullable()
      .describe('Population stability index of any one input feature that counts as drift; null: not judged'),
    unusualMinutes: share
      .nullable()
      .describe(
        'Relative growth of the share of minutes among the highest or lowest 3 % of any input; null: not judged',
      ),
    minimumCurrent: z.int().min(10).optional().describe('drift.minimumCurrent, for these models alone'),
    minimumBaseline: z.int().min(10).optional().describe('drift.minimumBaseline, for these models alone'),
    minimumAnomalies: z.int().min(0).optional().describe('drift.minimumAnomalies, for these models alone'),
  })
  .describe('Thresholds of one kind or model');
export type DriftPolicy = z.infer<typeof driftPolicy>;

const scorePolicy: DriftPolicy = {
  scoreShift: 0.15,
  anomalyRateChange: 0.2,
  ruleRateChange: null,
  featureInstability: 0.25,
  unusualMinutes: 0.5,
};
const rulePolicy: DriftPolicy = {
  scoreShift: null,
  anomalyRateChange: 0.3,
  ruleRateChange: 0.3,
  featureInstability: 0.25,
  unusualMinutes: 0.5,
};

/** Each threshold can be set alone: the others stay as they are for the kind. */
function ofKind(ordinary: DriftPolicy) {
  const { shape } = driftPolicy;
  return driftPolicy
    .extend({
      scoreShift: shape.scoreShift.default(ordinary.scoreShift),
      anomalyRateChange: shape.anomalyRateChange.default(ordinary.anomalyRateChange),
      ruleRateChange: shape.ruleRateChange.default(ordinary.ruleRateChange),
      featureInstability: shape.featureInstability.default(ordinary.featureInstability),
      unusualMinutes: shape.unusualMinutes.default(ordinary.unusualMinutes),
    })
    .prefault({});
}

export const driftSettings = z
  .strictObject({
    currentMinutes: z.int().min(60).max(10_080).default(1440).describe('Length of the current window, minutes'),
    baselineMinutes: z
      .int()
      .min(120)
      .max(100_000)
      .default(10_080)
      .describe('Length of the baseline before it, minutes'),
    minimumCurrent: z
      .int()
      .min(10)
      .default(360)
      .describe('Fewest judged minutes of the active version in the current window'),
    minimumBaseline: z.int().min(10).default(1440).describe('Fewest minutes of the version itself in the baseline'),
    minimumAnomalies: z
      .int()
      .min(0)
      .default(5)
      .describe('A rate is judged only when current or expected anomalous minutes reach this number'),
    patienceMinutes: z
      .int()
      .min(60)
      .default(900)
      .describe('Incidents that fill more of the current window are drift, unless they wane; minutes'),
    minimumJudgedShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Least share of the minutes that gaps and incidents must leave for a check'),
    falseAlarmsPerModelMonth: z
      .number()
      .positive()
      .max(100)
      .default(0.5)
      .describe('Budget of the anytime-valid guard: false alarms a model and month, shared by all of its channels'),
    guardMinutes: z
      .int()
      .min(120)
      .max(10_080)
      .default(2880)
      .describe('How far back the guard looks for the start of a change, minutes'),
    coolDownMinutes: z
      .int()
      .min(0)
      .default(1080)
      .describe('Minutes after a retrain in which the model is not checked for drift'),
    keepReportsDays: z.int().min(1).default(365).describe('Age at which reports (rows and files) are deleted, days'),
    policies: z
      .strictObject({ heuristic: ofKind(rulePolicy), isolation_forest: ofKind(scorePolicy), lstm: ofKind(scorePolicy) })
      .prefault({})
      .describe('Thresholds by kind of model'),
    models: z
      .record(z.string().refine(isModelKey, 'is not a model, such as lstm@rrc00'), driftPolicy.partial())
      .default({})
      .describe('Thresholds of single models, such as lstm@rrc00, over those of their kind'),
  })
  .describe('Drift monitor');
export type DriftSettings = z.infer<typeof driftSettings>;

/** The thresholds and minimum samples that hold for one model: its own, else its kind's, else those for all. */
export function policyOf(settings: DriftSettings, key: ModelKey): Required<DriftPolicy> {
  const { kind } = parseModelKey(key);
  const { minimumCurrent, minimumBaseline, minimumAnomalies } = settings;
  return { minimumCurrent, minimumBaseline, minimumAnomalies, ...settings.policies[kind], ...settings.models[key] };
}

/**
 * Fewest baseline minutes of a version: twice as many in a new regime, whose one day does not know how days differ.
 * Until then it is trained again as the regime grows, whatever the check would say.
 */
export function baselineNeeded(minimum: number, isRegime: boolean): number {
  return isRegime ? 2 * minimum : minimum;
}
