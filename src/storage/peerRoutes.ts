import type { Minute } from '../features/row.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** A minute with the routes (announced and withdrawn prefixes) that one peer reported, and that all did. */
export interface PeerMinute {
  minute: Minute;
  ofPeer: number;
  routes: number;
}

const WINDOW = `stream = $1 AND minute >= ${timeOf('$2')} AND minute < ${timeOf('$3')}
  AND kind <> 'gap' AND jsonb_typeof(evidence->'peers') = 'array'`;

/** Peers of the minutes [from, until), the busiest first. Of each minute its 20 busiest peers are known. */
export async function busiestPeers(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
): Promise<{ peer: string; routes: number }[]> {
  const { rows } = await db.query<{ peer: string; routes: number }>(
    `SELECT p->>'name' AS peer, sum((p->>'count')::double precision) AS routes
     FROM features, jsonb_array_elements(evidence->'peers') p WHERE ${WINDOW} GROUP BY 1 ORDER BY 2 DESC, 1`,
    [stream, from, until],
  );
  return rows;
}

/** The minutes of [from, until), in order. */
export async function minutesOfPeer(
  db: Db,
  stream: string,
  peer: string,
  from: Minute,
  until: Minute,
): Promise<PeerMinute[]> {
  const { rows } = await db.query<PeerMinute>(
    `SELECT ${minuteOf('minute')} AS minute,
       coalesce(sum((p->>'count')::double precision) FILTER (WHERE p->>'name' = $4), 0) AS "ofPeer",
       coalesce(sum((p->>'count')::double precision), 0) AS routes
     FROM features LEFT JOIN LATERAL jsonb_array_elements(evidence->'peers') p ON true
     WHERE ${WINDOW} GROUP BY minute ORDER BY minute`,
    [stream, from, until, peer],
  );
  return rows;
}
