import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_WEIGHTS,
  ENSEMBLE_THRESHOLD,
  type EnsembleState,
  INITIAL_STATE,
  type Vote,
  vote,
} from '../../src/detection/ensemble.js';
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

const alike = (surprise: number, state: EnsembleState) =>
  vote(votes(surprise, surprise, surprise), DEFAULT_WEIGHTS, state);
/** The state after minutes of the same surprise. */
const after = (surprise: number, minutes: number, state: EnsembleState = INITIAL_STATE): EnsembleState =>
  minutes === 0 ? state : after(surprise, minutes - 1, alike(surprise, state).state);

test('an incident begins at the threshold and goes on below it', () => {
  const below = ENSEMBLE_THRESHOLD * 0.9;
  expect(alike(below, INITIAL_STATE).anomalous).toBe(false);
  const small = after(ENSEMBLE_THRESHOLD + 0.01, 1);
  expect(alike(below, small).anomalous).toBe(true);
  expect(alike(ENSEMBLE_THRESHOLD * 0.75, small).anomalous).toBe(false);
});

test('a great incident is over half of the way back, but not when it wanes over hours', () => {
  const great = after(6, 60);
  expect(alike(3.5, great).anomalous).toBe(true);
  expect(alike(3.1, great).anomalous).toBe(false);
  expect(alike(3.1, after(3.5, 200, great)).anomalous).toBe(true);
});

test('for a day after a great incident a new one must come near to it, and none is silenced altogether', () => {
  const over = after(1, 1, after(4.9, 60));
  expect(after(ENSEMBLE_THRESHOLD, 1).anomalous).toBe(true);
  // 4.9 is not great enough to raise anything.
  expect(alike(ENSEMBLE_THRESHOLD, over).anomalous).toBe(true);
  const storm = after(1, 1, vote(votes(30, 5, 5), DEFAULT_WEIGHTS, INITIAL_STATE).state);
  expect(alike(ENSEMBLE_THRESHOLD * 1.2, storm)).toMatchObject({ anomalous: false });
  expect(alike(ENSEMBLE_THRESHOLD * 1.2, storm).threshold).toBeCloseTo(ENSEMBLE_THRESHOLD * 1.5);
  expect(vote(votes(8, 5, 5), DEFAULT_WEIGHTS, storm).anomalous).toBe(true);
  expect(alike(ENSEMBLE_THRESHOLD * 1.2, after(1, 1439, storm)).anomalous).toBe(false);
  expect(alike(ENSEMBLE_THRESHOLD * 1.2, after(1, 1440, storm)).anomalous).toBe(true);
});

test('a lesser incident does not shorten the memory of a great one', () => {
  const storm = after(1, 1, vote(votes(30, 5, 5), DEFAULT_WEIGHTS, INITIAL_STATE).state);
  const second = vote(votes(8, 5, 5), DEFAULT_WEIGHTS, after(1, 700, storm)).state;
  const later = after(1, 700, second);
  expect(later.passed?.greatest).toBeCloseTo(storm.passed!.greatest);
});

test('forest and LSTM can doubt what the rules see alone, and not silence it', () => {
  const silent = vote(votes(4.5, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE);
  expect(silent.score).toBeLessThan(4.5);
  expect(silent.anomalous).toBe(true);
  expect(vote(votes(3.6, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE).anomalous).toBe(false);
});

test('the score rises with each vote, lies between the votes and is bounded', () => {
  const rules = fc.double({ min: 0.1, max: 3, noNaN: true });
  const surprise = fc.double({ min: 2, max: 3, noNaN: true });
  fc.assert(
    fc.property(rules, surprise, surprise, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, c, more) => {
      const { score } = vote(votes(a, b, c), DEFAULT_WEIGHTS, INITIAL_STATE);
      expect(score).toBeGreaterThanOrEqual(Math.min(a, b, c) - 1e-9);
      expect(score).toBeLessThanOrEqual(Math.max(a, b, c) + 1e-9);
      expect(vote(votes(a, b + more, c), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeGreaterThanOrEqual(score - 1e-9);
    }),
  );
  expect(vote(votes(1e9, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeLessThan(21);
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
