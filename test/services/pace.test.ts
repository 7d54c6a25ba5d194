import { expect, test } from '@jest/globals';
import { Pace } from '../../src/services/pace.js';

const waits = (pace: Pace, count: number) => Array.from({ length: count }, () => pace.inVain());

test('a stage that works by rows alone looks less often the longer nothing comes, and soon again once something did', () => {
  const pace = new Pace(1, true);
  expect(waits(pace, 5)).toEqual([500, 1_000, 2_000, 2_000, 2_000]);
  pace.reset();
  expect(waits(pace, 2)).toEqual([500, 1_000]);
});

test('one that the clock gives work looks twice a second', () => {
  expect(waits(new Pace(1, false), 4)).toEqual([500, 500, 500, 500]);
});

test('in a process of many streams all of them together look no more often than sixteen would', () => {
  expect(waits(new Pace(64, false), 2)).toEqual([2_000, 2_000]);
  expect(waits(new Pace(128, true), 2)).toEqual([4_000, 4_000]);
});
