import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { initialWeights } from '../../../src/models/lstm/architecture.js';
import { FusedEngine, type FusedSession } from '../../../src/models/lstm/engineFused.js';
import { TfjsEngine, type TfjsSession } from '../../../src/models/lstm/engineTfjs.js';
import { compileKernel, startKernel } from '../../../src/models/lstm/kernel/kernel.js';
import { relativeDifference } from './difference.js';
import { startsOf, waves } from './rows.js';

const fusedEngine = new FusedEngine();
const tfjsEngine = new TfjsEngine();
const ROWS = 160;

describe('fused kernel beside tfjs', () => {
  const shapes = fc.record({
    // tfjs cannot differentiate a window of one minute (the gradient of its unstack fails).
    steps: fc.integer({ min: 2, max: 12 }),
    features: fc.integer({ min: 1, max: 26 }),
    hidden: fc.integer({ min: 1, max: 34 }),
    batch: fc.integer({ min: 1, max: 70 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  });

  test('gradients equal autograd, and errors the forward pass, over random shapes', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ steps, features, hidden, batch, seed }) => {
        const architecture = { steps, features, hidden };
        const options = { rows: ROWS, batch, threads: 1, clip: 1 };
        const fused = (await fusedEngine.open(architecture, options)) as FusedSession;
        const stock = (await tfjsEngine.open(architecture, options)) as TfjsSession;
        try {
          const weights = initialWeights(architecture, seed);
          const rows = waves(ROWS, features, seed);
          const starts = startsOf(batch, ROWS, steps, seed);
          for (const session of [fused, stock]) {
            session.setRows(rows);
            session.setWeights(weights);
          }
          const ours = fused.gradient(starts);
          const theirs = stock.gradient(starts);
          expect(relativeDifference(ours.gradient, theirs.gradient)).toBeLessThan(1e-4);
          expect(Math.abs(ours.loss / theirs.loss - 1)).toBeLessThan(1e-4);
          const stepWeights = Float32Array.from({ length: steps }, (_, t) => t + 1);
          const errors = await fused.errors(starts, stepWeights);
          expect(relativeDifference(errors, await stock.errors(starts, stepWeights))).toBeLessThan(1e-4);
        } finally {
          fused.close();
          stock.close();
        }
      }),
      { numRuns: 12, seed: 20_260 },
    );
  });

  test('training curves agree step by step over ten seeds', async () => {
    const architecture = { steps: 10, features: 6, hidden: 8 };
    for (let seed = 1; seed <= 10; seed++) {
      const curves: number[][] = [];
      for (const engine of [fusedEngine, tfjsEngine]) {
        const session = await engine.open(architecture, { rows: ROWS, batch: 16, threads: 1, clip: 0.5 });
        session.setRows(waves(ROWS, 6, seed));
        session.setWeights(initialWeights(architecture, seed));
        const curve: number[] = [];
        for (let step = 0; step < 12; step++) {
          curve.push(await session.train(startsOf(16, ROWS, 10, 100 * seed + step), 0.01));
        }
        curves.push(curve);
        session.close();
      }
      curves[0]!.forEach((loss, step) => {
        expect(Math.abs(loss / curves[1]![step]! - 1)).toBeLessThan(0.005);
      });
      expect(curves[0]!.at(-1)!).toBeLessThan(curves[0]![0]!);
    }
  });
});

describe('fused kernel', () => {
  test('gives the same bytes for one, two and three threads', async () => {
    const architecture = { steps: 9, features: 11, hidden: 12 };
    const results: { weights: Float32Array; losses: number[]; errors: Float32Array }[] = [];
    for (const threads of [1, 2, 3]) {
      const session = await fusedEngine.open(architecture, { rows: ROWS, batch: 90, threads, clip: 1 });
      session.setRows(waves(ROWS, 11, 5));
      session.setWeights(initialWeights(architecture, 5));
      const losses: number[] = [];
      for (let step = 0; step < 40; step++) losses.push(await session.train(startsOf(90, ROWS, 9, step), 0.01));
      const errors = await session.errors(startsOf(100, ROWS, 9, 7), new Float32Array(9).fill(1));
      results.push({ weights: session.weights(), losses, errors });
      session.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('tanh and the logistic function are right to a few units in the last place', async () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
    const kernel = startKernel(await compileKernel(), memory);
    // The first page holds the kernel's own constants.
    const address = 65_536;
    const values = new Float32Array(memory.buffer, address, 4096);
    const inputs = Float32Array.from({ length: 4096 }, (_, i) => ((i - 2048) / 2048) ** 3 * 20);
    values.set(inputs);
    kernel.activate(address, 4096, 0);
    const worst = (error: (x: number, value: number) => number): number =>
      inputs.reduce((most, x, i) => Math.max(most, error(x, values[i]!)), 0);
    const tanhError = (x: number, value: number): number => {
      return Math.abs(value - Math.tanh(x)) / (Math.abs(Math.tanh(x)) + 1e-6);
    };
    expect(worst(tanhError)).toBeLessThan(4e-7);
    values.set(inputs);
    kernel.activate(address, 4096, 1);
    expect(worst((x, value) => Math.abs(value - 1 / (1 + Math.exp(-x))))).toBeLessThan(3e-7);
    values.set([Number.NaN, 1]);
    kernel.activate(address, 4, 0);
    expect(values[0]).toBeNaN();
  });

  test('refuses more rows or windows than planned', async () => {
    const session = await fusedEngine.open(
      { steps: 4, features: 3, hidden: 4 },
      { rows: 10, batch: 4, threads: 1, clip: 1 },
    );
    expect(() => session.setRows(new Float32Array(33))).toThrow(RangeError);
    await expect(session.train(new Int32Array(17), 0.01)).rejects.toThrow(RangeError);
    session.close();
  });
});
