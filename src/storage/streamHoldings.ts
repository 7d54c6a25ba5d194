import { z } from 'zod';
import type { Pool } from './pool.js';

/** What the aggregator of a stream holds in memory, as of its last heartbeat. */
const holdingsSchema = z.object({
  routes: z.number(),
  prefixes: z.number(),
  paths: z.number(),
  peers: z.number(),
  links: z.number(),
  evictedRoutes: z.number(),
  untracked: z.number(),
  bytes: z.number(),
  knowsTable: z.boolean(),
});
export type StreamHoldings = z.infer<typeof holdingsSchema> & { stream: string };

/** Of the streams whose aggregator beat within the last ten seconds and has taken a step. */
export async function streamHoldings(pool: Pool): Promise<StreamHoldings[]> {
  const { rows } = await pool.query<{ stream: string; holdings: unknown }>(
    `SELECT part.key AS stream, part.value AS holdings FROM services, jsonb_each(detail) AS part
      WHERE name = 'aggregator' AND heartbeat_at > now() - interval '10 seconds' ORDER BY heartbeat_at, 1`,
  );
  const newest = new Map<string, StreamHoldings>();
  for (const { stream, holdings } of rows) {
    const parsed = holdingsSchema.safeParse(holdings);
    if (parsed.success) newest.set(stream, { stream, ...parsed.data });
  }
  return [...newest.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
}
