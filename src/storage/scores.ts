import type { Minute } from '../features/row.js';
import type { Explanation, ModelKindName } from '../models/model.js';
import { minuteOf, minuteToDate, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

export interface ScoreRow {
  minute: Minute;
  versionId: number;
  score: number;
  surprise: number;
  threshold: number;
  anomalous: boolean;
  /** Null where the volume has not fallen. */
  afterFall?: number | null;
  explanation: Explanation[] | null;
}

/** Adds scores of one stream and kind in one statement. A minute that has a score keeps it: nothing is scored twice. */
export async function insertScores(db: Db, stream: string, kind: ModelKindName, rows: ScoreRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { rowCount } = await db.query(
    `INSERT INTO scores (stream, kind, minute, version_id, score, surprise, threshold, anomalous, explanation, after_fall)
     SELECT $1, $2, ${timeOf('minute')}, version_id, score, surprise, threshold, anomalous, explanation::jsonb, after_fall
     FROM unnest($3::integer[], $4::bigint[], $5::double precision[], $6::double precision[], $7::double precision[],
       $8::boolean[], $9::text[], $10::double precision[])
       AS t (minute, version_id, score, surprise, threshold, anomalous, explanation, after_fall)
     ON CONFLICT (stream, kind, minute) DO NOTHING`,
    [
      stream,
      kind,
      rows.map((row) => row.minute),
      rows.map((row) => row.versionId),
      rows.map((row) => row.score),
      rows.map((row) => row.surprise),
      rows.map((row) => row.threshold),
      rows.map((row) => row.anomalous),
      rows.map((row) => (row.explanation ? JSON.stringify(row.explanation) : null)),
      rows.map((row) => row.afterFall ?? null),
    ],
  );
  return rowCount ?? 0;
}

/** A score as the drift check reads it: `rules` are the names in the explanation of an anomalous minute. */
export interface ScoredMinute {
  minute: Minute;
  score: number;
  anomalous: boolean;
  rules: string[];
}

/** Scores of one version in [from, until), in order. */
export async function scoredMinutes(
  db: Db,
  stream: string,
  kind: ModelKindName,
  versionId: number,
  from: Minute,
  until: Minute,
): Promise<ScoredMinute[]> {
  const { rows } = await db.query<{ minute: number; score: number; anomalous: boolean; rules: string[] | null }>(
    `SELECT ${minuteOf('minute')} AS minute, score, anomalous,
       CASE WHEN jsonb_typeof(explanation) = 'array' THEN jsonb_path_query_array(explanation, '$[*].name') END AS rules
     FROM scores WHERE stream = $1 AND kind = $2 AND version_id = $3
       AND minute >= ${timeOf('$4')} AND minute < ${timeOf('$5')} ORDER BY minute`,
    [stream, kind, versionId, from, until],
  );
  return rows.map((row) => ({ ...row, rules: row.rules ?? [] }));
}

/** Hours (minute of their start) in [from, until) that hold scores written after `since`. */
export async function hoursScoredSince(
  db: Db,
  stream: string,
  kind: ModelKindName,
  since: Date,
  from: Minute,
  until: Minute,
): Promise<Minute[]> {
  const { rows } = await db.query<{ hour: number }>(
    `SELECT DISTINCT ${minuteOf("date_trunc('hour', minute, 'UTC')")} AS hour FROM scores
     WHERE stream = $1 AND kind = $2 AND created_at > $3
       AND minute >= ${timeOf('$4')} AND minute < ${timeOf('$5')} ORDER BY 1`,
    [stream, kind, since, from, until],
  );
  return rows.map((row) => row.hour);
}

/** Anomalous and scored minutes of one version from `from` on, for the watch after a publish. */
export async function anomalyCount(
  db: Db,
  stream: string,
  kind: ModelKindName,
  versionId: number,
  from: Minute,
): Promise<{ minutes: number; anomalous: number }> {
  const { rows } = await db.query<{ minutes: number; anomalous: number }>(
    `SELECT count(*)::integer AS minutes, count(*) FILTER (WHERE anomalous)::integer AS anomalous FROM scores
     WHERE stream = $1 AND kind = $2 AND version_id = $3 AND minute >= ${timeOf('$4')}`,
    [stream, kind, versionId, from],
  );
  return rows[0]!;
}

/** Scored minutes of one version by hour, and how many of them are anomalous. */
export interface AnomalousHour {
  hour: Minute;
  minutes: number;
  anomalous: number;
}

/** Hours in [from, until) that one version scored, in order. */
export async function anomalousByHour(
  db: Db,
  { stream, kind, versionId }: { stream: string; kind: string; versionId: number },
  from: Minute,
  until: Minute,
): Promise<AnomalousHour[]> {
  const { rows } = await db.query<AnomalousHour>(
    `SELECT ${minuteOf("date_trunc('hour', minute, 'UTC')")} AS hour, count(*)::integer AS minutes,
       (count(*) FILTER (WHERE anomalous))::integer AS anomalous
     FROM scores WHERE stream = $1 AND kind = $2 AND version_id = $3
       AND minute >= ${timeOf('$4')} AND minute < ${timeOf('$5')}
     GROUP BY 1 ORDER BY 1`,
    [stream, kind, versionId, from, until],
  );
  return rows;
}

/** Which version scored each minute from `from` on, in order. */
export async function versionsThatScored(db: Db, stream: string, kind: ModelKindName, from: Minute): Promise<number[]> {
  const { rows } = await db.query<{ version: number }>(
    `SELECT v.version FROM scores s JOIN model_versions v ON v.id = s.version_id
     WHERE s.stream = $1 AND s.kind = $2 AND s.minute >= $3 ORDER BY s.minute`,
    [stream, kind, minuteToDate(from)],
  );
  return rows.map(({ version }) => version);
}

/** What each model said of one minute, and by which version. */
export async function explanationsAt(
  db: Db,
  stream: string,
  minute: Minute,
): Promise<{ kind: string; version: number | null; explanation: unknown }[]> {
  const { rows } = await db.query<{ kind: string; version: number | null; explanation: unknown }>(
    `SELECT s.kind, v.version, s.explanation FROM scores s LEFT JOIN model_versions v ON v.id = s.version_id
     WHERE s.stream = $1 AND s.minute = $2`,
    [stream, minuteToDate(minute)],
  );
  return rows;
}
