import { expect, test } from '@jest/globals';
import { countsBackAfter } from '../../bench/regimes/countsBack.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureBlock } from '../../src/features/row.js';

const DAY = 1440;
const event = { from: DAY + 300, until: DAY + 400 };

/** Days with a rhythm, and an event whose traffic stays at `factor` for `tail` minutes after its label. */
function series(tail: number, factor: number, days = 3): FeatureBlock {
  const rows = days * DAY;
  const values = new Float32Array(rows * FEATURE_COUNT);
  for (let row = 0; row < rows; row++) {
    const level = 100 * (1 + 0.5 * Math.sin((2 * Math.PI * row) / DAY)) + (row % 7);
    values.fill(
      row >= event.from && row < event.until + tail ? factor * level : level,
      row * FEATURE_COUNT,
      (row + 1) * FEATURE_COUNT,
    );
  }
  const minutes = Int32Array.from({ length: rows }, (_, row) => row);
  return { minutes, values, columns: FEATURE_COUNT, usable: new Uint8Array(rows).fill(1) };
}

const labels = new Uint8Array(3 * DAY).fill(1, event.from, event.until);
const regime = { from: 0, until: 3 * DAY };

test('counts are back when an hour is ordinary beside the same time of other days', () => {
  expect(countsBackAfter(series(0, 2), labels, event, regime)).toBe(0);
  expect(countsBackAfter(series(120, 2), labels, event, regime)).toBe(120);
  expect(countsBackAfter(series(1000, 2), labels, event, regime)).toBeNull();
  // A fall is not over the ordinary, and one day has no other.
  expect(countsBackAfter(series(120, 0.5), labels, event, regime)).toBe(0);
  expect(countsBackAfter(series(0, 2), labels, event, { from: DAY, until: 2 * DAY })).toBeNull();
});

test('a burst on one other day is not the ordinary', () => {
  const block = series(120, 2, 5);
  const burst = 2 * DAY + event.until;
  block.values.fill(1000, burst * FEATURE_COUNT, (burst + 90) * FEATURE_COUNT);
  const longer = new Uint8Array(5 * DAY).fill(1, event.from, event.until);
  expect(countsBackAfter(block, longer, event, { from: 0, until: 5 * DAY })).toBe(120);
});
