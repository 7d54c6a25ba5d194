import { expect, test } from '@jest/globals';
import { changeOf, graft } from '../../bench/transfer/grafts.js';
import { ordinary, recordings } from '../../bench/transfer/recorded.js';

const all = recordings([]);
const event = all.find(({ name }) => name === 'TTNet_leak_2004');
const stream = all.find(({ name }) => name === 'RIPE_regular');
const withData = event === undefined || stream === undefined ? test.skip : test;

withData('an event is written into another stream by the factor that it had in its own, and nowhere else', () => {
  const { block } = ordinary(stream!);
  const { columns } = block;
  const change = changeOf(event!.data);
  const at = 4000;
  const changed = graft(block, change, at, 1);
  const half = graft(block, change, at, 0.5);
  const length = change[0]!.length;
  expect(length).toBe(79);
  for (let row = 0; row < block.minutes.length; row++) {
    const cell = row * columns;
    if (row < at || row >= at + length) {
      expect(changed.values[cell]).toBe(block.values[cell]);
      continue;
    }
    const factor = Math.log1p(changed.values[cell]!) - Math.log1p(block.values[cell]!);
    expect(factor).toBeCloseTo(Math.max(change[0]![row - at]!, -Math.log1p(block.values[cell]!)), 4);
    const halved = Math.log1p(half.values[cell]!) - Math.log1p(block.values[cell]!);
    expect(halved).toBeCloseTo(Math.max(change[0]![row - at]! / 2, -Math.log1p(block.values[cell]!)), 4);
  }
  expect(Math.max(...change[0]!)).toBeGreaterThan(1);
});
