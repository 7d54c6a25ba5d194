import type { Pool } from 'pg';
import { MODEL_KINDS } from '../../models/model.js';
import { incidentsBetween } from '../../storage/incidents.js';
import { type ScoreBucket, scoreBuckets } from '../../storage/scoreBuckets.js';
import { newestVerdict as storedVerdict, verdictScores } from '../../storage/verdicts.js';
import type { Curve, ScoreSeries, Verdict } from '../api/schema.js';
import { feedGaps } from './feed.js';

const MINUTE = 60_000;

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
  const [first, end] = [from / MINUTE, until / MINUTE];
  const [buckets, gaps, incidents] = await Promise.all([
    scoreBuckets(pool, stream, first, end, stepMinutes),
    feedGaps(pool, stream, from, until, 200),
    incidentsBetween(pool, stream, first, end, 500),
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
        buckets.filter((bucket) => bucket.name === name),
        times.length,
        from,
        step,
      ),
    ),
    gaps,
    incidents: incidents.map((row) => ({
      id: row.id,
      from: row.startedAt * MINUTE,
      until: (row.endedAt ?? row.lastMinute + 1) * MINUTE,
      severity: row.severity,
    })),
  };
}

function curveOf(name: string, points: readonly ScoreBucket[], length: number, from: number, step: number): Curve {
  const empty = (): (number | null)[] => new Array<number | null>(length).fill(null);
  const curve: Curve = { name, low: empty(), high: empty(), threshold: empty(), anomalous: new Array(length).fill(0) };
  for (const point of points) {
    const index = Math.round((point.minute * MINUTE - from) / step);
    curve.low[index] = point.low;
    curve.high[index] = point.high;
    curve.threshold[index] = point.threshold;
    curve.anomalous[index] = point.anomalous ? 1 : 0;
  }
  return curve;
}

export async function newestVerdict(pool: Pool, stream: string): Promise<Verdict | null> {
  const row = await storedVerdict(pool, stream);
  if (row === null) return null;
  return {
    minute: row.minute * MINUTE,
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
/** @param judgedAt the minute whose threshold is meant: a newer version may have another */
export async function verdictsBetween(pool: Pool, stream: string, from: number, until: number, judgedAt: number) {
  const rows = await verdictScores(pool, stream, from / MINUTE, until / MINUTE);
  return {
    times: rows.map((row) => row.minute * MINUTE),
    score: rows.map((row) => (Number.isFinite(row.score) ? row.score : null)),
    threshold: (rows.find(({ minute }) => minute === judgedAt / MINUTE) ?? rows.at(-1))?.threshold ?? null,
  };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
