import type { Pool } from 'pg';
import { FEATURES } from '../../features/catalogue.js';
import type { MinuteEvidence } from '../../features/row.js';
import type { FeatureSeries } from '../api/schema.js';
import { CHARTED } from '../charted.js';

const MINUTE = 60_000;
const MOST_POINTS = 600;

/**
 * The charted features from .. until, thinned to the highest of each bucket; `usual` is the median before `started`.
 * Times in milliseconds.
 */
export async function featureSeries(
  pool: Pool,
  stream: string,
  from: number,
  until: number,
  started: number,
): Promise<FeatureSeries> {
  const { rows } = await pool.query<{ minute: Date; kind: string; values: number[] }>(
    `SELECT minute, kind, values FROM features WHERE stream = $1 AND minute >= $2 AND minute < $3
      ORDER BY minute LIMIT 20000`,
    [stream, new Date(from), new Date(until)],
  );
  const every = Math.max(1, Math.ceil(rows.length / MOST_POINTS));
  const buckets = Array.from({ length: Math.ceil(rows.length / every) }, (_, index) =>
    rows.slice(index * every, (index + 1) * every),
  );
  return {
    from,
    until,
    times: buckets.map((bucket) => bucket[0]?.minute.getTime() ?? from),
    features: CHARTED.map((column) => {
      const { name, label, chartUnit: unit } = FEATURES[column]!;
      const before = rows
        .filter((row) => row.kind !== 'gap' && row.minute.getTime() < started)
        .map((row) => row.values[column] ?? 0)
        .sort((a, b) => a - b);
      return {
        name,
        label,
        unit,
        values: buckets.map((bucket) => {
          const known = bucket.filter((row) => row.kind !== 'gap').map((row) => row.values[column] ?? 0);
          return known.length === 0 ? null : Math.max(...known);
        }),
        usual: before[Math.floor(before.length / 2)] ?? null,
      };
    }),
  };
}

/** The evidence of the minutes from .. until (milliseconds), those without any left out. */
export async function evidenceBetween(
  pool: Pool,
  stream: string,
  from: number,
  until: number,
): Promise<{ minute: number; evidence: Partial<MinuteEvidence> }[]> {
  const { rows } = await pool.query<{ minute: Date; evidence: Partial<MinuteEvidence> }>(
    `SELECT minute, evidence FROM features
      WHERE stream = $1 AND minute >= $2 AND minute < $3 AND evidence <> '{}' ORDER BY minute LIMIT 1440`,
    [stream, new Date(from), new Date(Math.min(until, from + 1440 * MINUTE))],
  );
  return rows.map((row) => ({ minute: row.minute.getTime(), evidence: row.evidence }));
}
