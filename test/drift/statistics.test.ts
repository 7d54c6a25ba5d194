import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeSketches, quantile, RELATIVE_ERROR, sketchOf } from '../../src/drift/sketch.js';
import { ofSample, ofSketch } from '../../src/drift/statistics/distribution.js';
import { measureAll } from '../../src/drift/statistics/registry.js';
import { decodeSummary, encodeSummary, mergeSummaries, summarise } from '../../src/drift/summary.js';
import { mulberry32 } from '../../src/random/mulberry32.js';

const YARDSTICK = '../shared/yardsticks/drift_statistics.py';
const PYTHON = '/usr/bin/python3';

function sample(seed: number, size: number, shift: number, scale: number, rounded: boolean): Float32Array {
  const random = mulberry32(seed);
  return Float32Array.from({ length: size }, () => {
    const value = shift + scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return rounded ? Math.round(value) : value;
  });
}

const CASES: { name: string; baseline: Float32Array; current: Float32Array }[] = [
  { name: 'alike', baseline: sample(1, 2000, 5, 1, false), current: sample(2, 300, 5, 1, false) },
  { name: 'shifted', baseline: sample(3, 1500, 5, 1, false), current: sample(4, 700, 6.5, 2, false) },
  { name: 'with ties', baseline: sample(5, 900, 3, 2, true), current: sample(6, 400, 4, 2, true) },
  { name: 'disjoint', baseline: sample(7, 500, 0, 1, false), current: sample(8, 500, 100, 1, false) },
];

describe('drift statistics', () => {
  test('values that are no number are left out', () => {
    const good = sample(1, 200, 5, 1, false);
    const other = sample(2, 200, 6, 1, false);
    const holed = Float32Array.from([Number.NaN, ...good, Number.NaN, Number.NaN]);
    expect(measureAll(ofSample(holed), ofSample(other))).toEqual(measureAll(ofSample(good), ofSample(other)));
    expect(sketchOf(holed)).toEqual(sketchOf(good));
    const none = ofSample([Number.NaN]);
    expect(none.total).toBe(0);
    measureAll(none, ofSample(other));
  });

  const installed = existsSync(YARDSTICK) && existsSync(PYTHON);
  const withSciPy = installed ? test : test.skip;
  withSciPy.each(CASES)(
    `equal SciPy's for samples that are $name${installed ? '' : ' (SciPy absent)'}`,
    ({ baseline, current }) => {
      const directory = mkdtempSync(join(tmpdir(), 'routewarden-statistics-'));
      try {
        writeFileSync(join(directory, 'a.f32'), baseline);
        writeFileSync(join(directory, 'b.f32'), current);
        const said = execFileSync(PYTHON, [YARDSTICK, join(directory, 'a.f32'), join(directory, 'b.f32')], {
          encoding: 'utf8',
        });
        const theirs: Record<string, number> = JSON.parse(said.trim().split('\n').at(-1) ?? '');
        const ours = measureAll(ofSample(baseline), ofSample(current));
        for (const [name, value] of Object.entries(ours))
          expect(Math.abs(value - theirs[name]!)).toBeLessThan(1e-6 * (1 + value));
        expect(Object.keys(ours).sort()).toEqual(['jensen_shannon', 'ks', 'psi', 'wasserstein']);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );

  test('on sketches stay within the error that the sketch states', () => {
    for (const { baseline, current } of CASES) {
      const exact = measureAll(ofSample(baseline), ofSample(current));
      const near = measureAll(ofSketch(sketchOf(baseline)), ofSketch(sketchOf(current)));
      const largest = Math.max(...[...baseline, ...current].map(Math.abs));
      expect(Math.abs(near.wasserstein! - exact.wasserstein!)).toBeLessThanOrEqual(2 * RELATIVE_ERROR * largest);
      expect(Math.abs(near.ks! - exact.ks!)).toBeLessThan(0.03);
    }
  });
});

describe('quantile sketch', () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

  test('gives every quantile within its relative error', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const sorted = Float64Array.from(list).sort();
        const exact = sorted[Math.floor(share * (list.length - 1))]!;
        const near = quantile(sketchOf(list), share);
        expect(Math.abs(near - exact)).toBeLessThanOrEqual(RELATIVE_ERROR * Math.abs(exact) * (1 + 1e-9) + 1e-9);
      }),
    );
  });

  test('merged equals made at once, in any order', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const merged = mergeSketches([sketchOf(b), sketchOf(a)]);
        const whole = sketchOf([...a, ...b]);
        expect(merged.bins).toEqual(whole.bins);
        expect(merged.counts).toEqual(whole.counts);
        expect(merged.total).toBe(whole.total);
      }),
    );
  });

  test('an hour survives its encoding, and cut bytes are refused', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 60 }),
        (list) => {
          const even = list.slice(0, list.length - (list.length % 2));
          const hour = summarise(even, 2, 1, new Map([['long paths', 1]]));
          const bytes = encodeSummary(hour);
          expect(decodeSummary(bytes)).toEqual(hour);
          expect(() => decodeSummary(bytes.subarray(0, bytes.length - 1))).toThrow();
        },
      ),
    );
    expect(mergeSummaries([], 3).columns).toHaveLength(3);
  });
});
