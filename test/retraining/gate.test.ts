import { describe, expect, test } from '@jest/globals';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureBlock } from '../../src/features/row.js';
import type { ModelKind } from '../../src/models/model.js';
import { ANOMALY_CLASSES, type Exam, type ExamResult, takeExam } from '../../src/retraining/exam.js';
import { decide, type GateEvidence, type HeldBackResult } from '../../src/retraining/gate.js';
import { heldBackResult } from '../../src/retraining/heldBack.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { cleanedWindow, splitWindow } from '../../src/retraining/window.js';

const settings = retrainingSettings.parse({});

function ordinaryRows(rows: number): FeatureBlock {
  return {
    minutes: Int32Array.from({ length: rows }, (_, row) => 1_000_000 + row),
    values: new Float32Array(rows * FEATURE_COUNT),
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows).fill(1),
  };
}

describe('the held-back minutes', () => {
  const block = ordinaryRows(2880);
  const window = splitWindow(block, [], 1440, 10_000);
  /** Counts with the anomalous rows named. */
  const counted = (anomalous: readonly number[]): HeldBackResult =>
    heldBackResult(
      Float64Array.from(block.minutes, (_, row) => (anomalous.includes(row) ? 2 : row / 1e6)),
      window,
      1,
      0,
    );
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  const first = window.heldBack[100]!;

  test('one episode of up to half an hour is no habit', () => {
    const { minutes, anomalyRate, habitualRate } = counted(range(first, 30));
    expect(minutes).toBe(720);
    expect(anomalyRate).toBe(30 / 720);
    expect(habitualRate).toBe(0);
  });

  test('what comes beside it, or after the half hour, is', () => {
    expect(counted(range(first, 40)).habitualRate).toBe(10 / 720);
    expect(counted([...range(first, 20), ...range(first + 60, 5)]).habitualRate).toBe(5 / 720);
    // Quiet minutes between, but fewer than thirty: the same episode.
    expect(counted([...range(first, 20), ...range(first + 40, 5)]).habitualRate).toBe(0);
  });

  test('of few minutes no more than a tenth is left out', () => {
    const few = splitWindow(ordinaryRows(400), [], 200, 10_000);
    expect(few.heldBack).toHaveLength(100);
    const score = Float64Array.from({ length: 400 }, (_, row) => (few.heldBack.slice(0, 25).includes(row) ? 2 : 0));
    expect(heldBackResult(score, few, 1, 0).habitualRate).toBeCloseTo(0.15);
  });

  test('minutes that the champion finds anomalous are not trained on, unless few or so many that it does not fit', () => {
    const flagged = (count: number) => Uint8Array.from(block.minutes, (_, row) => (row < count ? 1 : 0));
    const cleaned = cleanedWindow(window, flagged(100));
    expect(cleaned.trainingRows).toBe(window.trainingRows - 100);
    expect(cleaned.training.usable.slice(0, 101).reduce((sum, usable) => sum + usable, 0)).toBe(1);
    expect(cleaned.leftOut.champion).toBe(100);
    expect(cleaned.heldBack).toBe(window.heldBack);
    expect(cleanedWindow(window, flagged(5))).toBe(window);
    expect(cleanedWindow(window, flagged(600))).toBe(window);
  });

  test('what the champion of a cleaned window finds as well, and its edges, count against no challenger', () => {
    const block = ordinaryRows(2880);
    const anomaly = range(first, 40);
    const flagged = Uint8Array.from(block.minutes, (_, row) => (anomaly.includes(row) ? 1 : 0));
    const cleaned = cleanedWindow(
      window,
      Uint8Array.from(flagged, (value, row) => (row < 100 ? 1 : value)),
    );
    const rates = (anomalous: readonly number[]) =>
      heldBackResult(
        Float64Array.from(block.minutes, (_, row) => (anomalous.includes(row) ? 2 : 0)),
        cleaned,
        1,
        0,
      );
    expect(rates(range(first - 5, 60))).toMatchObject({ minutes: 720 - 60, anomalyRate: 0 });
    expect(rates(range(first + 100, 40)).anomalyRate).toBe(40 / (720 - 60));
    // Where all that is held back is anomalous, it is judged all the same.
    const all = cleanedWindow(
      window,
      Uint8Array.from(block.minutes, (_, row) => (window.heldBack.includes(row) || row < 100 ? 1 : 0)),
    );
    expect(heldBackResult(new Float64Array(2880).fill(2), all, 1, 0)).toMatchObject({ minutes: 720, anomalyRate: 1 });
  });

  test('the whole window counts the minutes that were trained on too', () => {
    const trained = [0, 100, 200, 300];
    const result = counted(trained);
    expect(result.anomalyRate).toBe(0);
    expect(result.window).toEqual({ minutes: 2880, anomalyRate: 4 / 2880, habitualRate: 3 / 2880 });
  });

  test('rows over the cap of the model are in neither', () => {
    const capped = splitWindow(block, [], 1440, 1000);
    const result = heldBackResult(new Float64Array(2880).fill(2), capped, 1, 0);
    expect(result.window.minutes).toBe(1720);
  });
});

