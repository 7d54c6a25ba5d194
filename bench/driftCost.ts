import type { Pool } from 'pg';
import { checkDrift } from '../src/drift/check.js';
import { driftSettings } from '../src/drift/settings.js';
import { FEATURE_COUNT } from '../src/features/catalogue.js';
import { MINUTES_PER_DAY } from '../src/features/row.js';
import { MODEL_KINDS } from '../src/models/model.js';
import { modelKey } from '../src/models/modelKey.js';
import { streamHistory } from '../src/storage/streamHistory.js';
import { openTestDatabase } from '../test/support/database.js';
import type { Bench, BenchResult } from './result.js';

const START = Date.UTC(2026, 0, 5) / 60_000;
const settings = driftSettings.parse({});

/** Features and scores of [from, until) for one stream, written long ago, and a version of each kind that serves. */
async function fill(pool: Pool, stream: string, from: number, until: number): Promise<void> {
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values, created_at)
     SELECT $1, to_timestamp(m::bigint * 60), 'observed',
       (SELECT array_agg((20 + c + 5 * random() + m * 0)::real) FROM generate_series(1, $4::integer) c), '2020-01-01'
     FROM generate_series($2::integer, $3::integer - 1) m`,
    [stream, from, until, FEATURE_COUNT],
  );
  for (const kind of MODEL_KINDS) {
    const { rows } = await pool.query<{ id: string }>(
      `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
         format, code_version, fencing_token)
       VALUES ($1, $2, $3, 1, 'published', to_timestamp($4::bigint * 60), to_timestamp($4::bigint * 60), 1, 1, 1, 1, 'bench', 1)
       RETURNING id`,
      [modelKey(kind, stream), kind, stream, from],
    );
    await pool.query(
      `INSERT INTO activations (model_key, version_id, from_minute, reason) VALUES ($1, $2, to_timestamp($3::bigint * 60), 'bench')`,
      [modelKey(kind, stream), rows[0]!.id, from],
    );
    await pool.query(
      `INSERT INTO scores (stream, kind, minute, version_id, score, surprise, threshold, anomalous, created_at)
       SELECT $1, $2, to_timestamp(m::bigint * 60), $3, 0.4 + 0.2 * random(), 1, 0.599, false, '2020-01-01'
       FROM generate_series($4::integer, $5::integer - 1) m`,
      [stream, kind, rows[0]!.id, from, until],
    );
  }
}

/** The hours of a stream as its hourly checks left them, under another name: 100 streams without 100 fillings. */
async function copyStream(pool: Pool, from: string, to: string, lastHour: number, start: number): Promise<void> {
  await fill(pool, to, lastHour, lastHour + 60);
  await pool.query(
    `UPDATE activations SET from_minute = to_timestamp($2::bigint * 60) WHERE model_key LIKE '%@' || $1`,
    [to, start],
  );
  await pool.query(`UPDATE model_versions SET data_from = to_timestamp($2::bigint * 60) WHERE stream = $1`, [
    to,
    start,
  ]);
  await pool.query(
    `INSERT INTO hour_summaries (subject, version_id, hour, source, minutes, bytes, computed_at)
     SELECT replace(h.subject, '@' || $1, '@' || $2),
       coalesce((SELECT v.id FROM model_versions v WHERE v.model_key = replace(h.subject, '@' || $1, '@' || $2)), 0),
       h.hour, h.source, h.minutes, h.bytes, '2019-12-31'
     FROM hour_summaries h WHERE h.subject LIKE '%@' || $1 AND h.hour < to_timestamp($3::bigint * 60)`,
    [from, to, lastHour],
  );
}

/** @returns milliseconds of the check of all models of the streams */
async function checkAll(pool: Pool, streams: string[], windowEnd: number): Promise<number> {
  const began = performance.now();
  for (const stream of streams) {
    const shared = new Map();
    for (const kind of MODEL_KINDS) {
      const { report } = await checkDrift({
        pool,
        history: streamHistory(pool),
        modelKey: modelKey(kind, stream),
        windowEnd,
        settings,
        streams: shared,
      });
      if (!['stable', 'watch', 'drifted'].includes(report.outcome))
        throw new Error(`the check did not judge: ${report.reason}`);
    }
  }
  return performance.now() - began;
}

export const bench: Bench = {
  name: 'drift-cost',
  onTestServer: true,
  async run({ quick = false }): Promise<BenchResult[]> {
    const database = await openTestDatabase();
    const { pool } = database;
    const results: BenchResult[] = [];
    const line = (what: string, ours: number, unit: string, goal: string): void => {
      results.push({ what, ours, yardstick: null, yardstick_name: 'none', unit, ratio: null, goal });
    };
    try {
      const end = START + 8 * MINUTES_PER_DAY;
      await fill(pool, 'week', START, end);
      line(
        '3 models, 7 d + 24 h, first check (hours summarised from minutes)',
        await checkAll(pool, ['week'], end - 60),
        'ms',
        '',
      );
      await pool.query(`UPDATE hour_summaries SET computed_at = now()`);
      const forget = () => pool.query('DELETE FROM drift_reports');
      const hourly: number[] = [];
      for (let i = 0; i < 5; i++) {
        await forget();
        await pool.query(`DELETE FROM hour_summaries WHERE hour = to_timestamp($1::bigint * 60)`, [end - 60]);
        await pool.query(`UPDATE scores SET created_at = now() WHERE minute >= to_timestamp($1::bigint * 60)`, [
          end - 60,
        ]);
        await pool.query(`UPDATE features SET created_at = now() WHERE minute >= to_timestamp($1::bigint * 60)`, [
          end - 60,
        ]);
        hourly.push(await checkAll(pool, ['week'], end));
      }
      line('3 models, 7 d + 24 h, hourly check (median of 5)', hourly.sort((a, b) => a - b)[2]!, 'ms', '< 100');

      const count = quick ? 10 : 100;
      const streams = Array.from({ length: count }, (_, i) => `copy${i}`);
      for (const stream of streams) await copyStream(pool, 'week', stream, end - 60, START);
      await pool.query('ANALYZE');
      line(
        `${3 * count} models, hourly check, one worker`,
        (await checkAll(pool, streams, end)) / 1000,
        's',
        count === 100 ? '< 5' : '',
      );

      const days = quick ? 30 : 365;
      const year = START + days * MINUTES_PER_DAY;
      await fill(pool, 'year', START, year);
      await pool.query('ANALYZE');
      await checkAll(pool, ['year'], year - 60);
      const later: number[] = [];
      for (let i = 0; i < 5; i++) {
        await forget();
        later.push(await checkAll(pool, ['year'], year));
      }
      line(
        `3 models after ${days} days of history, hourly check (median of 5)`,
        later.sort((a, b) => a - b)[2]!,
        'ms',
        '< 100',
      );
    } finally {
      await database.close();
    }
    return results;
  },
};
