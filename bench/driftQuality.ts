import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hour } from '../src/drift/channels.js';
import { type Judgement, judge } from '../src/drift/decision.js';
import { compareFeatures } from '../src/drift/featureEvidence.js';
import { summariseFeatures, summariseScores } from '../src/drift/hours.js';
import { driftSettings, policyOf } from '../src/drift/settings.js';
import { FEATURE_COUNT, type FeatureBlock, MINUTES_PER_DAY } from '../src/features/row.js';
import { kindOf } from '../src/models/kinds.js';
import type { ModelKindName } from '../src/models/model.js';
import { makeExam, mulberry32, takeExam } from '../src/retraining/exam.js';
import { decide } from '../src/retraining/gate.js';
import { retrainingSettings } from '../src/retraining/settings.js';
import type { Bench, BenchResult } from './result.js';

const DATA = join('..', 'shared', 'data', 'features');
/** Ordinary minutes: whole files, or the rows before the labelled event. */
const SOURCES = [
  { file: 'RIPE_regular.csv', rows: 7196 },
  { file: 'Slammer.csv', rows: 3210 },
  { file: 'Nimda.csv', rows: 3672 },
];
const START = Date.UTC(2026, 0, 5) / 60_000;
const BLOCK = 360;
const TRAINING_DAYS = 7;
const HOURS = 24;
const KINDS: ModelKindName[] = ['isolation_forest', 'heuristic'];

/** Columns that grow with traffic, in the order of the feature catalogue. */
const VOLUME = [0, 1, 2, 3, 7, 8, 9, 11, 33, 34, 35];
/** Columns that count messages in time, not what they hold. */
const MESSAGES = [0, 1, 11, 33, 34, 35];

const settings = driftSettings.parse({});
const gates = retrainingSettings.parse({});

interface Source {
  /** [rows x FEATURE_COUNT] */
  values: Float32Array;
  /** Rows of each six hours of the day that begin a whole block. */
  starts: number[][];
}

function load(file: string, rows: number): Source {
  const lines = readFileSync(join(DATA, file), 'utf8').trim().split('\n').slice(0, rows);
  const values = new Float32Array(lines.length * FEATURE_COUNT);
  const starts: number[][] = Array.from({ length: MINUTES_PER_DAY / BLOCK }, () => []);
  for (const [row, line] of lines.entries()) {
    const cells = line.split(',').map(Number);
    values.set(cells.slice(4, 4 + FEATURE_COUNT), row * FEATURE_COUNT);
    const minute = cells[1] * 60 + cells[2];
    // Any start within the hour of the slot: the rhythm stays, the blocks differ.
    const slot = Math.round(minute / BLOCK) % starts.length;
    const away = Math.abs(minute - Math.round(minute / BLOCK) * BLOCK);
    if (away <= 60 && row + BLOCK <= lines.length) starts[slot].push(row);
  }
  return { values, starts };
}

/** Ordinary days, drawn in blocks of six hours from the source's days at the same time of day. */
function ordinary(source: Source, days: number, random: () => number): FeatureBlock {
  const rows = days * MINUTES_PER_DAY;
  const values = new Float32Array(rows * FEATURE_COUNT);
  for (let row = 0, block = 0; row < rows; row += BLOCK, block++) {
    const starts = source.starts[block % source.starts.length];
    const from = starts[Math.floor(random() * starts.length)];
    values.set(source.values.subarray(from * FEATURE_COUNT, (from + BLOCK) * FEATURE_COUNT), row * FEATURE_COUNT);
  }
  return {
    minutes: Int32Array.from({ length: rows }, (_, row) => START + row),
    values,
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows).fill(1),
  };
}

function slice(block: FeatureBlock, from: number, until: number): FeatureBlock {
  return {
    minutes: block.minutes.slice(from, until),
    values: block.values.slice(from * block.columns, until * block.columns),
    columns: block.columns,
    usable: block.usable.slice(from, until),
  };
}

type Shift = (block: FeatureBlock, from: number, random: () => number) => void;

function scale(block: FeatureBlock, row: number, factor: number): void {
  for (const column of VOLUME) block.values[row * block.columns + column] *= factor;
}

