import { describe, expect, test } from '@jest/globals';
import { chanceOf } from '../../bench/transfer/chance.js';

describe('the chance that a stream holds the factor of two all the same', () => {
  test('is 1 inside the factor', () => {
    expect(chanceOf(1, 1)).toBe(1);
    expect(chanceOf(2, 1)).toBe(1);
    expect(chanceOf(50, 100)).toBe(1);
  });

  test('is the Poisson tail at the nearer bound outside', () => {
    // One day at half an alarm asked: none is e^-0.25, three are 1 - e^-1 (1 + 1 + 1/2).
    expect(chanceOf(0, 0.5)).toBeCloseTo(Math.exp(-0.25), 12);
    expect(chanceOf(3, 0.5)).toBeCloseTo(1 - Math.exp(-1) * 2.5, 12);
  });

  test('falls towards 0 the further the count is outside', () => {
    expect(chanceOf(30, 10)).toBeLessThan(chanceOf(25, 10));
    expect(chanceOf(30, 10)).toBeLessThan(0.03);
    expect(chanceOf(10, 50)).toBeLessThan(0.001);
  });
});
