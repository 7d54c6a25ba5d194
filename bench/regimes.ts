import { existsSync } from 'node:fs';
import { MODEL_KINDS } from '../src/models/model.js';
import { DATA } from './drift/recorded.js';
import { type BoundaryOutcome, outcomesOf } from './regimes/outcome.js';
import { ORDERS, orderOf, type RegimeSeries, seriesOf, seriesOfFile } from './regimes/series.js';
import { walkRegimes } from './regimes/walk.js';
import type { Bench, BenchResult } from './result.js';

const SEED = 1;
const DAY_HOURS = 24;
const CALM_SHARE = 0.02;
const LATE_MINUTES = 10;

interface Walked {
  name: string;
  seconds: number;
  days: number;
  boundaries: BoundaryOutcome[];
  retrains: {
    day: number;
    kind: string;
    trigger: string;
    onset_day: number | null;
    trained_from_day: number;
    state: string;
    reason: string;
  }[];
  /** What each kind's check said, hour by hour. */
  checks: { kind: string; from_day: number; hours: number; said: string }[];
  incidents: { from_day: number; hours: number }[];
}

async function walked(series: RegimeSeries, seed: number): Promise<Walked> {
  const began = performance.now();
  const walk = await walkRegimes(series, seed);
  const seconds = (performance.now() - began) / 1000;
  console.error(`${series.name}: ${(series.labels.length / 1440).toFixed(1)} days in ${seconds.toFixed(0)} s`);
  return {
    name: series.name,
    seconds,
    days: series.labels.length / 1440,
    boundaries: outcomesOf(walk),
    retrains: walk.retrains.map(({ row, kind, trigger, onsetRow, trainedFromRow, state, reason }) => ({
      day: row / 1440,
      kind,
      trigger,
      onset_day: onsetRow === null ? null : onsetRow / 1440,
      trained_from_day: trainedFromRow / 1440,
      state,
      reason,
    })),
    checks: walk.checks.map(({ kind, from, until, said }) => {
      return { kind, from_day: from / 1440, hours: (until - from) / 60, said };
    }),
    incidents: [...walk.line.incidents.values()].map(({ startedAt, lastMinute }) => ({
      from_day: (startedAt - series.block.minutes[0]!) / 1440,
      hours: (lastMinute + 1 - startedAt) / 60,
    })),
  };
}

/** @throws RangeError where no order has that name */
function chosen(name: string | undefined, quick: boolean): readonly (typeof ORDERS)[number][] {
  if (name === undefined) return quick ? ORDERS.slice(-1) : ORDERS;
  if (name.includes(',')) return [orderOf(name)];
  const order = ORDERS.find((one) => one.name === name);
  if (order === undefined)
    throw new RangeError(`there is no order ${name}: ${ORDERS.map((one) => one.name).join(', ')}`);
  return [order];
}

const line = (what: string, ours: number, unit: string, goal: string): BenchResult => {
  return { what, ours, yardstick: null, yardstick_name: 'none', unit, ratio: null, goal };
};

function linesOf({ name, boundaries }: Walked): BenchResult[] {
  return boundaries.flatMap((of) => {
    const where = `${name}, day ${(of.row / 1440).toFixed(1)}`;
    const served = MODEL_KINDS.map((kind) => of.hours_until_fitting[kind]);
    return [
      line(
        `${where}: kinds served by a fitting version within a day`,
        served.filter((hours) => hours !== null && hours <= DAY_HOURS).length,
        'kinds',
        `${MODEL_KINDS.length}`,
      ),
      line(`${where}: anomalous minutes after a day`, of.anomalous_share_after_24h, 'share', `< ${CALM_SHARE}`),
      line(
        `${where}: the same beside incidents of labelled events`,
        of.anomalous_share_beside_events_after_24h,
        'share',
        `< ${CALM_SHARE}`,
      ),
      line(`${where}: longest incident`, of.longest_incident_hours, 'h', `<= ${DAY_HOURS}`),
      line(
        `${where}: labelled events found late or not`,
        of.events.filter(({ minutes_late: late }) => late === null || late > LATE_MINUTES).length,
        'events',
        '0',
      ),
    ];
  });
}

/** How long the system needs to take a new normal for one: recordings of different years laid end to end. */
export const bench: Bench = {
  name: 'regimes',
  async run({ quick, files: [file], boundaries = [], days, order, seed: given }) {
    const seed = given === undefined ? SEED : Number(given);
    if (file === undefined && !existsSync(DATA)) {
      console.error(`regimes is left out: there is no ${DATA}`);
      return [];
    }
    const walks: Walked[] = [];
    if (file !== undefined) walks.push(await walked(seriesOfFile(file, boundaries, days), seed));
    else for (const one of chosen(order, quick)) walks.push(await walked(seriesOf(one), seed));
    const all = walks.flatMap(({ boundaries: of }) => of);
    const kinds = all.flatMap((of) => MODEL_KINDS.map((kind) => of.hours_until_fitting[kind]));
    const events = all.flatMap((of) => of.events);
    return {
      seed,
      boundaries: all.length,
      kinds_served_within_24h: kinds.filter((hours) => hours !== null && hours <= DAY_HOURS).length / kinds.length,
      boundaries_calm_after_24h:
        all.filter((of) => of.anomalous_share_after_24h < CALM_SHARE).length / Math.max(1, all.length),
      boundaries_calm_beside_events_after_24h:
        all.filter((of) => of.anomalous_share_beside_events_after_24h < CALM_SHARE).length / Math.max(1, all.length),
      events_found_within_10_minutes:
        events.filter(({ minutes_late: late }) => late !== null && late <= LATE_MINUTES).length /
        Math.max(1, events.length),
      longest_incident_hours: Math.max(0, ...all.map((of) => of.longest_incident_hours)),
      series: walks,
      results: walks.flatMap(linesOf),
    };
  },
};