const SHIFTS: Record<string, Shift> = {
  'mean +30 %': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) scale(block, row, 1.3);
  },
  'variance x2': (block, from) => {
    for (const column of VOLUME) {
      let mean = 0;
      for (let row = 0; row < from; row++) mean += block.values[row * block.columns + column] / from;
      for (let row = from; row < block.minutes.length; row++) {
        const at = row * block.columns + column;
        block.values[at] = Math.max(0, mean + Math.SQRT2 * (block.values[at] - mean));
      }
    }
  },
  'message rate +50 %': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) {
      for (const column of MESSAGES) block.values[row * block.columns + column] *= 1.5;
    }
  },
  'rate of bursts 5 %': (block, from, random) => {
    for (let row = from; row < block.minutes.length; row++) if (random() < 0.05) scale(block, row, 3);
  },
  'feature gone constant': (block, from, random) => {
    const varying = [...Array(block.columns).keys()].filter((column) => {
      const seen = new Map<number, number>();
      for (let row = 0; row < from; row++) {
        const value = block.values[row * block.columns + column];
        seen.set(value, (seen.get(value) ?? 0) + 1);
      }
      // A column that nearly always has one value has nothing to lose.
      return Math.max(...seen.values()) < 0.9 * from;
    });
    const column = varying[Math.floor(random() * varying.length)];
    const values = Float32Array.from({ length: from }, (_, row) => block.values[row * block.columns + column]).sort();
    for (let row = from; row < block.minutes.length; row++)
      block.values[row * block.columns + column] = values[from >> 1];
  },
  'slow ramp to +30 % over two days': (block, from) => {
    for (let row = from; row < block.minutes.length; row++) {
      scale(block, row, 1 + 0.3 * Math.min(1, (row - from) / (2 * MINUTES_PER_DAY)));
    }
  },
};
const RAMP = 'slow ramp to +30 % over two days';

/** Hours of a series as the monitor would have them. */
async function hoursOf(
  name: ModelKindName,
  model: unknown,
  block: FeatureBlock,
  before?: { hours: { scores: Hour[]; features: Hour[] }; from: number },
): Promise<{ scores: Hour[]; features: Hour[] }> {
  const kind = kindOf(name);
  // Only what differs is scored again, with its context.
  const start = before ? Math.max(0, before.from - kind.context) : 0;
  const tail = start === 0 ? block : slice(block, start, block.minutes.length);
  const first = before ? before.from - start : 0;
  const { score } = await kind.score(model, tail, first);
  const threshold = kind.threshold(model);
  const minutes = Array.from(score, (value, row) => ({
    minute: tail.minutes[first + row],
    score: value,
    anomalous: value > threshold,
    rules: [],
  }));
  const list = (map: Map<number, Hour['summary']>): Hour[] => [...map].map(([hour, summary]) => ({ hour, summary }));
  const scores = list(summariseScores(minutes, null));
  const features = list(summariseFeatures(first === 0 ? tail : slice(tail, first, tail.minutes.length), null));
  if (!before) return { scores, features };
  const earlier = (hours: Hour[]): Hour[] => hours.filter((hour) => hour.hour < START + before.from);
  return {
    scores: [...earlier(before.hours.scores), ...scores],
    features: [...earlier(before.hours.features), ...features],
  };
}

function judgeAt(name: ModelKindName, hours: { scores: Hour[]; features: Hour[] }, end: number): Judgement {
  const split = end - settings.currentMinutes;
  const recent = end - settings.guardMinutes;
  const from = split - settings.baselineMinutes;
  const windows = (list: Hour[]) => ({
    baseline: list.filter((hour) => hour.hour >= from && hour.hour < split),
    recent: list.filter((hour) => hour.hour >= recent && hour.hour < end),
    current: list.filter((hour) => hour.hour >= split && hour.hour < end),
  });
  return judge(
    windows(hours.scores),
    compareFeatures(windows(hours.features), []),
    policyOf(settings, `${name}@bench`),
    settings,
  );
}

