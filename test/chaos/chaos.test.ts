import { expect, test } from '@jest/globals';
import { runChaos } from './run.js';

/** The short form; `npm run chaos` is the long one, on either store. */
test('the line loses nothing, doubles nothing and comes out the same under random faults', async () => {
  const lines: string[] = [];
  const report = await runChaos({
    seed: 1,
    store: 'postgres',
    faults: 16,
    minutes: 0.4,
    say: (line) => lines.push(line),
  });
  // The whole report, so that a failure shows what was found, by which seed.
  const { lost, doubled, publishes_doubled, alerts_late, equal, findings } = report;
  const log = findings.length > 0 ? lines : [];
  expect({ seed: report.seed, lost, doubled, publishes_doubled, alerts_late, equal, findings, log }).toEqual({
    seed: 1,
    lost: 0,
    doubled: 0,
    publishes_doubled: 0,
    alerts_late: 0,
    equal: true,
    findings: [],
    log: [],
  });
  expect(report.faults).toBeGreaterThanOrEqual(10);
}, 900_000);
