import type { Db } from './pool.js';

export interface FeedGap {
  stream: string;
  sinceMs: number;
  untilMs: number;
  reason: string;
  healed: boolean;
}

export async function recordGap(db: Db, gap: Omit<FeedGap, 'healed'>): Promise<void> {
  await db.query(
    `INSERT INTO feed_gaps (stream, since, until, reason) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stream, since) DO UPDATE SET until = greatest(feed_gaps.until, excluded.until)`,
    [gap.stream, new Date(gap.sinceMs), new Date(gap.untilMs), gap.reason],
  );
}

/** A stand may have many megabytes, and a feed that flaps has many gaps: the others heal from the hour before them. */
const MOST_STATES = 16;

/**
 * Keeps what an aggregator knew when it came to a gap; an aggregator that comes to it again keeps the same. Of a stream's
 * gaps that wait, only so many keep it.
 */
export async function keepStateAtGap(db: Db, stream: string, sinceMs: number, state: Uint8Array): Promise<void> {
  await db.query(
    `UPDATE feed_gaps SET state = $3 WHERE stream = $1 AND since = $2 AND healed_at IS NULL AND given_up_at IS NULL
       AND (SELECT count(*) FROM feed_gaps o WHERE o.stream = $1 AND o.since <> $2 AND o.state IS NOT NULL) < $4`,
    [stream, new Date(sinceMs), Buffer.from(state.buffer, state.byteOffset, state.byteLength), MOST_STATES],
  );
}

/** A gap that is neither healed nor given up. */
export interface UnhealedGap {
  id: number;
  sinceMs: number;
  untilMs: number;
  attempts: number;
  /** Of the last attempt, by the database's clock; null before the first. */
  attemptedMs: number | null;
  state: Uint8Array | null;
}

/** The oldest gaps to heal that end before `beforeMs`, in order. */
export async function unhealedGaps(
  db: Db,
  stream: string,
  beforeMs: number,
  limit: number,
): Promise<Omit<UnhealedGap, 'state'>[]> {
  const { rows } = await db.query<{ id: number; since: Date; until: Date; attempts: number; at: Date | null }>(
    `SELECT id, since, until, attempts, attempted_at AS at FROM feed_gaps
     WHERE stream = $1 AND until <= $2 AND healed_at IS NULL AND given_up_at IS NULL ORDER BY since LIMIT $3`,
    [stream, new Date(beforeMs), limit],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    sinceMs: row.since.getTime(),
    untilMs: row.until.getTime(),
    attempts: row.attempts,
    attemptedMs: row.at?.getTime() ?? null,
  }));
}

export async function stateAtGap(db: Db, id: number): Promise<Uint8Array | null> {
  const { rows } = await db.query<{ state: Buffer | null }>('SELECT state FROM feed_gaps WHERE id = $1', [id]);
  return rows[0]?.state ?? null;
}

/**
 * The log's entry of a gap, from which an aggregator may go over the log again. Null when the log does not hold it any
 * more, or a later gap has healed: what that brought would be lost.
 */
export async function lastHealableEntry(db: Db, stream: string, sinceMs: number): Promise<number | null> {
  const { rows } = await db.query<{ position: number }>(
    `SELECT position FROM update_batches WHERE stream = $1 AND kind = 'gap' AND since = $2
       AND NOT EXISTS (SELECT FROM feed_gaps WHERE stream = $1 AND since > $2 AND healed_at IS NOT NULL) LIMIT 2`,
    [stream, new Date(sinceMs)],
  );
  return rows.length === 1 ? rows[0]!.position : null;
}

export async function markHealed(db: Db, id: number): Promise<void> {
  await db.query('UPDATE feed_gaps SET healed_at = now(), state = NULL, trouble = NULL WHERE id = $1', [id]);
}

/** @param givenUp the last attempt: the gap stays one for good, unless a backfill fills it */
export async function markAttempt(db: Db, id: number, trouble: string, givenUp: boolean): Promise<void> {
  await db.query(
    `UPDATE feed_gaps SET attempts = attempts + 1, attempted_at = now(), trouble = $2,
       given_up_at = CASE WHEN $3 THEN now() END, state = CASE WHEN $3 THEN NULL ELSE state END WHERE id = $1`,
    [id, trouble, givenUp],
  );
}

/** Gaps that touch from .. until (milliseconds), newest first. */
export async function gapsBetween(
  db: Db,
  stream: string,
  fromMs: number,
  untilMs: number,
  limit: number,
): Promise<{ sinceMs: number; untilMs: number; reason: string; healedAt: Date | null }[]> {
  const { rows } = await db.query<{ since: Date; until: Date; reason: string; healed_at: Date | null }>(
    `SELECT since, until, reason, healed_at FROM feed_gaps
     WHERE stream = $1 AND until >= $2 AND since <= $3 ORDER BY since DESC LIMIT $4`,
    [stream, new Date(fromMs), new Date(untilMs), limit],
  );
  return rows.map((row) => ({
    sinceMs: row.since.getTime(),
    untilMs: row.until.getTime(),
    reason: row.reason,
    healedAt: row.healed_at,
  }));
}
