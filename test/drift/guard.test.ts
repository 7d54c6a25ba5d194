import { describe, expect, test } from '@jest/globals';
import type { Hour } from '../../src/drift/channels.js';
import { judge } from '../../src/drift/decision.js';
import { compareFeatures } from '../../src/drift/featureEvidence.js';
import { guard, neededEvidence } from '../../src/drift/guard.js';
import { driftReport } from '../../src/drift/report.js';
import { driftSettings, policyOf } from '../../src/drift/settings.js';
import { ofSample } from '../../src/drift/statistics/distribution.js';
import { psi, psiOfValues } from '../../src/drift/statistics/psi.js';
import { summarise } from '../../src/drift/summary.js';
import { mulberry32 } from '../../src/random/mulberry32.js';

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

describe('the guard', () => {
  test('looked at every hour, alarms less often than its budget says, with a baseline that is estimated', () => {
    const needed = Math.log(neededEvidence(0.5));
    let alarms = 0;
    const months = 40;
    for (let month = 0; month < months; month++) {
      const random = mulberry32(month);
      // Hours that go together: half of an hour's deviation is that of the hour before.
      let last = 0;
      const hours = Float64Array.from({ length: 168 + 24 + 720 }, () => {
        last = 0.5 * last + normal(random);
        return last;
      });
      for (let end = 168 + 24, quietUntil = 0; end < hours.length; end++) {
        if (end < quietUntil) continue;
        const baseline = hours.subarray(end - 24 - 168, end - 24);
        if (guard('x', baseline, hours.subarray(end - 48, end), 0.01).logEvidence < needed) continue;
        alarms++;
        quietUntil = end + 24;
      }
    }
    expect(alarms / months).toBeLessThanOrEqual(0.5);
  });

  test('finds a lasting change of twice the hourly deviation within a day, and when it began; a short one it forgets', () => {
    const random = mulberry32(1);
    const baseline = Float64Array.from({ length: 168 }, () => normal(random));
    const needed = Math.log(neededEvidence(0.5));
    const since = (change: (hour: number) => number) =>
      Float64Array.from({ length: 48 }, (_, hour) => normal(random) + change(hour));
    const lasting = guard(
      'x',
      baseline,
      since((hour) => (hour < 24 ? 0 : 2)),
      0.01,
    );
    expect(lasting.logEvidence).toBeGreaterThan(needed);
    expect(Math.abs(lasting.onset - 24)).toBeLessThanOrEqual(2);
    const short = guard(
      'x',
      baseline,
      since((hour) => (hour === 30 || hour === 31 ? 50 : 0)),
      0.01,
    );
    expect(short.logEvidence).toBeLessThan(needed);
  });
});

describe('a change of one input', () => {
  const settings = driftSettings.parse({});
  const HOURS = 8 * 24;

  /** Twelve columns of noise; the first counts messages, the second is a flag that is set in one minute of five. */
  function judged(change: (minute: number, row: number[], random: () => number) => void) {
    const random = mulberry32(5);
    const features: Hour[] = [];
    const scores: Hour[] = [];
    for (let hour = 0; hour < HOURS; hour++) {
      const values: number[] = [];
      const score: number[] = [];
      for (let minute = 0; minute < 60; minute++) {
        const row = Array.from({ length: 12 }, () => 20 + 4 * normal(random));
        row[1] = random() < 0.2 ? 1 : 0;
        change(hour * 60 + minute, row, random);
        values.push(...row);
        score.push(0.4 + 0.05 * normal(random));
      }
      features.push({ hour: hour * 60, summary: summarise(values, 12) });
      scores.push({ hour: hour * 60, summary: summarise(score, 1, 0) });
    }
    const windows = (hours: Hour[]) => ({
      baseline: hours.slice(0, HOURS - 24),
      recent: hours.slice(HOURS - 48),
      current: hours.slice(HOURS - 24),
    });
    const names = ['messages', 'flag', ...Array.from({ length: 10 }, (_, i) => `other ${i}`)];
    const key = 'isolation_forest@test';
    return judge(windows(scores), compareFeatures(windows(features), names), policyOf(settings, key), settings);
  }
  const since = (HOURS - 24) * 60;

  test('none: stable, in words', () => {
    const judgement = judged(() => {});
    expect(judgement.outcome).toBe('stable');
    expect(judgement.reason).toContain('within all limits');
  });

  test('bursts in one minute of twenty are found by the share of unusual minutes, which no other statistic shows', () => {
    const judgement = judged((minute, row, random) => {
      if (minute >= since && random() < 0.05) row[0]! *= 3;
    });
    expect(judgement.outcome).toBe('drifted');
    expect(judgement.reason).toMatch(
      /minutes with high messages 0\.0\d+ -> 0\.0\d+, \+\d+\.\d % \(limit 50\.0 %\), beyond chance/,
    );
    expect(judgement.criteria.find(({ name }) => name === 'input messages')?.exceeded).toBe(false);
    expect(judgement.features[0]).toMatchObject({ name: 'messages' });
    expect(Object.keys(judgement.features[0]!.statistics).sort()).toEqual([
      'jensen_shannon',
      'ks',
      'psi',
      'wasserstein',
    ]);
    const { edges, baseline, current } = judgement.features[0]!.distribution;
    expect([edges.length, baseline.length, current.length]).toEqual([25, 24, 24]);
    expect(current.reduce((sum, count) => sum + count, 0)).toBe(1440);
    expect(Math.abs((judgement.onset ?? 0) - since)).toBeLessThanOrEqual(120);
  });

  test('a flag that is never set again, and a column gone constant, are drift', () => {
    for (const column of [0, 1]) {
      const judgement = judged((minute, row) => {
        if (minute >= since) row[column] = column === 0 ? 20 : 0;
      });
      expect(judgement.outcome).toBe('drifted');
      expect(judgement.reason).toContain(`input ${['messages', 'flag'][column]}`);
    }
  });

  test('twice the variance around the same mean is drift', () => {
    const judgement = judged((minute, row) => {
      if (minute >= since) row[0] = 20 + Math.SQRT2 * (row[0]! - 20);
    });
    expect(judgement.outcome).toBe('drifted');
    expect(judgement.reason).toContain('messages');
  });

  test('two hours of ten times as much are none', () => {
    const judgement = judged((minute, row) => {
      if (minute >= since + 300 && minute < since + 420) row[0]! *= 10;
    });
    expect(judgement.outcome).not.toBe('drifted');
  });
});

