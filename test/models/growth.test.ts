import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { growthWeights } from '../../src/models/heuristic/growth.js';

const diagonal = (...variances: number[]): number[][] =>
  variances.map((variance, i) => variances.map((_, j) => (i === j ? variance : 0)));

test('a count that hardly wanders says more of the growth of all', () => {
  const [steady, lively] = growthWeights(diagonal(0.5, 2), [1, 1]);
  expect(steady! / lively!).toBeCloseTo((2 * 1.3 + 0.01) / (0.5 * 1.3 + 0.01));
});

test('counts that move together are one witness, and one that never moves is none', () => {
  const together = [
    [1, 0.95, 0],
    [0.95, 1, 0],
    [0, 0, 1],
  ];
  const [first, second, other] = growthWeights(together, [1, 1, 1]);
  expect(first).toBeCloseTo(second!);
  expect(first! + second!).toBeLessThan(1.5 * other!);
  expect(growthWeights(diagonal(1, 0, 1), [1, 0, 1])).toEqual([0.5, 0, 0.5]);
  expect(growthWeights(diagonal(0, 0), [0, 0])).toEqual([0.5, 0.5]);
});

test('no count speaks against growth, and all of them e times the ordinary give 1', () => {
  const deviation = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 });
  const sensitivity = fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(deviation, { minLength: 8, maxLength: 8 }), sensitivity, (rows, moves) => {
      const covariance = moves.map((_, i) =>
        moves.map((_, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / rows.length),
      );
      const weights = growthWeights(covariance, moves);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      expect(weights.reduce((sum, weight, i) => sum + weight * moves[i]!, 0)).toBeCloseTo(1);
    }),
  );
});
