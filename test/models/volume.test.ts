import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VOLUME_VIEW, volumeScales, volumeSurprise } from '../../src/models/heuristic/volume.js';

const surprise = fc.double({ min: 0, max: 12, noNaN: true });

test('a lasting mean raises what the shorter ones see too, and ends with them', () => {
  expect(volumeScales(VOLUME_VIEW)).toEqual([7, 20, 60]);
  // Weak for hours: each minute says little, the hour says much.
  expect(volumeSurprise(VOLUME_VIEW, [2.6, 3.3, 5])).toBeCloseTo(Math.min(1.25 * 3.3, 1.25 ** 2 * 2.6));
  // A storm that is over: the hour still sees it.
  expect(volumeSurprise(VOLUME_VIEW, [0.4, 0.6, 9])).toBeLessThan(0.7);
  expect(volumeSurprise(VOLUME_VIEW, [1, Number.NaN, 1])).toBeNaN();
});

test('the volume says no less than its shorter means and a quarter more at most', () => {
  fc.assert(
    fc.property(surprise, surprise, surprise, (short, middle, long) => {
      const of = volumeSurprise(VOLUME_VIEW, [short, middle, long]);
      const without = volumeSurprise({ ...VOLUME_VIEW, lasting: undefined }, [short, middle]);
      expect(of).toBeGreaterThanOrEqual(without);
      expect(of).toBeLessThanOrEqual(Math.max(without, 1.25 * middle));
    }),
  );
});
