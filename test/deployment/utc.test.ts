import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/** What reads a machine's own time zone, and so jumps with daylight saving time. */
const LOCAL_TIME = [
  /\.(get|set)(FullYear|Month|Date|Day|Hours|Minutes)\(/,
  /\.toLocale(Time|Date)String\((?![^)]*timeZone)/,
  /\bnew Date\(\s*[\w.]+\s*,/,
  /\.getTimezoneOffset\(/,
  /\bdate_trunc\('(day|week|month|year)', (?![^)]*'UTC')/,
  /\btimestamp without time zone\b/,
];

const files = ['src', 'queues', 'workers'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|sql)$/.test(name))
    .map((name) => join(folder, name)),
);

test('no code reads the time zone of its machine', () => {
  const wrong = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        LOCAL_TIME.some((use) => use.test(line)) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
  expect(files.length).toBeGreaterThan(200);
  expect(wrong).toEqual([]);
});

test('such a use would be found', () => {
  for (const line of [
    'date.getHours()',
    'at.toLocaleTimeString("en")',
    'new Date(2026, 3, 29)',
    "date_trunc('day', minute)",
  ])
    expect(LOCAL_TIME.some((use) => use.test(line))).toBe(true);
  for (const line of ['date.getUTCHours()', 'new Date(ms)', "at.toLocaleDateString('en', { timeZone: 'UTC' })"])
    expect(LOCAL_TIME.some((use) => use.test(line))).toBe(false);
});
