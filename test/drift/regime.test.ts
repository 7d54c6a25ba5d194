import { expect, test } from '@jest/globals';
import { maskedIncidents } from '../../src/drift/lastingIncidents.js';
import { furtherStep, refinedOnset, STEP_LOOK_BACK, stepAt, youngStep } from '../../src/drift/regimeStep.js';
import { runawaySince } from '../../src/drift/runaway.js';
import { wanes } from '../../src/drift/waning.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureBlock } from '../../src/features/row.js';
import { kindOf } from '../../src/models/kinds.js';
import { mulberry32 } from '../../src/random/mulberry32.js';
import { bridge } from '../../src/retraining/bridge.js';
import { dueGrowth, provisional } from '../../src/retraining/growth.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { admit } from '../../src/retraining/storm.js';
import { grownFrom, windowOf } from '../../src/retraining/windowSelection.js';

const START = Date.UTC(2026, 0, 5) / 60_000;
const DAY = 1440;

/** Days whose level follows the hour of the day, times a factor by minute. */
function days(count: number, factor: (row: number) => number): FeatureBlock {
  const random = mulberry32(1);
  const rows = count * DAY;
  const values = new Float32Array(rows * FEATURE_COUNT);
  for (let row = 0; row < rows; row++) {
    const rhythm = 1 + 0.3 * Math.sin((2 * Math.PI * row) / DAY);
    for (let column = 0; column < FEATURE_COUNT; column++)
      values[row * FEATURE_COUNT + column] = (100 + column) * rhythm * (0.8 + 0.4 * random()) * factor(row);
  }
  const minutes = Int32Array.from({ length: rows }, (_, row) => START + row);
  return { minutes, values, columns: FEATURE_COUNT, usable: new Uint8Array(rows).fill(1) };
}

const medianOf = (block: FeatureBlock, from: number, until: number): number =>
  Float64Array.from({ length: until - from }, (_, i) => block.values[(from + i) * block.columns]!).sort()[
    (until - from) >> 1
  ]!;

test('a step of the level is one, found to the minute; two per cent a day is none', () => {
  const at = 3 * DAY + 417;
  const stepped = days(5, (row) => (row < at ? 1 : 3));
  expect(Math.abs(refinedOnset(stepped, START + at - 200) - (START + at))).toBeLessThanOrEqual(5);
  expect(stepAt(stepped, START + at)?.factor).toBeGreaterThan(2.7);
  const boiling = days(30, (row) => 1.02 ** (row / DAY));
  for (let day = 1; day < 29; day++) expect(stepAt(boiling, START + day * DAY)).toBeNull();
});

test('twice the level is dated within six hours, among minutes that stray by more than that', () => {
  const random = mulberry32(5);
  const at = 3 * DAY;
  const stray = Float64Array.from({ length: at + 360 }, () => 10 ** (0.8 * (random() - random())));
  const doubled = days(3.25, (row) => stray[row]! * (row < at ? 1 : 2));
  for (const hours of [-13, -3, 0]) {
    const onset = refinedOnset(doubled, START + at + hours * 60);
    expect(Math.abs(onset - (START + at))).toBeLessThanOrEqual(120);
  }
});

test.each([6, 14])(
  'a change of the evening is dated there after %d h, not at the busy morning or its storm',
  (hours) => {
    const at = 6 * DAY + 18 * 60;
    const hourOf = (row: number) => (row % DAY) / 60;
    const isStorm = (row: number) => row > 6 * DAY && row < at && hourOf(row) >= 8 && hourOf(row) < 10.5;
    const busy = (row: number) => (hourOf(row) >= 8 && hourOf(row) < 22 ? 2 : 1);
    const block = days((at + hours * 60) / DAY, (row) => busy(row) * (isStorm(row) ? 11 : 1) * (row < at ? 1 : 2));
    for (const guess of [-6, 0, 3]) {
      const onset = refinedOnset(block, START + at + guess * 60);
      expect(Math.abs(onset - (START + at))).toBeLessThanOrEqual(15);
    }
  },
);

test('minutes before a change are moved to its level and keep their minutes and their rhythm', () => {
  const at = 4 * DAY;
  const block = days(5, (row) => (row < at ? 1 : 5));
  const moved = bridge(block, START + at, () => false);
  expect(moved.minutes).toBe(block.minutes);
  const level = medianOf(block, at, 5 * DAY);
  expect(medianOf(moved, 0, at) / level).toBeCloseTo(1, 1);
  expect(medianOf(moved, 200, 500) / medianOf(moved, 900, 1200)).toBeGreaterThan(1.3);
  expect(moved.values.slice(at * FEATURE_COUNT)).toEqual(block.values.slice(at * FEATURE_COUNT));
});

