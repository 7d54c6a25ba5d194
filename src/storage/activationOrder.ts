import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { dateToMinute, minuteToDate } from './minuteColumn.js';
import type { Pool, PoolClient } from './pool.js';

/** The first minute that any version of the model serves, or null before the first publish. */
export async function firstActivation(client: Pool | PoolClient, key: ModelKey): Promise<Minute | null> {
  const { rows } = await client.query<{ minute: Date | null }>(
    'SELECT min(from_minute) AS minute FROM activations WHERE model_key = $1',
    [key],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}

/** The next minute after `after` at which another version takes over, or null. */
export async function nextActivation(client: Pool | PoolClient, key: ModelKey, after: Minute): Promise<Minute | null> {
  const { rows } = await client.query<{ minute: Date | null }>(
    'SELECT min(from_minute) AS minute FROM activations WHERE model_key = $1 AND from_minute > $2',
    [key, minuteToDate(after)],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}