test('the stability index by value sees what quantile bins do not', () => {
  const flag = (set: number) => ofSample(Array.from({ length: 100 }, (_, i) => (i < set ? 1 : 0)));
  expect(psi.compute(flag(3), flag(0))).toBe(0);
  expect(psiOfValues(flag(3), flag(3))).toBe(0);
  // (0.03 - 1e-6) ln(0.03 / 1e-6) + (0.97 - 1) ln(0.97 / 1)
  expect(psiOfValues(flag(3), flag(0))).toBeCloseTo(0.03 * Math.log(3e4) - 0.03 * Math.log(0.97), 4);
});

test('reports of before, which know no unusual minutes and no statistics of a feature, are still read', () => {
  const { unusualMinutes: _, ...policy } = policyOf(driftSettings.parse({}), 'lstm@a');
  const old = {
    format: 1,
    model: 'lstm@a',
    version: 1,
    outcome: 'stable',
    reason: 'x',
    windowEnd: 'x',
    currentFrom: 'x',
    baselineFrom: 'x',
    onset: null,
    coverage: {
      currentServed: 0,
      currentJudged: 0,
      currentInIncidents: 0,
      currentGaps: 0,
      incidentsJudged: false,
      baselineJudged: 0,
      baselineRescored: 0,
    },
    policy,
    falseAlarmsPerModelMonth: 0.5,
    baseline: null,
    current: null,
    criteria: [],
    statistics: {},
    features: [{ name: 'x', psi: 0, baselineMean: 0, currentMean: 0, evidence: 0 }],
  };
  const report = driftReport.parse(old);
  expect(report.policy.unusualMinutes).toBeNull();
  expect(report.features[0]!.statistics).toEqual({});
});

test('thresholds and minimum samples are those of the model, else of its kind, else of all', () => {
  const settings = driftSettings.parse({
    minimumAnomalies: 7,
    policies: {
      ...driftSettings.parse({}).policies,
      lstm: { ...driftSettings.parse({}).policies.lstm, minimumCurrent: 100, scoreShift: 0.3 },
    },
    models: { 'lstm@a': { minimumCurrent: 50, minimumBaseline: 60 } },
  });
  expect(policyOf(settings, 'lstm@a')).toMatchObject({
    scoreShift: 0.3,
    anomalyRateChange: 0.2,
    minimumCurrent: 50,
    minimumBaseline: 60,
    minimumAnomalies: 7,
  });
  expect(policyOf(settings, 'lstm@b')).toMatchObject({ minimumCurrent: 100, minimumBaseline: 1440 });
  expect(policyOf(settings, 'heuristic@a')).toMatchObject({ anomalyRateChange: 0.3, minimumCurrent: 360 });
});
