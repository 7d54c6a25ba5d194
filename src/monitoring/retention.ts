import { AGGREGATOR } from '../collection/aggregatorStep.js';
import type { Settings } from '../config/settings.js';
import { MINUTES_PER_DAY } from '../features/row.js';
import type { Keeping } from '../storage/retention.js';

/** What the settings keep; never less than training and drift checks look back, and a day. */
export function keptBy({ retention, retraining, drift }: Settings): Keeping {
  const { updateBatchHours, featureDays, incidentDays, historyDays } = retention;
  const lookedAt =
    Math.max(retraining.trainingDays, (drift.baselineMinutes + drift.currentMinutes) / MINUTES_PER_DAY) + 1;
  return {
    updateBatchHours,
    featureDays: Math.max(featureDays, lookedAt),
    incidentDays: Math.max(incidentDays, lookedAt),
    historyDays,
    readers: [AGGREGATOR],
  };
}
