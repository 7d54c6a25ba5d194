import type { Pool } from 'pg';
import { driftReport as storedReport } from '../../drift/report.js';
import type { DriftReport } from '../api/schema.js';

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
