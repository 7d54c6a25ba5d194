import { expect, test } from '@jest/globals';
import { recordings } from '../../bench/transfer/recorded.js';
import { weaker } from '../../bench/transfer/weaker.js';

const [slammer] = recordings([]).filter(({ name }) => name === 'Slammer');
const withData = slammer === undefined ? test.skip : test;

/** Median of a column of the block over the rows with the label. */
function median(values: Float32Array, columns: number, column: number, rows: readonly number[]): number {
  const sorted = rows.map((row) => values[row * columns + column]!).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

withData('a weaker copy lowers the event alone, by a part of its height on the log scale', () => {
  const { block, labels } = slammer!.data;
  const { columns } = block;
  const rows = [...labels.keys()];
  const [event, ordinary] = [1, 0].map((label) => rows.filter((row) => labels[row] === label));
  const half = weaker(slammer!.data, 0.5);
  for (const row of ordinary!) expect(half.values[row * columns]).toBe(block.values[row * columns]);
  const first = event![0]!;
  const before = median(block.values, columns, 0, rows.slice(first - 1440, first));
  const [whole, halved] = [block, half].map(({ values }) => median(values, columns, 0, event!));
  expect(whole).toBeGreaterThan(1.3 * before);
  const part = Math.log((1 + halved!) / (1 + before)) / Math.log((1 + whole!) / (1 + before));
  expect(part).toBeCloseTo(0.5, 1);
});

withData('at its whole height it is the recording', () => {
  const { block } = slammer!.data;
  const same = weaker(slammer!.data, 1).values;
  block.values.forEach((value, i) => {
    if (Math.abs(same[i]! - value) > 1e-4 * (1 + value)) throw new Error(`value ${i}: ${same[i]} for ${value}`);
  });
  expect(same).toHaveLength(block.values.length);
});
