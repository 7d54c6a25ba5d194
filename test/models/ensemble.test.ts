import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_WEIGHTS, ENSEMBLE_THRESHOLD, INITIAL_STATE, type Vote, vote } from '../../src/detection/ensemble.js';
import { MODEL_KINDS } from '../../src/models/model.js';

const votes = (...surprises: number[]): Vote[] =>
  surprises.map((surprise, i) => ({ kind: MODEL_KINDS[i]!, surprise, anomalous: surprise > 4 }));

test('models that agree give their common surprise, and missing ones drop out by name', () => {
  expect(vote(votes(3, 3, 3), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeCloseTo(3);
  const verdict = vote(votes(3, Number.NaN, 3), DEFAULT_WEIGHTS, INITIAL_STATE);
  expect(verdict.score).toBeCloseTo(3);
  expect(verdict.missing).toEqual(['isolation_forest']);
  expect(verdict.votes.reduce((sum, v) => sum + v.weight, 0)).toBeCloseTo(1);
});

test('no model, no alarm; the state is kept', () => {
  const verdict = vote(votes(Number.NaN), DEFAULT_WEIGHTS, { anomalous: true });
  expect(verdict).toMatchObject({ anomalous: false, missing: ['heuristic'], state: { anomalous: true } });
});

test('an incident begins at the threshold and goes on a little below it', () => {
  const below = ENSEMBLE_THRESHOLD * 0.97;
  expect(vote(votes(below, below, below), DEFAULT_WEIGHTS, { anomalous: false }).anomalous).toBe(false);
  expect(vote(votes(below, below, below), DEFAULT_WEIGHTS, { anomalous: true }).anomalous).toBe(true);
  const far = ENSEMBLE_THRESHOLD * 0.8;
  expect(vote(votes(far, far, far), DEFAULT_WEIGHTS, { anomalous: true }).anomalous).toBe(false);
});

test('the score rises with each vote, lies between the votes and is bounded', () => {
  const surprise = fc.double({ min: 0.1, max: 3, noNaN: true });
  fc.assert(
    fc.property(surprise, surprise, surprise, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, c, more) => {
      const { score } = vote(votes(a, b, c), DEFAULT_WEIGHTS, INITIAL_STATE);
      expect(score).toBeGreaterThanOrEqual(Math.min(a, b, c) - 1e-9);
      expect(score).toBeLessThanOrEqual(Math.max(a, b, c) + 1e-9);
      expect(vote(votes(a, b + more, c), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeGreaterThanOrEqual(score - 1e-9);
    }),
  );
  expect(vote(votes(1e9, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeLessThan(12);
});

test('models that still look back cannot hold an incident up once the rules see none', () => {
  const during = vote(votes(9, 9, 9), DEFAULT_WEIGHTS, INITIAL_STATE);
  expect(during.anomalous).toBe(true);
  expect(vote(votes(1.5, 30, 30), DEFAULT_WEIGHTS, during.state).anomalous).toBe(false);
  // How far the others are beyond their thresholds does not matter.
  expect(vote(votes(3, 300, 300), DEFAULT_WEIGHTS, during.state).score).toBeCloseTo(
    vote(votes(3, 30, 30), DEFAULT_WEIGHTS, during.state).score,
  );
});

test('a state of an older version, which kept a memory, is read', () => {
  const old = JSON.parse('{"anomalous":true,"memory":9}');
  expect(vote(votes(3.2, 3.2, 3.2), DEFAULT_WEIGHTS, old).anomalous).toBe(true);
  expect(vote(votes(1, 1, 1), DEFAULT_WEIGHTS, old).anomalous).toBe(false);
});
