import type { Pool } from 'pg';
import { MODEL_KINDS } from '../../models/model.js';
import type { Curve, ScoreSeries, Verdict } from '../api/schema.js';
import { feedGaps } from './feed.js';

const MINUTE = 60_000;

interface Point {
  name: string;
  bucket: Date;
  low: number;
  high: number;
  threshold: number;
  anomalous: boolean;
}

/**
 * Scores of all models and of the ensemble, at most `points` points, each with the lowest and highest score of its
 * minutes, so that a spike of one minute is seen in a month.
 * @param now the stream's watermark in milliseconds
 */
export async function scoreSeries(
  pool: Pool,
  stream: string,
  now: number,
  hours: number,
  points: number,
): Promise<ScoreSeries> {
  const stepMinutes = Math.max(1, Math.ceil((hours * 60) / points));
  const step = stepMinutes * MINUTE;
  const until = Math.ceil(now / step) * step;
  const from = until - Math.ceil((hours * 60) / stepMinutes) * step;
  // Infinity and NaN are legal in the column and mean nothing on a chart.
  const buckets = (table: string, name: string) => `
    SELECT ${name} AS name, date_bin(make_interval(mins => $4::int), minute, $2) AS bucket, min(score) AS low,
      max(score) AS high, max(threshold) AS threshold, bool_or(anomalous) AS anomalous
    FROM ${table} WHERE stream = $1 AND minute >= $2 AND minute < $3 AND abs(score) < 'Infinity'
    GROUP BY 1, 2`;
  const parameters = [stream, new Date(from), new Date(until), stepMinutes];
  const [scores, verdicts, gaps, incidents] = await Promise.all([
    pool.query<Point>(buckets('scores', 'kind'), parameters),
    pool.query<Point>(buckets('verdicts', `'ensemble'`), parameters),
    feedGaps(pool, stream, from, until, 200),
    pool.query<{ id: string; started_at: Date; until: Date; severity: string }>(
      `SELECT id, started_at, coalesce(ended_at, last_minute + interval '1 minute') AS until, severity FROM incidents
        WHERE stream = $1 AND started_at < $3 AND coalesce(ended_at, last_minute) >= $2 ORDER BY id LIMIT 500`,
      [stream, new Date(from), new Date(until)],
    ),
  ]);
  const times = Array.from({ length: (until - from) / step }, (_, index) => from + index * step);
  return {
    stream,
    from,
    until,
    stepMinutes,
    times,
    curves: ['ensemble', ...MODEL_KINDS].map((name) =>
      curveOf(
        name,
        [...verdicts.rows, ...scores.rows].filter((point) => point.name === name),
        times.length,
        from,
        step,
      ),
    ),
    gaps,
    incidents: incidents.rows.map((row) => ({
      id: Number(row.id),
      from: row.started_at.getTime(),
      until: row.until.getTime(),
      severity: row.severity,
    })),
  };
}

function curveOf(name: string, points: Point[], length: number, from: number, step: number): Curve {
  const empty = (): (number | null)[] => new Array<number | null>(length).fill(null);
  const curve: Curve = { name, low: empty(), high: empty(), threshold: empty(), anomalous: new Array(length).fill(0) };
  for (const point of points) {
    const index = Math.round((point.bucket.getTime() - from) / step);
    curve.low[index] = point.low;
    curve.high[index] = point.high;
    curve.threshold[index] = point.threshold;
    curve.anomalous[index] = point.anomalous ? 1 : 0;
  }
  return curve;
}

export async function newestVerdict(pool: Pool, stream: string): Promise<Verdict | null> {
  const { rows } = await pool.query<{
    minute: Date;
    score: number;
    threshold: number;
    anomalous: boolean;
    votes: Record<string, { surprise?: number; anomalous?: boolean; explanation?: { words?: string }[] }>;
    missing: string[];
  }>(
    `SELECT minute, score, threshold, anomalous, votes, missing FROM verdicts WHERE stream = $1
      ORDER BY minute DESC LIMIT 1`,
    [stream],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    minute: row.minute.getTime(),
    score: finite(row.score),
    threshold: finite(row.threshold),
    anomalous: row.anomalous,
    missing: row.missing,
    votes: inOrder(row.votes ?? {}).map(([kind, vote]) => ({
      kind,
      anomalous: vote.anomalous === true,
      surprise: typeof vote.surprise === 'number' ? vote.surprise : null,
      words: vote.explanation?.[0]?.words ?? null,
    })),
  };
}

/** In the order in which models are shown; PostgreSQL does not keep the order of jsonb keys. */
function inOrder<T>(votes: Record<string, T>): [string, T][] {
  const place = (kind: string) => MODEL_KINDS.indexOf(kind as (typeof MODEL_KINDS)[number]);
  return Object.entries(votes).sort(([a], [b]) => place(a) - place(b));
}

/** The ensemble's scores from .. until, a point a minute. */
export async function verdictsBetween(pool: Pool, stream: string, from: number, until: number) {
  const { rows } = await pool.query<{ minute: Date; score: number; threshold: number }>(
    'SELECT minute, score, threshold FROM verdicts WHERE stream = $1 AND minute >= $2 AND minute < $3 ORDER BY minute',
    [stream, new Date(from), new Date(until)],
  );
  return {
    times: rows.map((row) => row.minute.getTime()),
    score: rows.map((row) => (Number.isFinite(row.score) ? row.score : null)),
    threshold: rows.at(-1)?.threshold ?? null,
  };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
