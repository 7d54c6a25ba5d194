import type { Pool } from 'pg';
import { BadSnapshot } from '../features/byteStream.js';
import type { HeldRoute } from '../features/routing/routingTables.js';
import { StoredTables } from './storedTables.js';

/**
 * Routes that the aggregator of a stream stored last, by prefix and origin; null where it stored none, or none that this
 * version reads: it begins anew then.
 */
export async function knownRoutes(
  pool: Pool,
  stream: string,
  wanted: (prefix: string, origin: number) => boolean,
): Promise<HeldRoute[] | null> {
  try {
    const stand = await new StoredTables(stream).read(pool, { stream });
    return stand === null ? null : stand.aggregator.routesWhere(wanted);
  } catch (error) {
    if (error instanceof BadSnapshot) return null;
    throw error;
  }
}
