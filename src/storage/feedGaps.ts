import type { Pool, PoolClient } from './pool.js';

export interface FeedGap {
  stream: string;
  sinceMs: number;
  untilMs: number;
  reason: string;
  healed: boolean;
}

export async function recordGap(client: Pool | PoolClient, gap: Omit<FeedGap, 'healed'>): Promise<void> {
  await client.query(
    `INSERT INTO feed_gaps (stream, since, until, reason) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stream, since) DO UPDATE SET until = greatest(feed_gaps.until, excluded.until)`,
    [gap.stream, new Date(gap.sinceMs), new Date(gap.untilMs), gap.reason],
  );
}

export async function listGaps(pool: Pool | PoolClient, limit = 50): Promise<FeedGap[]> {
  const { rows } = await pool.query<{
    stream: string;
    since: Date;
    until: Date;
    reason: string;
    healed_at: Date | null;
  }>('SELECT stream, since, until, reason, healed_at FROM feed_gaps ORDER BY since DESC LIMIT $1', [limit]);
  return rows.map((row) => ({
    stream: row.stream,
    sinceMs: row.since.getTime(),
    untilMs: row.until.getTime(),
    reason: row.reason,
    healed: row.healed_at !== null,
  }));
}