// The second time the next day has begun, of which an hour or two says nothing.
test.each([0.7, 1.1])(
  'the only day of a new level, %d so far, may be a low one: moved days differ as two days do, and stray as they did',
  (since) => {
    const levels = [1, 1.5, 0.9, 1.4, 1.1, 1.6, 1.2];
    const at = 7 * DAY;
    const block = days(7 + since, (row) => (row < at ? levels[Math.floor(row / DAY)]! : 10 * 0.9));
    const moved = bridge(block, START + at, () => false);
    const deviation = (of: FeatureBlock) => {
      const logs = levels.map((_, day) => Math.log(medianOf(of, day * DAY, (day + 1) * DAY)));
      const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
      return Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length);
    };
    expect(deviation(moved) / deviation(block)).toBeGreaterThan(1.2);
    expect(deviation(moved) / deviation(block)).toBeLessThan(2);
    const strays = (of: FeatureBlock) => medianOf(of, 200, 500) / medianOf(of, 900, 1200);
    expect(strays(moved)).toBeCloseTo(strays(block), 1);
  },
);

test('an incident that a change made hides nothing of the new regime, one within it is left out', () => {
  const at = 3 * DAY;
  const block = days(3.7, (row) => (row < at ? 1 : 3));
  const until = START + 3.7 * DAY;
  const settings = retrainingSettings.parse({});
  const kind = { maximumRows: 100_000 } as Parameters<typeof windowOf>[3];
  const windowWith = (from: number, to: number) =>
    windowOf(block, [{ from: START + from, until: START + to }], { onset: START + at, until }, kind, settings, 900);
  const inTheChange = windowWith(at + 300, 3.7 * DAY);
  expect(inTheChange.leftOut.incidents).toBe(0);
  expect(inTheChange.heldBack.length).toBeGreaterThan(200);
  expect(windowWith(at + 300, at + 400).leftOut.incidents).toBe(100);
});

test('where an incident takes all of the newest minutes, older ones since the change are held back', () => {
  const at = 3 * DAY;
  const end = at + 1020;
  const block = days(4, (row) => (row < at ? 1 : 0.3));
  const part = { ...block, minutes: block.minutes.slice(0, end), usable: block.usable.slice(0, end) };
  const settings = retrainingSettings.parse({});
  const kind = { maximumRows: 100_000 } as Parameters<typeof windowOf>[3];
  const change = { onset: START + at, until: START + end };
  // As at `back`, 24: under half of the change, and longer than a block.
  const masked = windowOf(part, [{ from: START + at + 530, until: START + end }], change, kind, settings, 900);
  expect(masked.leftOut.incidents).toBe(490);
  expect(masked.heldBack).toHaveLength(133);
  expect(masked.heldBack.every((row) => row >= at && row < at + 530)).toBe(true);
  // A gap at the end is as long.
  const usable = part.usable.map((value, row) => (row >= at + 530 ? 0 : value));
  expect(windowOf({ ...part, usable }, [], change, kind, settings, 900).heldBack).toEqual(masked.heldBack);
  // Nothing left out: blocks of the newest half, as the clock has them.
  const whole = windowOf(part, [], change, kind, settings, 900);
  expect(whole.heldBack).toEqual(Array.from({ length: 255 }, (_, i) => end - 255 + i));
});

test('a regime that grows keeps its beginning and the moved minutes before it, and makes no step again', () => {
  const settings = retrainingSettings.parse({});
  const kind = { maximumRows: 100_000 } as Parameters<typeof windowOf>[3];
  const at = 4 * DAY;
  const since = START + at;
  const block = days(5, (row) => (row < at ? 1 : 5));
  const until = START + 5 * DAY;
  const grown = windowOf(block, [], { onset: since, until, isDated: true }, kind, settings, 900);
  expect(grown).toMatchObject({ onset: since, step: null });
  expect(medianOf(grown.training, 0, at) / medianOf(block, at, 5 * DAY)).toBeCloseTo(1, 1);
  expect(grown.heldBack.every((row) => row >= at)).toBe(true);
  // Of a window that holds the new regime alone it is the beginning still: three days and a week are to come.
  const alone = days(1, () => 5);
  const first = windowOf(alone, [], { onset: START, until: START + DAY, isDated: true }, kind, settings, 900);
  expect(first.onset).toBe(START);
  expect(first.all.values).toEqual(alone.values);
});

