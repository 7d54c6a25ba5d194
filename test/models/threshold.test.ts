import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitCalibration, scoreAt, surpriseForRate, surpriseOf, thresholdFor } from '../../src/models/threshold.js';
import { seededRandom } from '../../src/random/sfc32.js';

const exponential = (n: number, seed: number): Float64Array => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: n }, () => -Math.log(1 - random()));
};

describe('thresholds', () => {
  test('the surprise of an exponential tail is its true one, within a fifth, also beyond the sample', () => {
    const c = fitCalibration(exponential(20_000, 1));
    for (const decades of [2, 3, 4, 5]) {
      expect(Math.abs(surpriseOf(c, decades * Math.LN10) - decades)).toBeLessThan(0.2 * decades);
    }
  });

  test('surprise rises with the score, and scoreAt is its inverse in the tail', () => {
    const c = fitCalibration(exponential(3000, 2));
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 40, noNaN: true }),
        fc.double({ min: 0.001, max: 5, noNaN: true }),
        (a, d) => {
          expect(surpriseOf(c, a + d)).toBeGreaterThanOrEqual(surpriseOf(c, a));
        },
      ),
    );
    for (const surprise of [2, 3, 6]) expect(surpriseOf(c, scoreAt(c, surprise))).toBeCloseTo(surprise, 8);
  });

  test('an alarm of many minutes counts once', () => {
    const scores = exponential(5000, 3);
    for (let burst = 0; burst < 8; burst++) for (let i = 0; i < 40; i++) scores[burst * 600 + i] = 10 + i / 100;
    const minutes = Float64Array.from(scores, (_, i) => i);
    const counted = fitCalibration(scores, minutes);
    expect(counted.alone).toBeLessThan(0.1);
    expect(thresholdFor(counted, 1)).toBeLessThan(thresholdFor(fitCalibration(scores), 1));
  });

  test('fewer wanted false alarms give a higher threshold', () => {
    const c = fitCalibration(exponential(2000, 4));
    expect(thresholdFor(c, 0.1)).toBeGreaterThan(thresholdFor(c, 1));
    expect(surpriseForRate(1)).toBeGreaterThan(3);
  });

  test('NaN scores stay NaN and are not fitted; constant scores still give a threshold above them', () => {
    const c = fitCalibration(Float64Array.from([Number.NaN, ...exponential(100, 5)]));
    expect(c.samples).toBe(100);
    expect(surpriseOf(c, Number.NaN)).toBeNaN();
    expect(thresholdFor(fitCalibration(new Float64Array(50).fill(2)), 1)).toBeGreaterThan(2);
    expect(() => fitCalibration([Number.NaN])).toThrow(/no score/);
  });
});
