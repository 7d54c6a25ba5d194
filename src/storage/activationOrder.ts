import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { dateToMinute, minuteToDate } from './minuteColumn.js';
import type { Db } from './pool.js';

/** The first minute that any version of the model serves, or null before the first publish. */
export async function firstActivation(db: Db, key: ModelKey): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: Date | null }>(
    'SELECT min(from_minute) AS minute FROM activations WHERE model_key = $1',
    [key],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}

/** The next minute after `after` at which another version takes over, or null. */
export async function nextActivation(db: Db, key: ModelKey, after: Minute): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: Date | null }>(
    'SELECT min(from_minute) AS minute FROM activations WHERE model_key = $1 AND from_minute > $2',
    [key, minuteToDate(after)],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}

/**
 * Models whose current version has served for the first time for less than `minutes` of its stream's time. A version
 * that a rollback brought back is none of them.
 */
export async function lateActivations(db: Db, minutes: number): Promise<ModelKey[]> {
  const { rows } = await db.query<{ modelKey: ModelKey }>(
    `SELECT a.model_key AS "modelKey" FROM (
       SELECT DISTINCT ON (model_key) id, model_key, version_id, from_minute FROM activations
       ORDER BY model_key, from_minute DESC, id DESC) a
     WHERE (SELECT max(f.minute) FROM features f WHERE f.stream = split_part(a.model_key, '@', 2))
         < a.from_minute + make_interval(mins => $1)
       AND NOT EXISTS (SELECT 1 FROM activations b WHERE b.version_id = a.version_id AND b.id < a.id)
     ORDER BY 1`,
    [minutes],
  );
  return rows.map(({ modelKey }) => modelKey);
}
