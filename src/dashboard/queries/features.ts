import type { Pool } from 'pg';
import { FEATURES } from '../../features/catalogue.js';
import type { MinuteEvidence } from '../../features/row.js';
import { evidenceRows, featureRows } from '../../storage/features.js';
import type { FeatureSeries } from '../api/schema.js';
import { CHARTED } from '../charted.js';

const MINUTE = 60_000;
const MOST_POINTS = 600;
const MOST_ROWS = 20_000;

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
  const rows = await featureRows(pool, stream, from / MINUTE, until / MINUTE, MOST_ROWS);
  const every = Math.max(1, Math.ceil(rows.length / MOST_POINTS));
  const buckets = Array.from({ length: Math.ceil(rows.length / every) }, (_, index) =>
    rows.slice(index * every, (index + 1) * every),
  );
  return {
    from,
    until,
    times: buckets.map((bucket) => (bucket[0] === undefined ? from : bucket[0].minute * MINUTE)),
    features: CHARTED.map((column) => {
      const { name, label, chartUnit: unit } = FEATURES[column]!;
      const before = rows
        .filter((row) => row.kind !== 'gap' && row.minute * MINUTE < started)
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
  const last = Math.min(until, from + 1440 * MINUTE);
  const rows = await evidenceRows(pool, stream, from / MINUTE, last / MINUTE);
  return rows.map(({ minute, evidence }) => ({ minute: minute * MINUTE, evidence }));
}
