import type { Pool } from 'pg';
import type { Settings } from '../config/settings.js';
import { pruneReportFiles } from '../drift/report.js';
import { MINUTES_PER_DAY } from '../features/row.js';
import { prune } from '../registry/pruning.js';
import { AGGREGATOR } from '../storage/cursors.js';
import { type Keeping, type PruningOptions, pruneAll, prunings } from '../storage/retention.js';

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
    reportDays: drift.keepReportsDays,
    versions: retraining.keepVersions,
    readers: [AGGREGATOR],
  };
}

/**
 * One round of retention: old rows, the bytes of versions that nobody goes back to, and the files of old drift reports.
 * @returns what went, by table or kind of file, without those of which nothing did
 * @throws AggregateError when a table failed; the others, and files, have been dealt with
 */
export async function retentionRound(
  pool: Pool,
  settings: Settings,
  options: PruningOptions & { now: () => Date },
): Promise<Record<string, number>> {
  const { drift, retraining, artifactDirectory } = settings;
  const versions = await prune({ pool, root: artifactDirectory, keep: retraining.keepVersions });
  const before = new Date(options.now().getTime() - drift.keepReportsDays * MINUTES_PER_DAY * 60_000);
  const reports = await pruneReportFiles(artifactDirectory, before);
  return {
    ...(versions.length > 0 ? { model_files: versions.length } : {}),
    ...(reports > 0 ? { report_files: reports } : {}),
    ...(await pruneAll(pool, prunings(keptBy(settings)), options)),
  };
}