describe('the exam', () => {
  /** Scores a minute by its first feature; an alarm is a score over 3.1, and the surprise is the score. */
  const kind: ModelKind<null> = {
    name: 'heuristic',
    context: 0,
    minimumRows: 1,
    maximumRows: 1e6,
    fit: async () => null,
    score: async (_, { values, minutes, columns }) => {
      const score = Float64Array.from(minutes, (_, row) => values[row * columns]!);
      return { score, surprise: score };
    },
    threshold: () => 3.1,
    explain: async () => [],
    encode: async () => [],
    decode: async () => null,
  };

  test('an episode is found by any minute, and at reach when a threshold of more false alarms would find it', async () => {
    const block = ordinaryRows(80);
    const classes = new Uint8Array(80);
    // Two episodes of each class, ten rows apart, of two minutes; the greater of the two is what counts.
    const best = [5, 2.9, 5, 1, 2.9, 2.9, 1, 1];
    for (const [episode, value] of best.entries()) {
      classes.fill((episode >> 1) + 1, 10 * episode + 4, 10 * episode + 6);
      block.values[(10 * episode + 5) * FEATURE_COUNT] = value;
    }
    const exam: Exam = { block, classes };
    // Two false alarms a day are at a surprise of 3.16 (half of them asked for), eight at 2.56.
    const result = await takeExam(kind, null, exam, { falseAlarmsPerDay: 2, falseAlarmFactor: 4 });
    expect(Object.values(result.byClass)).toEqual([0.5, 0.5, 0, 0]);
    expect(result.recall).toBe(0.25);
    expect(Object.values(result.atReach.byClass)).toEqual([1, 0.5, 1, 0]);
    expect(result.atReach.recall).toBe(0.625);
    // A threshold far over the wanted rate's is no matter of reach.
    const deaf = await takeExam({ ...kind, threshold: () => 100 }, null, exam, {
      falseAlarmsPerDay: 2,
      falseAlarmFactor: 4,
    });
    expect(Object.values(deaf.atReach.byClass)).toEqual([0.5, 0, 1, 0]);
    const strict = await takeExam(kind, null, exam, { falseAlarmsPerDay: 2, falseAlarmFactor: 1 });
    expect(strict.atReach).toEqual({ byClass: strict.byClass, recall: strict.recall });
  });
});

