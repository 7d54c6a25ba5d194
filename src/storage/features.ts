import { FEATURE_COUNT } from '../features/catalogue.js';
import type { FeatureBlock, FeatureRow, Minute, MinuteEvidence, RowKind } from '../features/row.js';
import { dateToMinute, minuteOf, minuteToDate } from './minuteColumn.js';
import type { Db } from './pool.js';

/** Inserts rows that are not there yet; an aggregator that goes over the same log again changes nothing. */
export async function insertFeatures(db: Db, rows: readonly FeatureRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
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

/**
 * Writes rows that come from an archive: a minute without a row gets one, a gap becomes `healed`, and a row that was
 * observed stays as it is, so that the same rows may come any number of times.
 * @returns the minutes that this call wrote values for (rows that only say "gap" are not among them)
 */
export async function fillFeatures(db: Db, rows: readonly FeatureRow[]): Promise<Minute[]> {
  if (rows.length === 0) return [];
  const { rows: written } = await db.query<{ minute: Date; kind: RowKind }>(
    `INSERT INTO features (stream, minute, kind, values, evidence)
     SELECT stream, minute, kind, values::real[], evidence
     FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::jsonb[])
       AS new (stream, minute, kind, values, evidence)
     ON CONFLICT (stream, minute) DO UPDATE
       SET kind = 'healed', values = excluded.values, evidence = excluded.evidence, created_at = now()
       WHERE features.kind = 'gap' AND excluded.kind <> 'gap'
     RETURNING minute, kind`,
    [
      rows.map((row) => row.stream),
      rows.map((row) => minuteToDate(row.minute)),
      rows.map((row) => row.kind),
      rows.map((row) => `{${row.values.join(',')}}`),
      rows.map((row) => JSON.stringify(row.evidence)),
    ],
  );
  return written.filter((row) => row.kind !== 'gap').map((row) => dateToMinute(row.minute));
}

/** A stretch of minutes: `from` and all before `until`. */
export interface MinuteSpan {
  from: Minute;
  until: Minute;
}

/** The stretches of [from, until) that have no row, or only a gap, in order. */
export async function lackingMinutes(db: Db, stream: string, from: Minute, until: Minute): Promise<MinuteSpan[]> {
  const { rows } = await db.query<{ minute: Date }>(
    `SELECT minute FROM features WHERE stream = $1 AND minute >= $2 AND minute < $3 AND kind <> 'gap' ORDER BY minute`,
    [stream, minuteToDate(from), minuteToDate(until)],
  );
  const spans: MinuteSpan[] = [];
  let next = from;
  for (const minute of [...rows.map((row) => dateToMinute(row.minute)), until]) {
    if (minute > next) spans.push({ from: next, until: minute });
    next = minute + 1;
  }
  return spans;
}

/** The newest minute with a row: the stream's watermark. */
export async function watermark(db: Db, stream: string): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: Date | null }>(
    'SELECT max(minute) AS minute FROM features WHERE stream = $1',
    [stream],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}

/** Rows of minutes `from` <= minute < `until`, at most `limit` of the oldest; missing minutes are absent, gaps not usable. */
export async function featureBlock(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
  limit = 1_000_000,
): Promise<FeatureBlock> {
  const rows = await featureRows(db, stream, from, until, limit);
  const block: FeatureBlock = {
    minutes: new Int32Array(rows.length),
    values: new Float32Array(rows.length * FEATURE_COUNT),
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows.length),
  };
  rows.forEach((row, index) => {
    block.minutes[index] = row.minute;
    // Rows of another version may lack a feature, or hold one more.
    block.values.set(row.values.slice(0, FEATURE_COUNT), index * FEATURE_COUNT);
    block.usable[index] = row.kind === 'gap' ? 0 : 1;
  });
  return block;
}

/** Rows of minutes `from` <= minute < `until` as they are stored, at most `limit` of the oldest. */
export async function featureRows(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
  limit: number,
): Promise<{ minute: Minute; kind: RowKind; values: number[] }[]> {
  const { rows } = await db.query<{ minute: Minute; kind: RowKind; values: number[] }>(
    `SELECT ${minuteOf('minute')} AS minute, kind, values FROM features
     WHERE stream = $1 AND minute >= $2 AND minute < $3 ORDER BY minute LIMIT $4`,
    [stream, minuteToDate(from), minuteToDate(until), limit],
  );
  return rows;
}

/** What the minutes `from` <= minute < `until` keep beside their features; minutes without any are left out. */
export async function evidenceRows(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
): Promise<{ minute: Minute; evidence: Partial<MinuteEvidence> }[]> {
  const { rows } = await db.query<{ minute: Minute; evidence: Partial<MinuteEvidence> }>(
    `SELECT ${minuteOf('minute')} AS minute, evidence FROM features
     WHERE stream = $1 AND minute >= $2 AND minute < $3 AND evidence <> '{}' ORDER BY minute`,
    [stream, minuteToDate(from), minuteToDate(until)],
  );
  return rows;
}

/** Where less of a stretch has rows, it is being filled, as by a backfill into a stream that is live. */
const FILLED_SHARE = 0.9;

/**
 * How much of a window of `needed` minutes there is, gaps counted: what the first training waits for. It is the stretch up
 * to the newest minute, and while that is being filled the minutes that have rows.
 */
export async function collectedMinutes(db: Db, stream: string, needed: number): Promise<number> {
  const { rows } = await db.query<{ spanned: number | null; filled: number }>(
    `SELECT (extract(epoch FROM max(minute) - min(minute)) / 60)::integer + 1 AS spanned, count(*)::integer AS filled
     FROM features WHERE stream = $1
       AND minute > (SELECT max(minute) FROM features WHERE stream = $1) - make_interval(mins => $2::integer)`,
    [stream, Math.ceil(needed)],
  );
  const { spanned, filled } = rows[0]!;
  return spanned === null ? 0 : filled >= FILLED_SHARE * spanned ? spanned : filled;
}

/** The newest minutes without gaps, newest first. */
export async function newestValues(db: Db, stream: string, minutes: number): Promise<number[][]> {
  const { rows } = await db.query<{ values: number[] }>(
    `SELECT values FROM features WHERE stream = $1 AND kind <> 'gap' ORDER BY minute DESC LIMIT $2`,
    [stream, minutes],
  );
  return rows.map(({ values }) => values);
}

/** The oldest minute with a row. */
export async function firstMinute(db: Db, stream: string): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: Date | null }>(
    'SELECT min(minute) AS minute FROM features WHERE stream = $1',
    [stream],
  );
  return rows[0]?.minute ? dateToMinute(rows[0].minute) : null;
}
