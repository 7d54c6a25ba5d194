import type { Pool } from 'pg';
import { z } from 'zod';
import { type DriftReport, distribution } from '../api/schema.js';

const measures = z.array(
  z.object({ name: z.string(), value: z.number(), limit: z.number().nullable().default(null), over: z.boolean() }),
);

/** Reports of a model, newest first. Parts of the stored report that this page does not know are left out. */
export async function driftReports(pool: Pool, key: string, limit: number): Promise<DriftReport[]> {
  const { rows } = await pool.query<{
    id: string;
    window_end: Date;
    outcome: string;
    version: number | null;
    reason: string;
    report: Record<string, unknown>;
  }>(
    `SELECT r.id, r.window_end, r.outcome, v.version, r.reason, r.report FROM drift_reports r
      LEFT JOIN model_versions v ON v.id = r.version_id
      WHERE r.model_key = $1 ORDER BY r.window_end DESC LIMIT $2`,
    [key, limit],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    windowEnd: row.window_end.getTime(),
    outcome: row.outcome,
    version: row.version,
    reason: row.reason,
    measures: measures.safeParse(row.report.measures).data ?? [],
    distribution: distribution.safeParse(row.report.distribution).data ?? null,
  }));
}
