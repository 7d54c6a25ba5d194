import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ENSEMBLE_THRESHOLD, VOTE } from '../../src/detection/ensemble.js';
import { heuristic, heuristicWith } from '../../src/models/heuristic/index.js';
import { shapeSurprise } from '../../src/models/heuristic/views.js';
import { hasFallen, VOLUME_VIEW, volumeScales, volumeSurprise } from '../../src/models/heuristic/volume.js';
import { cut, ordinaryBlock } from './synthetic.js';

/** Messages, prefixes, duplicates, arrival rate and origins. */
const COUNTS = [0, 1, 2, 3, 7, 8, 9, 11, 33, 34, 35];

const surprise = fc.double({ min: 0, max: 12, noNaN: true });

test('a lasting mean raises what the shorter ones see too, and ends with them', () => {
  expect(volumeScales(VOLUME_VIEW)).toEqual([[3, 20], [20], [60]]);
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

test('longer paths alone raise an alarm: they show in no count', async () => {
  const block = ordinaryBlock(2000, 3);
  const rows = 30;
  for (let row = 1900; row < 1900 + rows; row++) {
    for (const column of [4, 5, 6, 10, 12]) block.values[row * block.columns + column]! += 0.7;
  }
  const model = await heuristic.fit(cut(block, 0, 1500), { seed: 1, falseAlarmsPerDay: 1 });
  const { surprise } = await heuristic.score(model, block, 1500);
  expect(Math.max(...surprise.subarray(0, 400))).toBeLessThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...surprise.subarray(400, 410))).toBeGreaterThan(ENSEMBLE_THRESHOLD);
  // Gone once the mean over 20 minutes has let go of them; without these measures nothing is seen.
  expect(surprise[400 + rows + 15]).toBeLessThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...surprise.subarray(400 + rows + 40))).toBeLessThan(ENSEMBLE_THRESHOLD);
  const without = heuristicWith({ ...VOLUME_VIEW, paths: { from: Number.POSITIVE_INFINITY, most: 0 } });
  const blind = await without.score(
    await without.fit(cut(block, 0, 1500), { seed: 1, falseAlarmsPerDay: 1 }),
    block,
    1500,
  );
  expect(Math.max(...blind.surprise)).toBeLessThan(ENSEMBLE_THRESHOLD);
});

test('a volume has fallen when its brief mean has shed a third of what the long one holds over the ordinary', () => {
  expect(hasFallen(1.9, 3)).toBe(true);
  expect(hasFallen(2.2, 3)).toBe(false);
  expect(hasFallen(3, 1.9)).toBe(false);
  // Below the ordinary nothing is over.
  expect(hasFallen(-3, -1)).toBe(false);
  expect(hasFallen(Number.NaN, 3)).toBe(false);
});

test('minutes after a storm are known by what they show themselves; models of before know none of it', async () => {
  const block = ordinaryBlock(2000, 11);
  const [begins, back] = [1800 - 1500, 1860 - 1500];
  for (let row = 1800; row < 1860; row++) for (const c of COUNTS) block.values[row * block.columns + c]! *= 6;
  const model = await heuristic.fit(cut(block, 0, 1500), { seed: 1, falseAlarmsPerDay: 1 });
  const { surprise, afterFall } = await heuristic.score(model, block, 1500);
  expect([...afterFall!.subarray(begins + 5, back)].every(Number.isNaN)).toBe(true);
  const tail = afterFall!.subarray(back + 11, back + 20);
  expect([...tail].every((of) => of < VOTE.stay)).toBe(true);
  expect(surprise[back + 11]).toBeGreaterThan(VOTE.stay);
  const before = { ...model, views: { ...model.views, each: model.views.each.slice(0, -2) } };
  const old = await heuristic.score(before, block, 1500);
  expect(old.surprise).toEqual(surprise);
  expect(old.afterFall!.every(Number.isNaN)).toBe(true);
});

test('a loss of peers raises an alarm alone and ends with it; a weekend that comes slowly raises none', async () => {
  const learnt = ordinaryBlock(2600, 5);
  const of = async (kind: typeof heuristic, part: (row: number) => number): Promise<Float64Array> => {
    const block = { ...learnt, values: learnt.values.slice() };
    for (let row = 1900; row < 2600; row++) {
      for (const c of COUNTS) block.values[row * block.columns + c]! *= part(row);
    }
    const model = await kind.fit(cut(block, 0, 1500), { seed: 1, falseAlarmsPerDay: 1 });
    const { surprise } = await kind.score(model, block, 1500);
    return surprise;
  };
  const never = { from: Number.POSITIVE_INFINITY, most: 0 };
  // Without the rule of silence, which sees what lasts.
  const falls = heuristicWith({ ...VOLUME_VIEW, shape: never });
  const from = 1900 - 1500;
  const lost = (row: number): number => (row < 1960 ? 0.6 : 1);
  const seen = await of(falls, lost);
  expect(Math.max(...seen.subarray(0, from))).toBeLessThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...seen.subarray(from, from + 10))).toBeGreaterThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...seen.subarray(from + 60 + 15))).toBeLessThan(ENSEMBLE_THRESHOLD);
  const blind = heuristicWith({ ...VOLUME_VIEW, shape: never, fall: never });
  expect(Math.max(...(await of(blind, lost)))).toBeLessThan(ENSEMBLE_THRESHOLD);
  // Down to the same over ten hours.
  const weekend = await of(falls, (row) => 0.6 ** Math.min(1, (row - 1900) / 600));
  expect(Math.max(...weekend)).toBeLessThan(ENSEMBLE_THRESHOLD);
});

test('a rule alone that looks back for hours ends with what the shorter means see', () => {
  // On each of three time scales the mean of the rules and their root mean square.
  expect(shapeSurprise([3, 2, 11, 1, 1, 30])).toBe(6);
  expect(shapeSurprise([0.2, 0.4, 20, 20, 20, 20])).toBeCloseTo(1.6);
  expect(shapeSurprise([1, 1, Number.NaN, 1, 1, 1])).toBeNaN();
});

test('all counts grow a little: the steady one among them says so, where a mean of all does not', async () => {
  const block = ordinaryBlock(2100, 7);
  for (let row = 0; row < 2100; row++) {
    // All but withdrawals wander together, and are low when all grow.
    for (const c of COUNTS) block.values[row * block.columns + c]! *= Math.exp(0.5 * Math.sin(row / 15));
    block.values[row * block.columns + 1] = 300 + ((row * 7) % 31);
    if (row >= 1945 && row < 1970) for (const c of COUNTS) block.values[row * block.columns + c]! *= 1.3;
  }
  const never = { from: Number.POSITIVE_INFINITY, most: 0 };
  const of = async (kind: typeof heuristic): Promise<Float64Array> => {
    const model = await kind.fit(cut(block, 0, 1500), { seed: 1, falseAlarmsPerDay: 1 });
    return (await kind.score(model, block, 1500)).surprise;
  };
  const seen = await of(heuristicWith({ ...VOLUME_VIEW, single: never }));
  expect(Math.max(...seen.subarray(0, 445))).toBeLessThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...seen.subarray(445, 460))).toBeGreaterThan(ENSEMBLE_THRESHOLD);
  expect(Math.max(...seen.subarray(470 + 40))).toBeLessThan(ENSEMBLE_THRESHOLD);
  const blind = await of(heuristicWith({ ...VOLUME_VIEW, single: never, growth: never }));
  expect(Math.max(...blind.subarray(445, 470))).toBeLessThan(ENSEMBLE_THRESHOLD);
});
