import type { Minute } from '../features/row.js';
import type { WatchedPrefix } from '../incidents/watch/summary.js';
import type { Db } from './pool.js';

export interface WatchState {
  stream: string;
  /** Event time from which the log is compared with the declaration, and up to which it was; null before the first. */
  since: Date | null;
  seenUntil: Date | null;
  prefixes: WatchedPrefix[];
}

export async function writeWatchState(db: Db, { stream, since, seenUntil, prefixes }: WatchState): Promise<void> {
  await db.query(
    `INSERT INTO watch_states (stream, since, seen_until, prefixes) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stream) DO UPDATE SET since = excluded.since, seen_until = excluded.seen_until,
       prefixes = excluded.prefixes, updated_at = now()`,
    [stream, since, seenUntil, JSON.stringify(prefixes)],
  );
}

/** Of every stream, by name. */
export async function watchStates(db: Db): Promise<WatchState[]> {
  const { rows } = await db.query<WatchState>(
    `SELECT stream, since, seen_until AS "seenUntil", prefixes FROM watch_states ORDER BY stream`,
  );
  return rows;
}

/** The first minute that the watch saw whole or in part; `begins` when there is a log of which it has read nothing yet. */
export async function watchBegun(db: Db, stream: string): Promise<{ since: Minute | null; begins: boolean }> {
  const { rows } = await db.query<{ since: Minute | null; logged: boolean }>(
    `SELECT (SELECT floor(extract(epoch FROM since) / 60)::integer FROM watch_states WHERE stream = $1) AS since,
       EXISTS (SELECT FROM update_batches WHERE stream = $1 AND kind = 'updates') AS logged`,
    [stream],
  );
  const { since, logged } = rows[0]!;
  return { since, begins: since === null && logged };
}
