import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_WEIGHTS,
  ENSEMBLE_THRESHOLD,
  type EnsembleState,
  INITIAL_STATE,
  VOTE,
  type Vote,
  vote,
  voteFor,
} from '../../src/detection/ensemble.js';
import { MODEL_KINDS } from '../../src/models/model.js';
import { surpriseAt } from '../../src/models/threshold.js';
import { seededRandom } from '../../src/random/sfc32.js';

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

test('a storm that wanes is over when nothing of half an hour would begin one; a small incident goes on as long as it lasts', () => {
  const wanes = after(ENSEMBLE_THRESHOLD + 0.05, 240, after(6, 60));
  const short = ENSEMBLE_THRESHOLD - 0.05;
  expect(after(short, 29, wanes).anomalous).toBe(true);
  expect(after(short, 30, wanes).anomalous).toBe(false);
  const again = after(ENSEMBLE_THRESHOLD, 1, after(short, 29, wanes));
  expect(after(short, 29, again).anomalous).toBe(true);
  // 0.6 of its height is less than what begins one.
  expect(after(2.7, 300, after(3.6, 5)).anomalous).toBe(true);
});

test('for a day after a great incident a new one must come near to it, and none is silenced altogether', () => {
  const over = after(1, 1, after(4.9, 60));
  expect(after(ENSEMBLE_THRESHOLD, 1).anomalous).toBe(true);
  // 4.9 is not great enough to raise more than any alarm does.
  expect(alike(ENSEMBLE_THRESHOLD, over).anomalous).toBe(false);
  expect(alike(ENSEMBLE_THRESHOLD + VOTE.step, over).anomalous).toBe(true);
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

test('while the volume has fallen and its last minutes are ordinary a minute is not anomalous, and the incident stays open', () => {
  const at = (surprise: number, afterFall: number, state: EnsembleState) =>
    vote([{ kind: 'heuristic', surprise, anomalous: true, afterFall }], DEFAULT_WEIGHTS, state);
  const storm = after(6, 60);
  const over = at(5, 1, storm);
  expect(over).toMatchObject({ anomalous: false, state: { anomalous: true } });
  expect(over.score).toBeCloseTo(5);
  // What is still on, or comes again, is of the same incident, and no new one must reach for it.
  expect(at(5, VOTE.stay, over.state).anomalous).toBe(true);
  expect(at(5, Number.NaN, over.state).anomalous).toBe(true);
  expect(at(5, Number.NaN, over.state).state.moved).toBe(storm.moved);
  // It ends as any other does, and begins while counts fall no more than it goes on.
  expect(at(2, 1, over.state).state.anomalous).toBe(false);
  expect(at(5, 1, INITIAL_STATE).state.anomalous).toBe(false);
  // Forest and LSTM do not look at the volume alone.
  const agreed = vote(votes(0.5, 3.8, 4.2), DEFAULT_WEIGHTS, INITIAL_STATE).state;
  const doubted = votes(0.5, 3.8, 4.2).map((of) => (of.kind === 'heuristic' ? { ...of, afterFall: 0.4 } : of));
  expect(vote(doubted, DEFAULT_WEIGHTS, agreed).anomalous).toBe(true);
});

test('forest and LSTM can doubt what the rules see alone, and not silence it', () => {
  const silent = vote(votes(4.5, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE);
  expect(silent.score).toBeLessThan(4.5);
  expect(silent.anomalous).toBe(true);
  expect(vote(votes(3.5, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE).anomalous).toBe(false);
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
  expect(vote(votes(1e9, 0, 0), DEFAULT_WEIGHTS, INITIAL_STATE).score).toBeLessThan(26);
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

test('forest and LSTM together raise an alarm that the rules do not see, unless traffic is below the ordinary', () => {
  const agreed = vote(votes(0.5, 3.8, 4.2), DEFAULT_WEIGHTS, INITIAL_STATE);
  expect(agreed).toMatchObject({ score: 4, anomalous: true });
  expect(agreed.votes.map(({ weight }) => weight)).toEqual([0, 0.5, 0.5]);
  for (const doubted of [votes(0.5, 3.8, 3.2), votes(0.5, 0, 9), votes(0.2, 9, 9), votes(0.5, 9, Number.NaN)]) {
    expect(vote(doubted, DEFAULT_WEIGHTS, INITIAL_STATE).anomalous).toBe(false);
  }
  expect(vote(votes(0.5, 3.8, 4.2), DEFAULT_WEIGHTS, agreed.state).anomalous).toBe(true);
  // It does not outlast a storm, however small, and begins nothing soon after.
  const small = vote(votes(4.2, 4, 4), DEFAULT_WEIGHTS, INITIAL_STATE);
  const ended = vote(votes(0.5, 4, 4), DEFAULT_WEIGHTS, small.state);
  expect(ended.anomalous).toBe(false);
  expect(vote(votes(0.5, 9, 9), DEFAULT_WEIGHTS, after(1, 150, ended.state)).score).toBeLessThan(1);
  expect(vote(votes(0.5, 9, 9), DEFAULT_WEIGHTS, after(1, 200, ended.state)).anomalous).toBe(true);
  const storm = vote(votes(20, 9, 9), DEFAULT_WEIGHTS, INITIAL_STATE);
  const over = vote(votes(0.5, 9, 9), DEFAULT_WEIGHTS, storm.state);
  expect(over.anomalous).toBe(false);
  expect(vote(votes(0.5, 9, 9), DEFAULT_WEIGHTS, over.state).anomalous).toBe(false);
});

/** Alarms a day on peaks that come `often` times as often as the calibration holds: an hour apart, independent of each other. */
function alarmsADay(often: number, falseAlarmsPerDay: number, days: number): number {
  const random = seededRandom(5);
  const constants = voteFor(falseAlarmsPerDay);
  let state = INITIAL_STATE;
  let alarms = 0;
  for (let minute = 0; minute < days * 1440; minute++) {
    const peak = minute % 60 === 0 ? -Math.log10(random()) + surpriseAt(24) + Math.log10(often) : 0.3;
    const verdict = vote(votes(peak, peak, peak), DEFAULT_WEIGHTS, state, constants);
    if (verdict.anomalous && !state.anomalous) alarms++;
    state = verdict.state;
  }
  return alarms / days;
}

test('alarms come to what is wanted in a stream that is livelier or calmer than the days of training', () => {
  for (const wanted of [0.5, 1, 2, 5]) {
    for (const often of [0.3, 1, 6]) {
      const measured = alarmsADay(often, wanted, 40);
      expect(measured).toBeGreaterThan(wanted / 2);
      expect(measured).toBeLessThan(wanted * 2);
    }
  }
});

test('an alarm moves the threshold up by a step, quiet minutes move it down again, and no further than its bounds', () => {
  const begun = after(ENSEMBLE_THRESHOLD + 0.01, 1);
  expect(alike(1, begun).threshold).toBeCloseTo(ENSEMBLE_THRESHOLD + VOTE.step);
  // while an incident is on, nothing moves
  expect(alike(3.4, after(3.4, 300, begun)).threshold).toBeCloseTo(ENSEMBLE_THRESHOLD + VOTE.step);
  const day = after(1, 1440);
  expect(alike(1, day).threshold).toBeCloseTo(ENSEMBLE_THRESHOLD - VOTE.step * VOTE.falseAlarmsPerDay);
  let state = day;
  for (let week = 0; week < 3; week++) state = after(1, 5000, state);
  expect(alike(1, state).threshold).toBeCloseTo(ENSEMBLE_THRESHOLD - 1);
  expect(alike(ENSEMBLE_THRESHOLD - 0.99, state).anomalous).toBe(true);
});

test('what begins again within half an hour is the same alarm: it moves the threshold once', () => {
  const over = ENSEMBLE_THRESHOLD + VOTE.step + 0.01;
  const begun = after(over, 1);
  const movedAfter = (quiet: number): number => {
    const again = after(over, 1, after(1, quiet, begun));
    expect(again.anomalous).toBe(true);
    return again.moved!;
  };
  expect(movedAfter(1)).toBeLessThanOrEqual(begun.moved!);
  expect(movedAfter(29)).toBeLessThanOrEqual(begun.moved!);
  expect(movedAfter(30)).toBeGreaterThan(begun.moved! + 0.9 * VOTE.step);
  // each anomalous minute begins the half hour anew
  const chatter = after(over, 1, after(1, 20, after(over, 1, after(1, 20, begun))));
  expect(chatter.moved!).toBeLessThanOrEqual(begun.moved!);
});

test('a state of an older version, which kept a memory, is read', () => {
  const old = JSON.parse('{"anomalous":true,"memory":9}');
  expect(vote(votes(3.2, 3.2, 3.2), DEFAULT_WEIGHTS, old).anomalous).toBe(true);
  expect(vote(votes(1, 1, 1), DEFAULT_WEIGHTS, old).anomalous).toBe(false);
});
