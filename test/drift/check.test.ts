import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { driftReports } from '../../src/dashboard/queries/driftReports.js';
import { checkDrift } from '../../src/drift/check.js';
import { driftReport } from '../../src/drift/report.js';
import { driftSettings } from '../../src/drift/settings.js';
import type { ModelKey } from '../../src/models/model.js';
import { appendRetrainState, lastFinished } from '../../src/storage/retrainRuns.js';
import { streamHistory } from '../../src/storage/streamHistory.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { START } from './seededStream.js';
import { DAY, serveStream } from './servedStream.js';

const settings = driftSettings.parse({});

describe('drift check', () => {
  let database: TestDatabase;
  let directory: string;
  beforeAll(async () => {
    database = await openTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'routewarden-drift-'));
  });
  afterAll(async () => {
    await database?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const check = (modelKey: ModelKey, windowEnd: number) =>
    checkDrift({
      pool: database.pool,
      history: streamHistory(database.pool),
      modelKey,
      windowEnd,
      settings,
      artifactDirectory: directory,
    });

  const serve = (stream: string, factor: number) => serveStream(database.pool, stream, factor);

  test('says that nothing is active, and that a fresh version must serve first', async () => {
    const nothing = await check('lstm@nowhere', START);
    expect(nothing.report).toMatchObject({ outcome: 'no baseline', version: null });
    const key = await serve('fresh', 1);
    const cooling = await check(key, START + 8 * DAY + 60);
    expect(cooling.report.outcome).toBe('suppressed');
    expect(cooling.report.reason).toContain('cool-down');
  });

  test('a first refusal is known from a second one, whose cool-down is longer', async () => {
    const key = 'lstm@refused';
    const end = (run: string, state: 'held' | 'rejected' | 'published') =>
      appendRetrainState(database.pool, { run, modelKey: key, state, detail: { watermark: START } });
    await end('refused-1', 'rejected');
    expect(await lastFinished(database.pool, key)).toMatchObject({ state: 'rejected', isFirstRefusal: true });
    await end('refused-2', 'held');
    expect(await lastFinished(database.pool, key)).toMatchObject({ state: 'held', isFirstRefusal: false });
    await end('refused-3', 'published');
    expect(await lastFinished(database.pool, key)).toMatchObject({ isFirstRefusal: false });
    await end('refused-4', 'held');
    expect(await lastFinished(database.pool, key)).toMatchObject({ isFirstRefusal: true });
  });

  test('finds ordinary days stable, writes row and file once, and reads late minutes', async () => {
    const key = await serve('ordinary', 1);
    const end = START + 10 * DAY;
    const first = await check(key, end);
    expect(first.report.outcome).toBe('stable');
    expect(first.fresh).toBe(true);
    expect(first.report.coverage).toMatchObject({ currentServed: DAY, currentJudged: DAY, currentGaps: 0 });
    expect(first.report.coverage.baselineRescored).toBeGreaterThan(5 * DAY);
    const written = driftReport.parse(JSON.parse(await readFile(first.file ?? '', 'utf8')));
    expect(written).toEqual(first.report);
    const again = await check(key, end);
    expect(again).toMatchObject({ fresh: false, reportId: first.reportId, report: first.report });
    // A minute that comes late changes its hour.
    await database.pool.query(`DELETE FROM drift_reports WHERE id = $1`, [first.reportId]);
    await database.pool.query(
      `UPDATE scores SET score = 1e6, created_at = now() WHERE stream = 'ordinary' AND minute = to_timestamp($1::bigint * 60)`,
      [end - 100],
    );
    const late = await check(key, end);
    expect(late.report.current?.mean).toBeGreaterThan(100 + (first.report.current?.mean ?? 0));
  });

  test('finds a lasting change, names what changed, and when it began', async () => {
    const key = await serve('changed', 1.4);
    const { report } = await check(key, START + 9 * DAY + 12 * 60);
    expect(report.outcome).toBe('drifted');
    expect(report.reason).toContain('a lasting change');
    expect(report.features[0]!.psi).toBeGreaterThan(0.25);
    const minutes = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(minutes(report.scores?.baseline ?? [])).toBe(report.baseline?.minutes);
    expect(minutes(report.scores?.current ?? [])).toBe(report.current?.minutes);
    // The page reads what the check wrote.
    const [onPage] = await driftReports(database.pool, key, 1);
    expect(onPage).toMatchObject({ outcome: 'drifted', distribution: report.scores });
    expect(onPage?.criteria.filter(({ exceeded }) => exceeded).map(({ name }) => name)).toEqual(
      report.criteria.filter(({ exceeded }) => exceeded).map(({ name }) => name),
    );
    const onset = Date.parse(report.onset ?? '') / 60_000;
    expect(Math.abs(onset - (START + 8 * DAY))).toBeLessThanOrEqual(3 * 60);
  });

  test('leaves incidents out, until they outlast its patience', async () => {
    const key = await serve('struck', 1);
    const { pool } = database;
    const strike = async (from: number, minutes: number) => {
      await pool.query(
        `UPDATE scores SET score = 50, anomalous = true WHERE stream = 'struck' AND minute >= to_timestamp($1::bigint * 60)
         AND minute < to_timestamp($2::bigint * 60)`,
        [from, from + minutes],
      );
      await pool.query(
        `INSERT INTO incidents (stream, started_at, ended_at, last_minute, peak_minute, peak_score, severity, class)
         VALUES ('struck', to_timestamp($1::bigint * 60), to_timestamp($2::bigint * 60), to_timestamp($2::bigint * 60),
           to_timestamp($1::bigint * 60), 1, 'major', 'test')`,
        [from, from + minutes - 1],
      );
    };
    await strike(START + 9 * DAY + 300, 600);
    const short = await check(key, START + 10 * DAY);
    expect(short.report.outcome).toBe('stable');
    expect(short.report.coverage).toMatchObject({
      currentInIncidents: 600,
      currentJudged: DAY - 600,
      incidentsJudged: false,
    });
    await strike(START + 9 * DAY + 900, 500);
    await pool.query(`DELETE FROM drift_reports WHERE id = $1`, [short.reportId]);
    const long = await check(key, START + 10 * DAY);
    expect(long.report.coverage).toMatchObject({ currentInIncidents: 1100, incidentsJudged: true });
    expect(long.report.outcome).toBe('drifted');
    // Twenty times the level at first, and half as much every two hours and a half.
    await pool.query(
      `UPDATE features SET values = (SELECT array_agg((v * (1 + 19 * power(0.5, (extract(epoch FROM minute) / 60 - $1) / 150)))::real)
         FROM unnest(values) AS v)
       WHERE stream = 'struck' AND minute >= to_timestamp($1::bigint * 60)`,
      [START + 9 * DAY + 300],
    );
    await pool.query(`DELETE FROM drift_reports WHERE id = $1`, [long.reportId]);
    const storm = await check(key, START + 10 * DAY);
    expect(storm.report.outcome).toBe('suppressed');
    expect(storm.report.reason).toContain('a storm since 2026-01-14 05:00 UTC is going back to the level of before');
    expect(storm.report.coverage).toMatchObject({ incidentsJudged: false });
  });

  test('is suppressed, with the numbers, while gaps leave too little to judge', async () => {
    const key = await serve('gappy', 1);
    await database.pool.query(
      `DELETE FROM scores WHERE stream = 'gappy' AND minute >= to_timestamp($1::bigint * 60) AND minute < to_timestamp($2::bigint * 60)`,
      [START + 9 * DAY, START + 9 * DAY + 900],
    );
    const { report } = await check(key, START + 10 * DAY);
    expect(report.outcome).toBe('suppressed');
    expect(report.reason).toBe(
      'only 540 of 1440 minutes can be judged: 0 are in incidents, 900 are gaps or have no score',
    );
  });
});
