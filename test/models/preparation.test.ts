import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  applyPreparation,
  decodePreparation,
  fitPreparation,
  preparedName,
  rawValue,
} from '../../src/models/preparation/preparation.js';
import { fitRhythm, rhythmAt } from '../../src/models/preparation/rhythm.js';
import { quantileSorted, sampleOf, spreadOf } from '../../src/models/preparation/robust.js';
import { cut, ordinaryBlock } from './synthetic.js';

function same(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((v, i) => Object.is(v, b[i]));
}

describe('preparation', () => {
  const gaps = [301, 302, 340, 520, 521, 522, 523];
  const block = ordinaryBlock(900, 1, { gaps, storm: [600, 640] });
  const p = fitPreparation(cut(block, 0, 500));

  test('gives each row the same numbers, to the last bit, wherever the batch is cut', () => {
    const whole = applyPreparation(p, block, 0);
    fc.assert(
      fc.property(fc.integer({ min: p.context, max: 899 }), fc.integer({ min: 1, max: 300 }), (from, length) => {
        const start = from - p.context;
        const end = Math.min(900, from + length);
        const part = applyPreparation(p, cut(block, start, end), p.context);
        expect(same(part, whole.slice(from * p.columns, end * p.columns))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('gives the same when missing minutes are left out instead of marked as gaps', () => {
    const keep = Array.from({ length: 900 }, (_, row) => row).filter((row) => !gaps.includes(row));
    const without = {
      minutes: Int32Array.from(keep, (row) => block.minutes[row]!),
      values: Float32Array.from(keep.flatMap((row) => Array.from(block.values.subarray(row * 37, row * 37 + 37)))),
      columns: 37,
      usable: new Uint8Array(keep.length).fill(1),
    };
    const marked = applyPreparation(p, block, 0);
    const absent = applyPreparation(p, without, 0);
    let furthest = 0;
    keep.forEach((row, i) => {
      for (let c = 0; c < p.columns; c++) {
        furthest = Math.max(furthest, Math.abs(absent[i * p.columns + c]! - marked[row * p.columns + c]!));
      }
    });
    expect(furthest).toBeLessThan(1e-4);
  });

  test('a row does not depend on later rows', () => {
    const changed = ordinaryBlock(900, 1, { gaps, storm: [600, 640] });
    changed.values.fill(1e9, 700 * 37);
    const rows = 700 * p.columns;
    expect(same(applyPreparation(p, changed, 0).slice(0, rows), applyPreparation(p, block, 0).slice(0, rows))).toBe(
      true,
    );
  });

  test('is finite for any values, and reads back what it wrote', () => {
    const value = fc.oneof(fc.constantFrom(0, 1e30, -5, Number.NaN, Number.POSITIVE_INFINITY), fc.float());
    fc.assert(
      fc.property(fc.array(value, { minLength: 37 * 4, maxLength: 37 * 4 }), (values) => {
        const odd = { ...cut(block, 0, 4), values: Float32Array.from(values) };
        const fitted = fitPreparation(odd);
        expect(applyPreparation(fitted, odd, 0).every(Number.isFinite)).toBe(true);
        expect(decodePreparation(JSON.parse(JSON.stringify(fitted)))).toEqual(fitted);
      }),
    );
  });

  test('centres ordinary minutes and lifts a lasting surge on every time scale', () => {
    const prepared = applyPreparation(p, block, 0);
    const surged = Array.from(prepared.subarray(635 * p.columns, 636 * p.columns));
    const announcements = surged.filter((_, c) => preparedName(p, c).startsWith('announcements over'));
    expect(announcements).toHaveLength(3);
    for (const z of announcements) expect(z).toBeGreaterThan(4);
  });

  test('an ended surge does not stand for as long as the longest window', () => {
    const prepared = applyPreparation(p, block, 0);
    const longest = p.columns - p.kept.length;
    expect(prepared[639 * p.columns + longest]).toBeGreaterThan(4);
    expect(prepared[700 * p.columns + longest]).toBeLessThan(2);
  });

  test('names values in their own unit', () => {
    const value = rawValue(p, 0, 0, block.minutes[0]!);
    expect(value).toBeGreaterThan(20);
    expect(value).toBeLessThan(40);
  });

  test('takes a daily rhythm out once there are three days', () => {
    const minutes = Int32Array.from({ length: 4 * 1440 }, (_, m) => m);
    const daily = Float64Array.from(minutes, (m) => Math.sin((2 * Math.PI * m) / 1440));
    const rhythm = fitRhythm(daily, 1, minutes, Array.from(minutes));
    const left = minutes.reduce((most, m) => Math.max(most, Math.abs(daily[m]! - rhythmAt(rhythm, 0, m))), 0);
    expect(left).toBeLessThan(0.12);
    expect(fitPreparation(ordinaryBlock(2 * 1440, 3)).rhythm).toBeNull();
    expect(fitPreparation(ordinaryBlock(3 * 1440, 3)).rhythm).not.toBeNull();
  });

  test('refuses a preparation with lists of unequal length', () => {
    expect(() => decodePreparation({ ...p, center: p.center.slice(1) })).toThrow(/unequal length/);
    expect(() => decodePreparation({ ...p, scale: p.scale.map(() => 0) })).toThrow();
  });
});

test('order statistics: quantiles, spread, even sampling', () => {
  expect(quantileSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(spreadOf(Float64Array.from([1, 1, 1, 1])).scale).toBe(0);
  const spread = spreadOf(Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000]));
  expect(spread.median).toBe(5.5);
  expect(spread.scale).toBeLessThan(50);
  const rows = Array.from({ length: 10_001 }, (_, i) => i);
  expect(sampleOf(rows)).toHaveLength(2500);
  expect(sampleOf(rows).at(-1)).toBeGreaterThan(9900);
});
