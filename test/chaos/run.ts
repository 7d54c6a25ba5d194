import { STORY_START } from '../../src/demo/story.js';
import { demoScenario, type Scenario } from '../../src/simulation/scenario.js';
import { FAULTS, FAULTS_WITH_GAPS } from './faults/index.js';
import { compareHealed, type HealedRows, readHealedRows } from './healed.js';
import { type Outage, OutageWatch } from './outages.js';
import { play } from './play.js';
import { compareRows, leftovers, publishesDoubled, type Rows, readRows } from './rows.js';
import { Storm } from './storm.js';
import { type StoreName, Subject } from './subject.js';

export interface ChaosOptions {
  seed: number;
  store: StoreName;
  faults: number;
  /** Wall-clock minutes over which the faults are spread. */
  minutes: number;
  /** Kill the collector too, on a feed that does not wait for it; see healed.ts for what is compared then. */
  withGaps?: boolean;
  say: (line: string) => void;
}

/** What `npm run chaos -- --json` prints. */
export interface ChaosResult {
  faults: number;
  lost: number;
  doubled: number;
  publishes_doubled: number;
  longest_outage_s: number;
  /** The longest time from a fault's end until an event planted before it was told, and how many took over a minute. */
  slowest_alert_s: number;
  alerts_late: number;
  equal: boolean;
  seed: number;
  /** With gaps alone. */
  gaps?: number;
  healed_minutes?: number;
  healed_different?: number;
  later_different?: number;
}

export interface ChaosReport extends ChaosResult {
  counts: Record<string, number>;
  outage: Outage;
  hours: number;
  /** What was wrong, in words. */
  findings: string[];
}

const MOST_HOURS = 480;
const TOLD_SECONDS = 60;

/**
 * Plays the line under faults until they are through, then the same hours undisturbed, and compares every row.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, store, say } = options;
  const scenario = demoScenario(STORY_START, {
    seed,
    historyHours: 26,
    liveHours: MOST_HOURS,
    driftHours: 0,
    incidents: [
      { class: 'hijack', hijack: 'origin', startMinute: 90, durationMinutes: 30, magnitude: 0.8 },
      { class: 'leak', startMinute: 400, durationMinutes: 40, magnitude: 0.8 },
      { class: 'outage', startMinute: 800, durationMinutes: 40, magnitude: 0.8 },
    ],
  });
  const withGaps = options.withGaps === true;
  const start = () => Subject.start({ scenario, store, seed, say, withArchive: withGaps });
  const disturbed = await underFaults(await start(), scenario, options);
  say(`the same ${disturbed.hours} hours, undisturbed`);
  const subject = await start();
  let expected: RunRows;
  // Of the run that nothing disturbed, too: else its own fault would be taken for the other's.
  let undisturbedPublishes: string[];
  try {
    await play(subject, scenario, { goOn: (hours) => hours < disturbed.hours, withGaps, say });
    expected = await read(subject, scenario, disturbed.hours);
    undisturbedPublishes = (await publishesDoubled(subject.pool)).map((line) => `undisturbed: ${line}`);
  } finally {
    await subject.close();
  }
  const compared = expected.healed
    ? compareHealed(expected.healed, disturbed.rows.healed!)
    : compareRows(expected.all!, disturbed.rows.all!);
  const { lost, doubled, different, examples, ...gaps } = compared;
  const findings = [
    ...disturbed.failures,
    ...disturbed.told.late,
    ...disturbed.leftovers,
    ...disturbed.publishesDoubled,
    ...undisturbedPublishes,
    ...examples,
  ];
  return {
    faults: disturbed.faults,
    lost: lost + disturbed.leftovers.length,
    doubled,
    publishes_doubled: disturbed.publishesDoubled.length + undisturbedPublishes.length,
    longest_outage_s: Number(disturbed.outage.seconds.toFixed(1)),
    slowest_alert_s: Number(disturbed.told.slowest.toFixed(1)),
    alerts_late: disturbed.told.late.length,
    equal: lost + doubled + different + findings.length === 0,
    seed,
    ...gaps,
    counts: disturbed.counts,
    outage: disturbed.outage,
    hours: disturbed.hours,
    findings,
  };
}

/** All rows, or of a run with gaps those that it promises. */
interface RunRows {
  all?: Rows;
  healed?: HealedRows;
}

async function read(subject: Subject, scenario: Scenario, hours: number): Promise<RunRows> {
  if (subject.archive === null) return { all: await readRows(subject.pool) };
  return { healed: await readHealedRows(subject.pool, scenario.liveMinute + hours * 60) };
}

async function underFaults(subject: Subject, scenario: Scenario, options: ChaosOptions) {
  const { seed, faults, minutes, withGaps = false, say } = options;
  const watch = new OutageWatch(subject.pool);
  const storm = new Storm({
    subject,
    watch,
    seed,
    kinds: withGaps ? FAULTS_WITH_GAPS : FAULTS,
    faults,
    minutes,
    say,
  });
  const raging = storm.rage();
  try {
    const hours = await play(subject, scenario, { goOn: () => !storm.isOver, withGaps, say });
    storm.stop();
    await raging;
    watch.stop();
    const told = await subject.receivers.told(subject.pool, TOLD_SECONDS);
    return {
      hours,
      told,
      rows: await read(subject, scenario, hours),
      publishesDoubled: await publishesDoubled(subject.pool),
      leftovers: await leftovers(subject.pool),
      faults: storm.struck,
      counts: storm.counts,
      failures: storm.failures,
      outage: watch.longest(),
    };
  } finally {
    storm.stop();
    watch.stop();
    await raging;
    await subject.close();
  }
}
