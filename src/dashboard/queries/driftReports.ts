import type { Pool } from 'pg';
import { driftReport as storedReport } from '../../drift/report.js';
import { FEATURES } from '../../features/catalogue.js';
import type { ModelKey } from '../../models/model.js';
import { driftReportById, recentDriftReports } from '../../storage/driftReports.js';
import { versionNumbers } from '../../storage/modelVersions.js';
import type { DriftDetail, DriftReport } from '../api/schema.js';

const MINUTE = 60_000;

/**
 * One report with how each input lay then and now, those that changed most first; null when no such report exists.
 * @throws ZodError for a stored report of an unknown format
 */
export async function driftDetail(pool: Pool, id: number): Promise<DriftDetail | null> {
  const stored = await driftReportById(pool, id);
  if (stored === null) return null;
  const { modelKey: model, versionId } = stored;
  const version = (await versionNumbers(pool, [versionId])).get(versionId) ?? null;
  const report = storedReport.parse(stored.report);
  return {
    id,
    model,
    version,
    outcome: report.outcome,
    reason: report.reason,
    windowEnd: Date.parse(report.windowEnd),
    currentFrom: Date.parse(report.currentFrom),
    baselineFrom: Date.parse(report.baselineFrom),
    criteria: report.criteria.map(({ name, words, exceeded }) => ({ name, words, exceeded })),
    scores: report.scores,
    features: report.features
      .map(({ name, psi, baselineMean, currentMean, statistics, distribution }) => {
        const known = FEATURES.find((feature) => feature.name === name);
        return {
          name,
          label: known?.label ?? name,
          unit: known?.unit ?? '',
          before: baselineMean,
          now: currentMean,
          words: shiftWords(psi),
          psi,
          statistics,
          distribution,
        };
      })
      .sort((a, b) => b.psi - a.psi),
  };
}

/** The customary reading of a stability index: below 0.1 nothing, from 0.25 on much (Siddiqi, Credit Risk Scorecards, 2006). */
function shiftWords(psi: number): string {
  return psi < 0.1 ? 'hardly changed' : psi < 0.25 ? 'changed somewhat' : 'changed much';
}

/**
 * Reports of a model, newest first.
 * @throws ZodError for a stored report of an unknown format
 */
export async function driftReports(pool: Pool, key: ModelKey, limit: number): Promise<DriftReport[]> {
  const rows = await recentDriftReports(pool, key, limit);
  const versions = await versionNumbers(
    pool,
    rows.map(({ versionId }) => versionId),
  );
  return rows.map((row) => {
    const report = storedReport.parse(row.report);
    return {
      id: row.id,
      windowEnd: row.windowEnd * MINUTE,
      outcome: row.outcome,
      version: versions.get(row.versionId) ?? null,
      reason: row.reason,
      currentFrom: Date.parse(report.currentFrom),
      baselineFrom: Date.parse(report.baselineFrom),
      criteria: report.criteria
        .filter(({ name, exceeded }) => exceeded || !name.startsWith('input '))
        .map(({ name, baseline, current, change, limit, exceeded }) => ({
          name,
          baseline,
          current,
          change,
          limit,
          exceeded,
        })),
      distribution: report.scores,
    };
  });
}
