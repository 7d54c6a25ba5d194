import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

export type DriftOutcome = 'stable' | 'drifted' | 'watch' | 'no baseline' | 'suppressed';

export interface StoredDriftReport {
  id: number;
  modelKey: ModelKey;
  windowEnd: Minute;
  outcome: DriftOutcome;
  versionId: number | null;
  reason: string;
  report: unknown;
  createdAt: Date;
}

const COLUMNS = `id::float8 AS id, model_key AS "modelKey", ${minuteOf('window_end')} AS "windowEnd",
  outcome, version_id::float8 AS "versionId", reason, report, created_at AS "createdAt"`;

/** @returns the row's id and whether it is new; one report a model and window end, the first to come stays */
export async function insertDriftReport(
  db: Db,
  row: Omit<StoredDriftReport, 'id' | 'createdAt'>,
): Promise<{ id: number; inserted: boolean }> {
  const { rows } = await db.query<{ id: number }>(
    `INSERT INTO drift_reports (model_key, window_end, outcome, version_id, reason, report)
     VALUES ($1, ${timeOf('$2')}, $3, $4, $5, $6) ON CONFLICT (model_key, window_end) DO NOTHING
     RETURNING id::float8 AS id`,
    [row.modelKey, row.windowEnd, row.outcome, row.versionId, row.reason, JSON.stringify(row.report)],
  );
  if (rows[0]) return { id: rows[0].id, inserted: true };
  const there = await driftReportAt(db, row.modelKey, row.windowEnd);
  if (!there) throw new Error(`drift report of ${row.modelKey} vanished while it was written`);
  return { id: there.id, inserted: false };
}

export async function driftReportAt(db: Db, key: ModelKey, windowEnd: Minute): Promise<StoredDriftReport | null> {
  const { rows } = await db.query<StoredDriftReport>(
    `SELECT ${COLUMNS} FROM drift_reports WHERE model_key = $1 AND window_end = ${timeOf('$2')}`,
    [key, windowEnd],
  );
  return rows[0] ?? null;
}

export async function driftReportById(db: Db, id: number): Promise<StoredDriftReport | null> {
  const { rows } = await db.query<StoredDriftReport>(`SELECT ${COLUMNS} FROM drift_reports WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** Newest first. */
export async function recentDriftReports(db: Db, key?: ModelKey, limit = 100): Promise<StoredDriftReport[]> {
  const { rows } = await db.query<StoredDriftReport>(
    `SELECT ${COLUMNS} FROM drift_reports WHERE $1::text IS NULL OR model_key = $1
     ORDER BY window_end DESC, id DESC LIMIT $2`,
    [key ?? null, limit],
  );
  return rows;
}

/** How many checks of a version ended how, the most frequent first. */
export async function driftOutcomesOf(db: Db, versionId: number): Promise<{ outcome: DriftOutcome; checks: number }[]> {
  const { rows } = await db.query<{ outcome: DriftOutcome; checks: number }>(
    `SELECT outcome, count(*)::int AS checks FROM drift_reports WHERE version_id = $1
     GROUP BY outcome ORDER BY checks DESC, outcome`,
    [versionId],
  );
  return rows;
}

/** The newest report of each of these models that has one. */
export async function newestDriftReports(db: Db, keys: readonly ModelKey[]): Promise<StoredDriftReport[]> {
  const { rows } = await db.query<StoredDriftReport>(
    `SELECT DISTINCT ON (model_key) ${COLUMNS} FROM drift_reports WHERE model_key = ANY ($1)
     ORDER BY model_key, window_end DESC`,
    [keys],
  );
  return rows;
}
