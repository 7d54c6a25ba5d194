import type { Minute } from '../features/row.js';
import type { ModelKey, ModelKindName } from '../models/model.js';
import { dateToMinute, minuteToDate } from './minuteColumn.js';
import type { Db, PoolClient } from './pool.js';

/** A version that scores beside the one that serves. */
export interface Shadow {
  modelKey: ModelKey;
  versionId: number;
  version: number;
  /** First minute that it scores. */
  from: Minute;
  /** How many minutes both must have scored before it takes over. */
  minutes: number;
}

export interface ShadowScore {
  minute: Minute;
  score: number;
  anomalous: boolean;
}

/** Begins a shadow, of which a model has one at most. Run it under the model's lock. */
export async function insertShadow(
  client: PoolClient,
  shadow: { modelKey: ModelKey; versionId: number; from: Minute; minutes: number },
): Promise<void> {
  await client.query('INSERT INTO shadows (model_key, version_id, from_minute, minutes) VALUES ($1, $2, $3, $4)', [
    shadow.modelKey,
    shadow.versionId,
    minuteToDate(shadow.from),
    shadow.minutes,
  ]);
}

export async function listShadows(db: Db, only: { key?: ModelKey; kind?: ModelKindName } = {}): Promise<Shadow[]> {
  const { rows } = await db.query<Omit<Shadow, 'from'> & { from: Date }>(
    `SELECT s.model_key AS "modelKey", s.version_id::float8 AS "versionId", v.version, s.from_minute AS from, s.minutes
     FROM shadows s JOIN model_versions v ON v.id = s.version_id
     WHERE ($1::text IS NULL OR s.model_key = $1) AND ($2::text IS NULL OR v.kind = $2) ORDER BY s.model_key`,
    [only.key ?? null, only.kind ?? null],
  );
  return rows.map((row) => ({ ...row, from: dateToMinute(row.from) }));
}

/** Ends a shadow; its scores stay as long as others. @returns false when it had ended before */
export async function deleteShadow(db: Db, versionId: number): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM shadows WHERE version_id = $1', [versionId]);
  return rowCount === 1;
}

/** Minutes that are there stay as they are. */
export async function insertShadowScores(
  db: Db,
  of: { stream: string; kind: ModelKindName; versionId: number },
  rows: readonly ShadowScore[],
): Promise<void> {
  await db.query(
    `INSERT INTO shadow_scores (stream, kind, version_id, minute, score, anomalous)
     SELECT $1, $2, $3, * FROM unnest($4::timestamptz[], $5::double precision[], $6::boolean[]) ON CONFLICT DO NOTHING`,
    [
      of.stream,
      of.kind,
      of.versionId,
      rows.map(({ minute }) => minuteToDate(minute)),
      rows.map(({ score }) => score),
      rows.map(({ anomalous }) => anomalous),
    ],
  );
}

/** The minutes that the serving versions have scored and a shadow has yet to: the first and the last, or null. */
export async function shadowBacklog(
  db: Db,
  shadow: Pick<Shadow, 'versionId' | 'from'>,
  of: { stream: string; kind: ModelKindName },
): Promise<{ first: Minute; last: Minute } | null> {
  const { rows } = await db.query<{ first: Date | null; last: Date | null }>(
    `SELECT min(minute) AS first, max(minute) AS last FROM scores
     WHERE stream = $1 AND kind = $2 AND minute >= $4 AND minute > coalesce(
       (SELECT max(minute) FROM shadow_scores WHERE stream = $1 AND kind = $2 AND version_id = $3), '-infinity')`,
    [of.stream, of.kind, shadow.versionId, minuteToDate(shadow.from)],
  );
  const { first, last } = rows[0]!;
  return first && last ? { first: dateToMinute(first), last: dateToMinute(last) } : null;
}

/** What both versions said of the minutes from the shadow's begin on. */
export interface ShadowComparison {
  /** Minutes that the champion scored. */
  champion: number;
  /** Of these, minutes that both scored. */
  both: number;
  /** Of these, minutes outside incidents, and how many each found anomalous. */
  ordinary: number;
  championAnomalous: number;
  shadowAnomalous: number;
}

export async function compareShadow(db: Db, shadow: Shadow): Promise<ShadowComparison> {
  const { rows } = await db.query<ShadowComparison>(
    `SELECT count(*)::integer AS champion, count(h.minute)::integer AS both,
       count(h.minute) FILTER (WHERE NOT i.inside)::integer AS ordinary,
       count(h.minute) FILTER (WHERE NOT i.inside AND s.anomalous)::integer AS "championAnomalous",
       count(h.minute) FILTER (WHERE NOT i.inside AND h.anomalous)::integer AS "shadowAnomalous"
     FROM model_versions v JOIN scores s ON s.stream = v.stream AND s.kind = v.kind AND s.minute >= $2
     LEFT JOIN shadow_scores h
       ON h.stream = s.stream AND h.kind = s.kind AND h.version_id = v.id AND h.minute = s.minute
     CROSS JOIN LATERAL (SELECT EXISTS (
       SELECT 1 FROM incidents n WHERE n.stream = s.stream AND NOT n.ordinary AND n.started_at <= s.minute
         AND n.last_minute + interval '1 minute' >= s.minute) AS inside) i
     WHERE v.id = $1`,
    [shadow.versionId, minuteToDate(shadow.from)],
  );
  return rows[0]!;
}
