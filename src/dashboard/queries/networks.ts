import type { Pool } from 'pg';
import { watchStates } from '../../storage/watchStates.js';
import type { Networks, OwnPrefixRow } from '../api/networks.js';

interface LastRow {
  stream: string;
  prefix: string;
  id: string;
  started_at: Date;
  ended_at: Date | null;
  severity: NonNullable<OwnPrefixRow['last']>['severity'];
  class: string;
  headline: string | null;
}

/** Every prefix of the operator's with what is seen of it, and the newest incident that touches it. */
export async function ownNetworks(pool: Pool): Promise<Networks> {
  const [states, { rows }] = await Promise.all([
    watchStates(pool),
    pool.query<LastRow>(
      `SELECT DISTINCT ON (i.stream, w.prefix) i.stream, w.prefix, i.id, i.started_at, i.ended_at, i.severity, i.class,
         i.reasons->0->>'words' AS headline
       FROM incidents i, jsonb_to_recordset(i.detail->'watched') AS w(prefix text)
       WHERE i.detail->>'openedBy' = 'watch' AND NOT i.ordinary
       ORDER BY i.stream, w.prefix, i.started_at DESC, i.id DESC`,
    ),
  ]);
  const last = new Map(rows.map((row) => [`${row.stream} ${row.prefix}`, row]));
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
                id: Number(row.id),
                startedAt: row.started_at.getTime(),
                endedAt: row.ended_at?.getTime() ?? null,
                severity: row.severity,
                class: row.class,
                headline: row.headline ?? '',
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
