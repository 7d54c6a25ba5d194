import type { Pool } from 'pg';
import { driftReport as storedReport } from '../../drift/report.js';
import { FEATURES } from '../../features/catalogue.js';
import type { DriftDetail, DriftReport } from '../api/schema.js';

/**
 * One report with how each input lay then and now, those that changed most first; null where there is none.
 * @throws ZodError for a stored report of an unknown format
 */
export async function driftDetail(pool: Pool, id: number): Promise<DriftDetail | null> {
  const { rows } = await pool.query<{ model_key: string; version: number | null; report: unknown }>(
    `SELECT r.model_key, v.version, r.report FROM drift_reports r
      LEFT JOIN model_versions v ON v.id = r.version_id WHERE r.id = $1`,
    [id],
  );
  if (rows[0] === undefined) return null;
  const { model_key: model, version } = rows[0];
  const report = storedReport.parse(rows[0].report);
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
export async function driftReports(pool: Pool, key: string, limit: number): Promise<DriftReport[]> {
  const { rows } = await pool.query<{
    id: string;
    window_end: Date;
    outcome: string;
    version: number | null;
    reason: string;
    report: unknown;
  }>(
    `SELECT r.id, r.window_end, r.outcome, v.version, r.reason, r.report FROM drift_reports r
      LEFT JOIN model_versions v ON v.id = r.version_id
      WHERE r.model_key = $1 ORDER BY r.window_end DESC LIMIT $2`,
    [key, limit],
  );
  return rows.map((row) => {
    const report = storedReport.parse(row.report);
    return {
      id: Number(row.id),
      windowEnd: row.window_end.getTime(),
      outcome: row.outcome,
      version: row.version,
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
