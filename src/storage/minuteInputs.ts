import type { Minute, MinuteEvidence } from '../features/row.js';
import { emptyEvidence } from '../features/row.js';
import type { MinuteInput, Vote } from '../incidents/minuteInput.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

interface InputRow {
  minute: number;
  kind: string;
  values: number[];
  evidence: Partial<MinuteEvidence> | null;
  score: number | null;
  threshold: number | null;
  anomalous: boolean | null;
  votes: Record<string, Vote> | null;
}

function inputOf(row: InputRow): MinuteInput {
  const gap = row.kind === 'gap';
  const { evidence } = row;
  return {
    minute: row.minute,
    gap,
    score: row.score,
    threshold: row.threshold,
    anomalous: row.anomalous ?? false,
    votes: row.votes ?? {},
    // As the aggregator gave them: PostgreSQL writes a real as its shortest decimal.
    values: gap ? [] : Float32Array.from(row.values),
    evidence: gap || evidence === null ? null : { ...emptyEvidence(), ...evidence },
  };
}

/**
 * Feature rows with their verdicts, for minutes in (after, until], at most `limit`, in order. Verdicts are written in
 * order, so a row at or before the newest verdict that has none will never get one: it was not scorable.
 */
export async function minuteInputs(
  db: Db,
  stream: string,
  after: Minute,
  until: Minute,
  limit: number,
): Promise<MinuteInput[]> {
  const { rows } = await db.query<InputRow>(
    `SELECT ${minuteOf('f.minute')} AS minute, f.kind, f.values, f.evidence, v.score, v.threshold, v.anomalous, v.votes
     FROM features f LEFT JOIN verdicts v ON v.stream = f.stream AND v.minute = f.minute
     WHERE f.stream = $1 AND f.minute > ${timeOf('$2')} AND f.minute <= ${timeOf('$3')}
     ORDER BY f.minute LIMIT $4`,
    [stream, after, until, limit],
  );
  return rows.map(inputOf);
}

/** The newest minute with a verdict; null before the first. */
export async function verdictWatermark(db: Db, stream: string): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: number | null }>(
    `SELECT ${minuteOf('max(minute)')} AS minute FROM verdicts WHERE stream = $1`,
    [stream],
  );
  return rows[0]!.minute;
}

/** The newest minute of a stream that has no model yet, and so no verdicts to wait for; null when a model serves it. */
export async function watermarkWithoutModels(db: Db, stream: string): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: number | null }>(
    `SELECT ${minuteOf('max(minute)')} AS minute FROM features WHERE stream = $1
       AND NOT EXISTS (SELECT 1 FROM activations WHERE split_part(model_key, '@', 2) = $1)`,
    [stream],
  );
  return rows[0]!.minute;
}
