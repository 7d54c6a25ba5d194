import { z } from 'zod';
import type { Pool } from './pool.js';

const linkSchema = z.object({ connected: z.boolean(), reason: z.string().nullable().default(null) });
export type FeedLink = z.infer<typeof linkSchema>;

/** The connection of a stream's collector, as of its last heartbeat; null where none beat within the last ten seconds. */
export async function feedLink(pool: Pool, stream: string): Promise<FeedLink | null> {
  const { rows } = await pool.query<{ link: unknown }>(
    `SELECT detail->$1 AS link FROM services
      WHERE name = 'collector' AND heartbeat_at > now() - interval '10 seconds' AND detail ? $1
      ORDER BY heartbeat_at DESC LIMIT 1`,
    [stream],
  );
  return linkSchema.safeParse(rows[0]?.link).data ?? null;
}