describe('the gate', () => {
  const rates = (rate: number, habitual = rate) => ({ minutes: 720, anomalyRate: rate, habitualRate: habitual });
  const heldBack = (rate: number, habitual = rate, window = rates(0.001, 0)): HeldBackResult => ({
    ...rates(rate, habitual),
    unscored: 0,
    lowest: 0,
    highest: 1,
    window,
  });
  const result = (found: number, atReach = found): ExamResult => {
    const byClass = (share: number) =>
      Object.fromEntries(ANOMALY_CLASSES.map((name) => [name, share])) as ExamResult['byClass'];
    return {
      byClass: byClass(found),
      recall: found,
      atReach: { byClass: byClass(atReach), recall: atReach },
      lowest: 0,
      highest: 1,
      unscored: 0,
    };
  };
  const evidence = (change: Partial<GateEvidence>): GateEvidence => ({
    threshold: 0.5,
    challenger: heldBack(0.001),
    champion: heldBack(0.001),
    exam: { challenger: result(1), champion: result(1), reference: result(1) },
    ...change,
  });
  const judge = (change: Partial<GateEvidence>) => decide(evidence(change), settings);

  test('publishes an equal', () => {
    expect(judge({}).state).toBe('published');
  });

  test('one unmarked episode on few minutes does not decide, two do', () => {
    expect(judge({ challenger: heldBack(0.04, 0) }).state).toBe('published');
    const verdict = judge({ challenger: heldBack(0.04, 0.01) });
    expect(verdict.state).toBe('rejected');
    expect(verdict.reasons).toEqual([
      'it would flag 4.00 % of 720 held-back minutes, 1.00 % without its longest alarm; the version that serves flags 0.10 %, and a new one may flag 0.50 % more',
    ]);
  });

  test('a champion that finds as much is no reason to reject', () => {
    expect(judge({ challenger: heldBack(0.04, 0.03), champion: heldBack(0.03) }).state).toBe('published');
  });

  test('in a cleaned window the champion is no measure, the limit on anomalous minutes still is', () => {
    const champion = heldBack(0);
    expect(judge({ challenger: heldBack(0.02), champion }).state).toBe('rejected');
    expect(judge({ challenger: heldBack(0.02), champion, isCleaned: true }).state).toBe('published');
    expect(judge({ challenger: heldBack(0.06), champion, isCleaned: true }).state).toBe('rejected');
  });

  test('one that cries wolf in the minutes it was trained on is rejected, held back or not', () => {
    const verdict = judge({ challenger: heldBack(0, 0, rates(0.03, 0.02)) });
    expect(verdict.state).toBe('rejected');
    expect(verdict.reasons.join()).toContain('minutes of its window');
  });

  test('false alarms on minutes that it knows are judged by what its threshold promises, not by the champion', () => {
    const wolf = { challenger: heldBack(0, 0, rates(0.045, 0.028)), champion: heldBack(0, 0, rates(0.045, 0.03)) };
    expect(judge(wolf)).toEqual({
      state: 'rejected',
      reasons: [
        'it would flag 4.50 % of 720 minutes of its window, 2.80 % without its longest alarm; 2 false alarms a day make at most 2.08 %, and it may flag 0.50 % more',
      ],
    });
    expect(judge({ ...wolf, challenger: heldBack(0, 0, rates(0.045, 0.025)) }).state).toBe('published');
    // After a step the longer part of the window is the traffic before it.
    expect(judge({ ...wolf, step: { column: 0, factor: 3 } }).state).toBe('published');
  });

  test('after a fall a champion that flags nothing is deaf: the promise is the measure', () => {
    const challenger = heldBack(0.02, 0.01, rates(0.03, 0.018));
    const champion = heldBack(0, 0, rates(0.007, 0));
    const after = (factor: number) => judge({ challenger, champion, step: { column: 0, factor } }).state;
    expect(after(0.44)).toBe('published');
    expect(after(2.3)).toBe('rejected');
    const wolf = heldBack(0.03, 0.027);
    expect(judge({ challenger: wolf, champion, step: { column: 0, factor: 0.44 } }).state).toBe('rejected');
  });

  test('anomalies missed by chance are not held against it, those out of reach are', () => {
    const exam = (found: number, atReach: number) => ({
      challenger: result(found, atReach),
      champion: result(1),
      reference: result(1),
    });
    expect(judge({ exam: exam(0.85, 0.95) }).state).toBe('published');
    const verdict = judge({ exam: exam(0.3, 0.8) });
    expect(verdict.state).toBe('rejected');
    expect(verdict.reasons[0]).toBe(
      `it finds 30.00 % of the exam's "spike" episodes, and 80.00 % with 4 times the false alarms, the champion 100.00 %`,
    );
  });

  test('one that is deaf at the threshold that would serve is rejected, whatever another threshold would find', () => {
    const exam = { challenger: result(0.75, 1), champion: result(1), reference: result(1) };
    const verdict = judge({ exam });
    expect(verdict.state).toBe('rejected');
    expect(verdict.reasons).toEqual([
      'at the threshold that would serve it finds 75.00 % of the exam, the champion 100.00 % (at least 80.00 % of that)',
    ]);
    expect(judge({ exam: { ...exam, challenger: result(0.81, 1) } }).state).toBe('published');
  });

  test('after a step the very first version is the measure, with the budget of a regime', () => {
    const exam = (found: number) => ({
      challenger: result(found),
      champion: null,
      reference: { recall: 0.6, origin: 1 },
    });
    const step = { column: 0, factor: 4 };
    expect(judge({ exam: exam(0.75), step }).state).toBe('published');
    expect(judge({ exam: exam(0.65), step }).state).toBe('held');
    // No champion took this exam: what it finds at the threshold that will serve counts, too.
    expect(judge({ exam: { ...exam(1), challenger: result(0, 1) }, step }).state).toBe('held');
    // Without a step the lineage's own first version is.
    expect(judge({ exam: exam(0.58) }).state).toBe('published');
  });

  test('what the whole lineage has lost is held for a person, though each step was small', () => {
    const exam = { challenger: result(0.85, 0.9), champion: result(0.92), reference: result(1) };
    expect(judge({ exam }).state).toBe('held');
    expect(judge({ exam: { ...exam, challenger: result(0.85, 0.96) } }).state).toBe('published');
  });
});
