import type { Pool } from 'pg';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureBlock, Minute } from '../../src/features/row.js';
import type { ModelKey, ModelKind } from '../../src/models/model.js';
import { parseModelKey } from '../../src/models/modelKey.js';
import { mulberry32 } from '../../src/random/mulberry32.js';
import { loadActive } from '../../src/registry/load.js';
import { insertScores } from '../../src/storage/scores.js';
import { streamHistory } from '../../src/storage/streamHistory.js';

/** First minute of the tests' streams: 2026-01-05T00:00Z, a Monday. */
export const START: Minute = Date.UTC(2026, 0, 5) / 60_000;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Writes feature rows of [from, until): noise around a level for each column, times `factor`. */
export async function writeFeatures(
  pool: Pool,
  stream: string,
  from: Minute,
  until: Minute,
  options: { seed: number; factor?: number; gaps?: (minute: Minute) => boolean },
): Promise<void> {
  const random = mulberry32(options.seed);
  const minutes: number[] = [];
  const kinds: string[] = [];
  const values: string[] = [];
  for (let minute = from; minute < until; minute++) {
    minutes.push(minute);
    kinds.push(options.gaps?.(minute) ? 'gap' : 'observed');
    const row = Array.from({ length: FEATURE_COUNT }, (_, c) => (20 + c + 4 * normal(random)) * (options.factor ?? 1));
    values.push(`{${row.map((value) => value.toFixed(3)).join(',')}}`);
  }
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values)
     SELECT $1, to_timestamp(minute::bigint * 60), kind, values::real[]
     FROM unnest($2::integer[], $3::text[], $4::text[]) AS t (minute, kind, values)`,
    [stream, minutes, kinds, values],
  );
}

/** Gives a stream the rows that another one has: to make them and send them took most of a test's time. */
export async function copyFeatures(pool: Pool, from: string, to: string): Promise<void> {
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values)
     SELECT $2, minute, kind, values FROM features WHERE stream = $1`,
    [from, to],
  );
}

/** Scores [from, until) as the live system does: each minute by the version that is active for it. */
export async function scoreLive(
  pool: Pool,
  key: ModelKey,
  kind: ModelKind<unknown>,
  from: Minute,
  until: Minute,
): Promise<void> {
  const { stream } = parseModelKey(key);
  const block: FeatureBlock = await streamHistory(pool).features(stream, from, until);
  const active = await loadActive(pool, key, from, kind);
  if (!active) throw new Error(`no active version of ${key}`);
  const { score, surprise } = await kind.score(active.model, block, 0);
  const threshold = kind.threshold(active.model);
  const rows = [...block.minutes].map((minute, i) => ({
    minute,
    versionId: active.activation.versionId,
    score: score[i]!,
    surprise: surprise[i]!,
    threshold,
    anomalous: score[i]! > threshold,
    explanation: null,
  }));
  await insertScores(
    pool,
    stream,
    kind.name,
    rows.filter((row) => Number.isFinite(row.score)),
  );
}