test('a regime grows from the minutes that the serving version was trained on', () => {
  expect(grownFrom({ dataFrom: START - 6 * DAY }, START)).toBe(START - 6 * DAY);
  expect(grownFrom({ dataFrom: START + 10 }, START)).toBe(START);
  expect(grownFrom(null, START)).toBe(START);
});

test('a version runs away when each two hours of eighteen are over the limit, and a day of a worm is not enough', () => {
  const hours = (from: number, until: number) =>
    Array.from({ length: 72 }, (_, i) => ({
      hour: START + i * 60,
      minutes: 60,
      anomalous: i >= from && i < until ? 55 : 0,
    }));
  const end = START + 72 * 60;
  expect(runawaySince(hours(50, 72), end, 0.2)).toBe(START + 50 * 60);
  expect(runawaySince(hours(58, 72), end, 0.2)).toBeNull();
  expect(runawaySince(hours(50, 69), end, 0.2)).toBeNull();
});

test('many short incidents leave nothing out once they fill more of the newest window than the patience', () => {
  const spans = (minutes: number) =>
    Array.from({ length: 8 }, (_, i) => ({ from: START + i * 180, until: START + i * 180 + minutes }));
  const window = { from: START, until: START + DAY };
  expect(maskedIncidents(spans(100), 900, window, () => false)).toHaveLength(8);
  expect(maskedIncidents(spans(115), 900, window, () => false)).toEqual([]);
  const older = { from: START - 500, until: START - 400 };
  expect(maskedIncidents([older, ...spans(115)], 900, window, () => false)).toEqual([older]);
});

// Twenty times the level, halved every two hours and a half, as worms leave it; it stays at `floor`.
const storm = (row: number, floor: number) => (row < 0 ? 1 : Math.max(floor, 20 * 0.5 ** (row / 150)));

test('a storm goes back to the level of before, a new level stays, whatever burst it begins with', () => {
  const at = 3 * DAY + 300;
  const over = (block: FeatureBlock, hours: number) =>
    wanes(block, { from: START + at, until: START + at + hours * 60 });
  for (const hours of [15, 18, 21, 24]) {
    expect(
      over(
        days(5, (row) => storm(row - at, 1)),
        hours,
      ),
    ).toBe(true);
    for (const level of [0.5, 2, 3, 10])
      expect(
        over(
          days(5, (row) => (row < at ? 1 : level)),
          hours,
        ),
      ).toBe(false);
    const burst = (row: number) => (row < at ? 1 : row < at + 60 ? 30 : 3);
    expect(over(days(5, burst), hours)).toBe(false);
  }
  // It stops at six times the level of before.
  expect(
    over(
      days(5, (row) => storm(row - at, 6)),
      18,
    ),
  ).toBe(false);
  expect(
    over(
      days(5, (row) => storm(row - at, 1)),
      25,
    ),
  ).toBe(false);
  expect(
    wanes(
      days(2, (row) => storm(row, 1)),
      { from: START, until: START + 1000 },
    ),
  ).toBe(false);
});

test('incidents over the patience are left out while they wane, and are not the change that is trained for', () => {
  const stretch = { from: START + 3 * DAY, until: START + 3 * DAY + 1000 };
  const window = { from: stretch.until - DAY, until: stretch.until };
  expect(maskedIncidents([stretch], 900, window, () => true)).toEqual([stretch]);
  expect(maskedIncidents([stretch], 900, window, () => false)).toEqual([]);
  const at = 3 * DAY;
  const block = days(4, (row) => storm(row - at, 1));
  const settings = retrainingSettings.parse({});
  const kind = { maximumRows: 100_000 } as Parameters<typeof windowOf>[3];
  const change = { onset: stretch.from, until: START + 4 * DAY };
  const blownOver = windowOf(block, [stretch], change, kind, settings, 900);
  expect(blownOver).toMatchObject({ leftOut: { incidents: 1000 }, onset: null, step: null, isStorm: true });
  const lasting = days(4, (row) => (row < at ? 1 : 20));
  const stayed = windowOf(lasting, [stretch], change, kind, settings, 900);
  expect(stayed).toMatchObject({ leftOut: { incidents: 0 }, onset: stretch.from });
});

