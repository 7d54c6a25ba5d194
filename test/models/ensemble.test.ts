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
  const surprise = fc.double({ min: 0, max: 11, noNaN: true });
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

test('hours of disorder outrank a burst, and the memory neither begins nor prolongs an incident', () => {
  const after = (minutes: number): ReturnType<typeof vote> => {
    let verdict = vote(votes(7, 7, 7), DEFAULT_WEIGHTS, INITIAL_STATE);
    for (let i = 1; i < minutes; i++) verdict = vote(votes(7, 7, 7), DEFAULT_WEIGHTS, verdict.state);
    return verdict;
  };
  const lull = ENSEMBLE_THRESHOLD * 1.05;
  const of = (minutes: number) => vote(votes(lull, lull, lull), DEFAULT_WEIGHTS, after(minutes).state).score;
  expect(of(5)).toBeCloseTo(lull);
  expect(of(300)).toBeGreaterThan(lull * 1.3);
  expect(of(3000)).toBeLessThanOrEqual(lull * 1.5 + 1e-9);
  const over = ENSEMBLE_THRESHOLD * 0.9;
  const ended = vote(votes(over, over, over), DEFAULT_WEIGHTS, after(3000).state);
  expect(ended.anomalous).toBe(false);
  expect(ended.score).toBeCloseTo(over);
  expect(vote(votes(over, over, over), DEFAULT_WEIGHTS, ended.state).anomalous).toBe(false);
  // A state of an older version has no memory.
  expect(vote(votes(lull, lull, lull), DEFAULT_WEIGHTS, { anomalous: true }).score).toBeCloseTo(lull);
});
