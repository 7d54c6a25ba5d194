import type { ClientBase, Pool } from 'pg';
import type { Minute } from '../features/row.js';
import type { Adaptation } from '../incidents/adaptation.js';
import { MODEL_KINDS } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { minuteOf, timeOf } from './minuteColumn.js';

/** Versions of a stream's models that were trained for a lasting change and began to serve from `from` on, oldest first. */
export async function adaptationsOf(db: Pool | ClientBase, stream: string, from: Minute): Promise<Adaptation[]> {
  const { rows } = await db.query<{
    minute: number;
    model: string;
    version: number;
    since: number;
    report: number | null;
  }>(
    `SELECT ${minuteOf('a.from_minute')} AS minute, a.model_key AS model, v.version,
       (v.metrics->'regime'->>'since')::integer AS since, (v.metrics->'trigger'->>'reportId')::integer AS report
     FROM activations a JOIN model_versions v ON v.id = a.version_id
     WHERE a.model_key = ANY ($1) AND a.from_minute >= ${timeOf('$2')}
       AND v.metrics->'trigger'->>'kind' = 'drift' AND v.metrics->'regime'->>'since' IS NOT NULL
     ORDER BY a.from_minute, a.id`,
    [MODEL_KINDS.map((kind) => `${kind}@${stream}`), from],
  );
  return rows.map((row) => ({ ...row, kind: parseModelKey(row.model).kind }));
}

/**
 * Links a version to the incidents of the change that it was trained for which had closed before it served: those that
 * looked like a new normal, and began with the change or after it. Done again it changes nothing.
 */
export async function linkAdaptation(db: ClientBase, stream: string, adaptation: Adaptation): Promise<void> {
  const { since, minute } = adaptation;
  await db.query(
    `UPDATE incidents SET detail = jsonb_set(detail, '{adaptations}', coalesce(detail->'adaptations', '[]') || $4::jsonb)
     WHERE stream = $1 AND subject = '' AND ended_at IS NOT NULL AND detail->'newNormal' IS NOT NULL
       AND started_at BETWEEN ${timeOf('($2::bigint - $5)')} AND ${timeOf('$3')}
       AND NOT coalesce(detail->'adaptations', '[]') @> $4::jsonb`,
    [stream, since, minute, JSON.stringify([adaptation]), ONSET_ERROR],
  );
}

/** The onset of a change is found to the hour where the level itself has no clear step. */
const ONSET_ERROR: Minute = 60;
