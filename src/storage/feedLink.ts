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

/** How far a stream's feed has come, and its connection. */
export interface FeedStand {
  stream: string;
  /** Event time up to which the collector has written, milliseconds; null before the first time. */
  untilMs: number | null;
  /** Wall clock of its last write. */
  receivedAt: Date | null;
  link: FeedLink | null;
}

/** Of all streams. */
export async function feedStands(pool: Pool): Promise<FeedStand[]> {
  const { rows } = await pool.query<{ stream: string; until: Date | null; received_at: Date | null; link: unknown }>(
    `SELECT streams.name AS stream, last.until, last.received_at, beat.link FROM streams
       LEFT JOIN LATERAL (SELECT until, received_at FROM update_batches
         WHERE stream = streams.name ORDER BY position DESC LIMIT 1) last ON true
       LEFT JOIN LATERAL (SELECT detail->streams.name AS link FROM services
         WHERE services.name = 'collector' AND heartbeat_at > now() - interval '10 seconds' AND detail ? streams.name
         ORDER BY heartbeat_at DESC LIMIT 1) beat ON true
      ORDER BY streams.name`,
  );
  return rows.map(({ stream, until, received_at, link }) => ({
    stream,
    untilMs: until?.getTime() ?? null,
    receivedAt: received_at,
    link: linkSchema.safeParse(link).data ?? null,
  }));
}
