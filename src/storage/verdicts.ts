import type { Minute, RowKind } from '../features/row.js';
import type { Explanation } from '../models/model.js';
import { dateToMinute, minuteOf, minuteToDate } from './minuteColumn.js';
import type { Db } from './pool.js';

/** A model's part in a verdict, stored by kind in `verdicts.votes`. */
export interface StoredVote {
  surprise: number;
  anomalous: boolean;
  weight: number;
  version: number;
  explanation?: Explanation[];
}

export interface VerdictRow {
  minute: Minute;
  score: number;
  threshold: number;
  anomalous: boolean;
  votes: Record<string, StoredVote>;
  missing: string[];
  state: unknown;
}

export async function insertVerdicts(db: Db, stream: string, rows: readonly VerdictRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    `INSERT INTO verdicts (stream, minute, score, threshold, anomalous, votes, missing, state)
     SELECT $1, minute, score, threshold, anomalous, votes, ARRAY(SELECT jsonb_array_elements_text(missing)), state
     FROM unnest($2::timestamptz[], $3::float8[], $4::float8[], $5::boolean[], $6::jsonb[], $7::jsonb[], $8::jsonb[])
       AS new (minute, score, threshold, anomalous, votes, missing, state)
     ON CONFLICT (stream, minute) DO NOTHING`,
    [
      stream,
      rows.map((row) => minuteToDate(row.minute)),
      rows.map((row) => row.score),
      rows.map((row) => row.threshold),
      rows.map((row) => row.anomalous),
      rows.map((row) => JSON.stringify(row.votes)),
      rows.map((row) => JSON.stringify(row.missing)),
      rows.map((row) => JSON.stringify(row.state)),
    ],
  );
}

/** The ensemble's state after the newest verdict, or null before the first. */
export async function lastVerdictState(db: Db, stream: string): Promise<unknown> {
  const { rows } = await db.query<{ state: unknown }>(
    'SELECT state FROM verdicts WHERE stream = $1 ORDER BY minute DESC LIMIT 1',
    [stream],
  );
  return rows[0]?.state ?? null;
}

/** The ensemble's state after the verdict of one minute, or null when it has none. */
export async function verdictState(db: Db, stream: string, minute: Minute): Promise<unknown> {
  const { rows } = await db.query<{ state: unknown }>('SELECT state FROM verdicts WHERE stream = $1 AND minute = $2', [
    stream,
    minuteToDate(minute),
  ]);
  return rows[0]?.state ?? null;
}

/** A feature row with the scores that its minute has so far. */
export interface MinuteScores {
  minute: Minute;
  kind: RowKind;
  /** Seconds since the feature row was written, by the database's clock. */
  age: number;
  scores: Record<
    string,
    {
      surprise: number;
      anomalous: boolean;
      afterFall: number | null;
      version: number;
      explanation: Explanation[] | null;
    }
  >;
}

export async function minutesToJudge(db: Db, stream: string, from: Minute, limit: number): Promise<MinuteScores[]> {
  const { rows } = await db.query<{
    minute: Date;
    kind: RowKind;
    age: number;
    scores: MinuteScores['scores'] | null;
  }>(
    `SELECT f.minute, f.kind, extract(epoch FROM clock_timestamp() - f.created_at)::float8 AS age,
       (SELECT jsonb_object_agg(s.kind, jsonb_build_object('surprise', s.surprise, 'anomalous', s.anomalous,
          'afterFall', s.after_fall, 'version', v.version, 'explanation', s.explanation))
        FROM scores s JOIN model_versions v ON v.id = s.version_id
        WHERE s.stream = f.stream AND s.minute = f.minute) AS scores
     FROM features f WHERE f.stream = $1 AND f.minute >= $2 ORDER BY f.minute LIMIT $3`,
    [stream, minuteToDate(from), limit],
  );
  return rows.map((row) => ({
    minute: dateToMinute(row.minute),
    kind: row.kind,
    age: row.age,
    scores: row.scores ?? {},
  }));
}

export async function newestVerdict(db: Db, stream: string): Promise<Omit<VerdictRow, 'state'> | null> {
  const { rows } = await db.query<Omit<VerdictRow, 'state'>>(
    `SELECT ${minuteOf('minute')} AS minute, score, threshold, anomalous, votes, missing FROM verdicts
     WHERE stream = $1 ORDER BY verdicts.minute DESC LIMIT 1`,
    [stream],
  );
  return rows[0] ?? null;
}

/** The minute of the newest verdict of each stream that has one. */
export async function newestVerdictMinutes(db: Db): Promise<Map<string, Minute>> {
  const { rows } = await db.query<{ stream: string; minute: Minute }>(
    `SELECT name AS stream, ${minuteOf('v.minute')} AS minute FROM streams
     JOIN LATERAL (SELECT minute FROM verdicts WHERE stream = name ORDER BY minute DESC LIMIT 1) v ON true`,
  );
  return new Map(rows.map(({ stream, minute }) => [stream, minute]));
}

/** How long each verdict after a minute came after the row that it judges, seconds; in order. */
export async function verdictDelays(
  db: Db,
  stream: string,
  after: Minute,
  limit: number,
): Promise<{ minute: Minute; seconds: number; anomalous: boolean }[]> {
  const { rows } = await db.query<{ minute: Minute; seconds: number; anomalous: boolean }>(
    `SELECT ${minuteOf('v.minute')} AS minute, v.anomalous,
       greatest(0, extract(epoch FROM v.created_at - f.created_at))::float8 AS seconds
     FROM verdicts v JOIN features f USING (stream, minute)
     WHERE v.stream = $1 AND v.minute > $2 ORDER BY v.minute LIMIT $3`,
    [stream, minuteToDate(after), limit],
  );
  return rows;
}

/** The verdicts of from <= minute < until, in order. */
export async function verdictScores(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
): Promise<Pick<VerdictRow, 'minute' | 'score' | 'threshold'>[]> {
  const { rows } = await db.query<Pick<VerdictRow, 'minute' | 'score' | 'threshold'>>(
    `SELECT ${minuteOf('minute')} AS minute, score, threshold FROM verdicts
     WHERE stream = $1 AND minute >= $2 AND minute < $3 ORDER BY verdicts.minute`,
    [stream, minuteToDate(from), minuteToDate(until)],
  );
  return rows;
}