test('a regime is trained on again at a day and a window', () => {
  const regime = { since: START, until: START + 600 };
  expect(dueGrowth(regime, START + DAY - 60, 7)).toBeNull();
  expect(dueGrowth(regime, START + DAY, 7)).toBe(1);
  expect(dueGrowth({ ...regime, until: START + DAY }, START + 6 * DAY, 7)).toBeNull();
  expect(dueGrowth({ ...regime, until: START + DAY }, START + 7 * DAY, 7)).toBe(7);
  expect(dueGrowth({ ...regime, until: START + 7 * DAY }, START + 20 * DAY, 7)).toBeNull();
});

test('a version is provisional until it has seen a whole window of the settings it was trained with', () => {
  const regime = { since: START, until: START + 4 * DAY };
  expect(provisional({ regime })).toEqual({ since: START, minutes: 4 * DAY });
  expect(provisional({ regime: { ...regime, whole: 3 * DAY } })).toBeNull();
  expect(provisional({ regime: null })).toBeNull();
});

test('the cool-down holds for a drift, and not for a version that does not fit at all', () => {
  const settings = retrainingSettings.parse({ regimeMinutes: 360, coolDownMinutes: 1440 });
  const state = { now: START + 400, lastFinished: START, dead: false, shadow: null };
  const drift = { modelKey: 'lstm@a' as const, trigger: { kind: 'drift' as const, reportId: 1 } };
  expect(admit(drift, state, settings)).toMatchObject({ admit: false });
  const runaway = { ...drift, trigger: { ...drift.trigger, runaway: true } };
  expect(admit(runaway, state, settings)).toMatchObject({ admit: true });
  expect(admit(runaway, { ...state, now: START + 300 }, settings)).toMatchObject({ admit: false });
});

test('a first refusal is followed up after six hours, a second one cools down in full', () => {
  const settings = retrainingSettings.parse({ regimeMinutes: 360, coolDownMinutes: 1080 });
  const state = { now: START + 400, lastFinished: START, dead: false, shadow: null };
  const drift = { modelKey: 'lstm@a' as const, trigger: { kind: 'drift' as const, reportId: 1 } };
  expect(admit(drift, { ...state, isFirstRefusal: true }, settings)).toMatchObject({ admit: true });
  expect(admit(drift, { ...state, isFirstRefusal: true, now: START + 300 }, settings)).toMatchObject({ admit: false });
  expect(admit(drift, { ...state, isFirstRefusal: false }, settings)).toMatchObject({ admit: false });
});

test('a version for a regime that is over already is trained for the step that ended it', () => {
  const [first, second] = [2 * DAY, 4 * DAY];
  const block = days(4.5, (row) => (row < first ? 1 : row < second ? 3 : 12));
  const window = (until: number) => {
    const rows = until - START;
    const part = { ...block, minutes: block.minutes.slice(0, rows), usable: block.usable.slice(0, rows) };
    return windowOf(part, [], { onset: START + first, until }, kindOf('heuristic'), retrainingSettings.parse({}), 900);
  };
  expect(Math.abs(window(START + second)!.onset! - (START + first))).toBeLessThanOrEqual(15);
  expect(Math.abs(window(START + second + 400)!.onset! - (START + second))).toBeLessThanOrEqual(15);
  expect(window(START + second + 400).step?.factor).toBeGreaterThan(3);
});

test('a step that came after the change is waited for until it can be trained on, and then it is', () => {
  const at = 8 * DAY + 600;
  const block = days(9, (row) => (row < at ? 1 : 0.03));
  const before = (hours: number) => {
    const end = at + hours * 60;
    const from = end - STEP_LOOK_BACK;
    const cut = { minutes: block.minutes.slice(from, end), usable: block.usable.slice(from, end) };
    return { ...block, ...cut, values: block.values.slice(from * FEATURE_COUNT, end * FEATURE_COUNT) };
  };
  // Asked for by something of the day before.
  const change = START + 7 * DAY;
  for (const hours of [4, 5]) expect(youngStep(before(hours), change, 360)).toBe(START + at);
  for (const hours of [-3, 1, 6, 8]) expect(youngStep(before(hours), change, 360)).toBeNull();
  expect(furtherStep(before(6), change, 360)).toBe(START + at);
  // The change itself is none.
  expect(youngStep(before(4), START + at - 30, 360)).toBeNull();
});
