import { expect, test } from '@jest/globals';
import { driftLine } from '../../bench/realFeed/driftLine.js';
import type { ModelLine } from '../../bench/realFeed/modelLine.js';
import { VOLUME } from '../../src/drift/regimeStep.js';
import { mulberry32 } from '../../src/random/mulberry32.js';

const START = Date.UTC(2026, 0, 5) / 60_000;
const DAY = 1440;
/** As many as hold those of volume. */
const COLUMNS = Math.max(...VOLUME) + 1;
const STORM = { from: START + 2 * DAY, until: START + 2 * DAY + 1000 };

/** Three days of a level times a factor by row, and a model that flags the given rows. */
function lineOf(servedFrom: number, factor: (row: number) => number, isFlagged: (row: number) => boolean): ModelLine {
  const random = mulberry32(1);
  const rows = 3 * DAY;
  const values = new Float32Array(rows * COLUMNS);
  for (let i = 0; i < values.length; i++) {
    values[i] = 100 * (0.8 + 0.4 * random()) * factor(Math.floor(i / COLUMNS));
  }
  const minutes = Int32Array.from({ length: rows }, (_, row) => START + row);
  const verdict = { gap: false, values: [], evidence: null, score: null, threshold: null, anomalous: false, votes: {} };
  const score = Float64Array.from({ length: rows }, (_, row) => (isFlagged(row) ? 2 : 0.5 * random()));
  return {
    inputs: [...minutes].map((minute) => ({ ...verdict, minute })),
    models: [{ kind: 'heuristic', threshold: 1, score, surprise: score, afterFall: score, rules: new Map() }],
    block: { minutes, values, columns: COLUMNS, usable: new Uint8Array(rows).fill(1) },
    servedFrom,
    missing: [],
  };
}

const inStorm = (row: number): boolean => START + row >= STORM.from && START + row < STORM.until;

test('drift of a real feed waits while a storm that wanes is in the window', () => {
  const wanes = lineOf(
    START + DAY,
    (row) => (inStorm(row) ? 1 + 19 * (1 - (START + row - STORM.from) / 1000) : 1),
    (row) => inStorm(row),
  );
  const { words } = driftLine(wanes, [STORM]);
  expect(words).toContain(
    '2026-01-07T20:00 heuristic: suppressed: a storm since 2026-01-07T00:00 goes back to the level of before',
  );
  expect(words.some((word) => word.includes('drifted'))).toBe(false);
});

test('a version that does not fit at all is drift before there is a baseline, whatever incidents it makes', () => {
  const from = START + DAY / 2 + 60;
  const lasts = lineOf(
    START + DAY / 2,
    (row) => (START + row < from ? 1 : 20),
    (row) => START + row >= from && START + row < from + 1100,
  );
  const { words } = driftLine(lasts, [{ from, until: from + 1100 }]);
  expect(words[0]).toMatch(/heuristic: drifted: over 20 % of each two hours are anomalous since 2026-01-05T13:00$/);
});