const seedPolicy = (judgement: Judgement): boolean =>
  judgement.criteria.some(
    (criterion) => !criterion.name.startsWith('input ') && Math.abs(criterion.change) > criterion.limit,
  );

async function fit(name: ModelKindName, block: FeatureBlock, seed: number): Promise<unknown> {
  const kind = kindOf(name);
  const from = Math.max(0, block.minutes.length - kind.maximumRows);
  return kind.fit(slice(block, from, block.minutes.length), { seed, falseAlarmsPerDay: gates.falseAlarmsPerDay });
}

interface Tally {
  months: number;
  ours: number;
  seedPolicy: number;
  caught: Map<string, { caught: number; of: number }>;
  incidentRetrains: number;
}

async function runSeries(name: ModelKindName, source: Source, seed: number, days: number, tally: Tally): Promise<void> {
  const random = mulberry32(seed);
  const block = ordinary(source, TRAINING_DAYS + 1 + days, random);
  const model = await fit(name, slice(block, 0, TRAINING_DAYS * MINUTES_PER_DAY), seed);
  const hours = await hoursOf(name, model, block);
  let ours = 0;
  let seeds = 0;
  let coolOurs = 0;
  let coolSeed = 0;
  for (let hour = (TRAINING_DAYS + 1) * HOURS; hour <= (TRAINING_DAYS + 1 + days) * HOURS; hour++) {
    const judgement = judgeAt(name, hours, START + 60 * hour);
    if (hour >= coolOurs && judgement.outcome === 'drifted') {
      ours++;
      coolOurs = hour + HOURS;
    }
    if (hour >= coolSeed && seedPolicy(judgement)) {
      seeds++;
      coolSeed = hour + HOURS;
    }
  }
  tally.months += days / 30;
  tally.ours += ours;
  tally.seedPolicy += seeds;

  const from = (TRAINING_DAYS + 1) * MINUTES_PER_DAY;
  for (const [shift, apply] of Object.entries(SHIFTS)) {
    const shifted = slice(block, 0, from + (shift === RAMP ? 3 : 1) * MINUTES_PER_DAY);
    apply(shifted, from, random);
    const changed = await hoursOf(name, model, shifted, { hours, from });
    // A ramp is a lasting shift when it has reached its height.
    const last = from / 60 + (shift === RAMP ? 3 : 1) * HOURS;
    const count = tally.caught.get(shift) ?? { caught: 0, of: 0 };
    count.of++;
    for (let hour = from / 60 + 1; hour <= last; hour++) {
      if (judgeAt(name, changed, START + 60 * hour).outcome !== 'drifted') continue;
      count.caught++;
      break;
    }
    tally.caught.set(shift, count);
  }

  // One to two hours of ten times the traffic, not even left out as incidents: the guard alone must bear them.
  const struck = slice(block, 0, from + 2 * MINUTES_PER_DAY);
  const length = 60 + Math.floor(random() * 60);
  const at = from + Math.floor(random() * MINUTES_PER_DAY);
  for (let row = at; row < at + length; row++) scale(struck, row, 10);
  const hit = await hoursOf(name, model, struck, { hours, from });
  const untouched = hours;
  for (let hour = Math.ceil(at / 60); hour <= from / 60 + 2 * HOURS; hour++) {
    if (judgeAt(name, hit, START + 60 * hour).outcome !== 'drifted') continue;
    if (judgeAt(name, untouched, START + 60 * hour).outcome === 'drifted') continue;
    tally.incidentRetrains++;
    break;
  }
}

