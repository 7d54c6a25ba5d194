import type { Pool } from 'pg';
import { newestWatched } from '../../storage/incidents.js';
import { watchStates } from '../../storage/watchStates.js';
import type { Networks, OwnPrefixRow } from '../api/networks.js';

const MINUTE = 60_000;

/** Every prefix of the operator's with what is seen of it, and the newest incident that touches it. */
export async function ownNetworks(pool: Pool): Promise<Networks> {
  const [states, newest] = await Promise.all([watchStates(pool), newestWatched(pool)]);
  const last = new Map(newest.map((one) => [`${one.stream} ${one.prefix}`, one]));
  const prefixes = states.flatMap(({ stream, prefixes: seen }) =>
    seen.map((one): OwnPrefixRow => {
      const row = last.get(`${stream} ${one.prefix}`);
      return {
        stream,
        ...one,
        last:
          row === undefined
            ? null
            : {
                id: row.id,
                startedAt: row.startedAt * MINUTE,
                endedAt: row.endedAt === null ? null : row.endedAt * MINUTE,
                severity: row.severity,
                class: row.class,
                headline: row.reasons[0]?.words ?? '',
              },
      };
    }),
  );
  const until = states.flatMap(({ seenUntil }) => (seenUntil === null ? [] : [seenUntil.getTime()]));
  return {
    prefixes: prefixes.sort((a, b) => b.findings.length - a.findings.length),
    seenUntil: until.length === 0 ? null : Math.max(...until),
  };
}
