import type { FeatureBlock, FeatureRow, Minute, MinuteEvidence, RowKind } from '../features/row.js';
import { FEATURE_COUNT } from '../features/row.js';
import { dateToMinute, minuteToDate } from './minuteColumn.js';
import type { Pool, PoolClient } from './pool.js';

/** Inserts rows that are not there yet; an aggregator that goes over the same log again changes nothing. */
export async function insertFeatures(client: Pool | PoolClient, rows: readonly FeatureRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `INSERT INTO features (stream, minute, kind, values, evidence)
     SELECT stream, minute, kind, values::real[], evidence
     FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::jsonb[])
       AS new (stream, minute, kind, values, evidence)
     ON CONFLICT (stream, minute) DO NOTHING`,
    [
      rows.map((row) => row.stream),
      rows.map((row) => minuteToDate(row.minute)),
      rows.map((row) => row.kind),
      rows.map((row) => `{${row.values.join(',')}}`),
      rows.map((row) => JSON.stringify(row.evidence)),
    ],
  );
}

/** The newest minute with a row: the stream's watermark. */
export async function watermark(pool: Pool | PoolClient, stream: string): Promise<Minute | null> {
  const { rows } = await pool.query<{ minute: Date | null }>(
    'SELECT max(minute) AS minute FROM features WHERE stream = $1',
    [stream],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}

/** Rows of minutes `from` <= minute < `until`, at most `limit` of the oldest. */
export async function featureBlock(
  pool: Pool | PoolClient,
  stream: string,
  from: Minute,
  until: Minute,
  limit = 1_000_000,
): Promise<FeatureBlock> {
  const { rows } = await pool.query<{ minute: Date; kind: RowKind; values: number[] }>(
    `SELECT minute, kind, values FROM features WHERE stream = $1 AND minute >= $2 AND minute < $3
     ORDER BY minute LIMIT $4`,
    [stream, minuteToDate(from), minuteToDate(until), limit],
  );
  const block: FeatureBlock = {
    minutes: new Int32Array(rows.length),
    values: new Float32Array(rows.length * FEATURE_COUNT),
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows.length),
  };
  rows.forEach((row, index) => {
    block.minutes[index] = dateToMinute(row.minute);
    block.values.set(row.values, index * FEATURE_COUNT);
    block.usable[index] = row.kind === 'gap' ? 0 : 1;
  });
  return block;
}

/** Kind and evidence of minutes `from` <= minute < `until`, in order. */
export async function minuteEvidence(
  pool: Pool | PoolClient,
  stream: string,
  from: Minute,
  until: Minute,
): Promise<{ minute: Minute; kind: RowKind; evidence: MinuteEvidence }[]> {
  const { rows } = await pool.query<{ minute: Date; kind: RowKind; evidence: MinuteEvidence }>(
    `SELECT minute, kind, evidence FROM features WHERE stream = $1 AND minute >= $2 AND minute < $3 ORDER BY minute`,
    [stream, minuteToDate(from), minuteToDate(until)],
  );
  return rows.map((row) => ({ minute: dateToMinute(row.minute), kind: row.kind, evidence: row.evidence }));
}