/** Traffic raised 2 % a day while the model is retrained every fourth day, each version through the gate. */
async function boilingFrog(
  name: ModelKindName,
  source: Source,
  days: number,
): Promise<{ recall: number; heldOnDay: number | null }> {
  const kind = kindOf(name);
  const block = ordinary(source, TRAINING_DAYS + days, mulberry32(77));
  for (let row = TRAINING_DAYS * MINUTES_PER_DAY; row < block.minutes.length; row++) {
    scale(block, row, 1.02 ** ((row - TRAINING_DAYS * MINUTES_PER_DAY) / MINUTES_PER_DAY));
  }
  const first = slice(block, 0, TRAINING_DAYS * MINUTES_PER_DAY);
  const exam = makeExam(first, kind.context, 1);
  if (!exam) throw new Error('no stretch is long enough for an exam');
  const reference = await takeExam(kind, await fit(name, first, 1), exam);
  let recall = reference.recall;
  for (let day = 4; day <= days; day += 4) {
    const window = slice(block, day * MINUTES_PER_DAY, (TRAINING_DAYS + day) * MINUTES_PER_DAY);
    const model = await fit(name, window, 1);
    const challenger = await takeExam(kind, model, exam);
    const verdict = decide(
      {
        threshold: kind.threshold(model),
        challenger: { minutes: 1, unscored: 0, anomalyRate: 0, lowest: 0, highest: 1 },
        champion: null,
        exam: { challenger, champion: null, reference },
      },
      gates,
    );
    if (verdict.state === 'held') return { recall: recall / reference.recall, heldOnDay: day };
    if (verdict.state === 'published') recall = challenger.recall;
  }
  return { recall: recall / reference.recall, heldOnDay: null };
}

export interface DriftQuality {
  false_retrains_per_model_month: number;
  seed_policy_false_retrains_per_model_month: number;
  caught_within_24h: number;
  incident_retrains: number;
  series: number;
  caught: Record<string, number>;
  frog: { recall: number; heldOnDay: number | null };
}

/** @param seedFrom first seed of the series: other seeds give other series */
export async function driftQuality(
  name: ModelKindName,
  series: number,
  days: number,
  seedFrom: number,
): Promise<DriftQuality> {
  const sources = SOURCES.map(({ file, rows }) => load(file, rows));
  const tally: Tally = { months: 0, ours: 0, seedPolicy: 0, caught: new Map(), incidentRetrains: 0 };
  for (let i = 0; i < series; i++) await runSeries(name, sources[i % sources.length], seedFrom + i, days, tally);
  const counts = [...tally.caught.values()];
  return {
    false_retrains_per_model_month: tally.ours / tally.months,
    seed_policy_false_retrains_per_model_month: tally.seedPolicy / tally.months,
    caught_within_24h:
      counts.reduce((sum, { caught }) => sum + caught, 0) / counts.reduce((sum, { of }) => sum + of, 0),
    incident_retrains: tally.incidentRetrains,
    series,
    caught: Object.fromEntries([...tally.caught].map(([shift, { caught, of }]) => [shift, caught / of])),
    frog: await boilingFrog(name, sources[0], days < 30 ? 10 : 60),
  };
}

export const bench: Bench & { summary?: Record<string, unknown> } = {
  name: 'drift-quality',
  async run({ quick = false }) {
    if (!existsSync(DATA)) return [];
    const results: BenchResult[] = [];
    const line = (what: string, ours: number, yardstick: number | null, unit: string, goal: string): void => {
      const ratio = yardstick === null ? null : yardstick / Math.max(ours, 1e-9);
      results.push({ what, ours, yardstick, yardstick_name: 'percentage thresholds alone', unit, ratio, goal });
    };
    for (const name of quick ? KINDS.slice(0, 1) : KINDS) {
      const quality = await driftQuality(name, quick ? 3 : 30, quick ? 10 : 30, 1000);
      line(
        `${name}: false retrains`,
        quality.false_retrains_per_model_month,
        quality.seed_policy_false_retrains_per_model_month,
        'a model and month',
        '<= 1',
      );
      line(`${name}: lasting shifts caught within 24 h`, quality.caught_within_24h, null, 'share', '>= 0.95');
      for (const [shift, share] of Object.entries(quality.caught)) line(`${name}: ${shift}`, share, null, 'share', '');
      line(`${name}: retrains by short incidents`, quality.incident_retrains, null, `of ${quality.series}`, '0');
      line(
        `${name}: boiling frog, recall at the end${quality.frog.heldOnDay === null ? '' : ` (held on day ${quality.frog.heldOnDay})`}`,
        quality.frog.recall,
        null,
        'of the first',
        '>= 0.95, or held',
      );
      bench.summary = { ...bench.summary, [name]: quality };
    }
    return results;
  },
};
