import { endianness } from 'node:os';
import { FEATURE_COUNT, featureFamily, featureIndexes } from '../features/catalogue.js';
import type { FeatureBlock } from '../features/row.js';
import type { ModelKind, Scores } from '../models/model.js';
import { surpriseForRate } from '../models/threshold.js';
import { mulberry32 } from '../random/mulberry32.js';

export const ANOMALY_CLASSES = ['spike', 'mass withdrawal', 'path-length surge', 'slow ramp'] as const;
export type AnomalyClass = (typeof ANOMALY_CLASSES)[number];

/**
 * Anomalies injected into ordinary minutes of a lineage's first window, with sizes fixed by that window. It stays the
 * same for every later version: drawn anew from each champion's idea of ordinary, it would grow blind with the models
 * (poisoning of systems that learn from public BGP data, arXiv 2507.20434).
 */
export interface Exam {
  /** Episodes one after another, each with its context before it; a break in the minutes parts them. */
  block: FeatureBlock;
  /** [rows] 0 for context, else 1 + index in ANOMALY_CLASSES for a minute that must be found */
  classes: Uint8Array;
}

/** Share of the exam's episodes found, each by any of its minutes, by class and over all classes alike. */
export interface ExamResult {
  byClass: Record<AnomalyClass, number>;
  recall: number;
  /** The same, with those that were missed by no more than chance. */
  atReach: { byClass: Record<AnomalyClass, number>; recall: number };
  /** Smallest and largest finite score, and how many minutes had none. */
  lowest: number;
  highest: number;
  unscored: number;
}

/** What a lineage's later versions are measured by. */
export interface ExamReference {
  /** Of the lineage's first version. */
  recall: number;
  /** Of the very first version, which lineages that begin with a step of the traffic are measured by; absent in the first. */
  origin?: number;
}

/** The reference of a lineage that begins with a step: steps, one after another, must not wear the sensitivity down. */
export function referenceAfterStep(challenger: ExamResult, before: ExamReference): ExamReference {
  return { recall: challenger.recall, origin: before.origin ?? before.recall };
}

/** Surprises of a threshold, computed there and back, differ by less. */
const ROUNDING = 0.01;
/** Of each class. With ten, a version that finds three quarters of what it should passed as one of four fifths by chance. */
const EPISODES = 30;
const EPISODE_MINUTES = { spike: 10, 'mass withdrawal': 15, 'path-length surge': 15, 'slow ramp': 30 };

/** What routes that move to another path cause. */
const MOVES = featureIndexes(['announcements', 'announced_prefixes', 'implicit_withdrawals', 'arrival_rate']);
const VOLUME = [...MOVES, ...featureIndexes(['duplicate_announcements', 'origin_igp', 'origin_incomplete'])];
const WITHDRAWN = featureIndexes(['withdrawals', 'withdrawn_prefixes', 'duplicate_withdrawals']);
const PATH_LENGTHS = featureIndexes([
  'average_as_path_length',
  'maximum_as_path_length',
  'average_unique_as_path_length',
]);
const EDIT_DISTANCES = featureIndexes(['maximum_edit_distance', 'average_edit_distance']);
const LONG_PATHS = featureFamily('maximum_as_path_length_is_');

/**
 * How far over the window's 99th percentile an anomaly goes: what an operator must hear of. Anomalies at the edge of
 * what a model finds would make the recall of any two versions differ by chance. A withdrawal is rare in ordinary
 * minutes, and a mass of them is a share of the table, so that class goes further. No route is lost or lengthened in
 * silence: peers explore other paths after a withdrawal (Labovitz, Ahuja, Bose, Jahanian 2000), and announce the longer
 * ones of a surge.
 */
const TIMES = 6;
const WITHDRAWN_TIMES = 20;
const LENGTH_TIMES = 3;

/**
 * @param context rows that the model needs before the first it scores
 * @returns null when the window has no stretch of usable minutes long enough
 */
export function makeExam(window: FeatureBlock, context: number, seed: number): Exam | null {
  const random = mulberry32(seed);
  const columns = window.columns;
  const limits = Float64Array.from({ length: columns }, (_, column) => percentile99(window, column));
  const episodes: { values: Float32Array; rows: number; from: number; kind: number }[] = [];
  for (const [kind, name] of ANOMALY_CLASSES.entries()) {
    const rows = context + EPISODE_MINUTES[name]!;
    const starts = stretches(window, rows);
    if (starts.length === 0) return null;
    for (let i = 0; i < EPISODES; i++) {
      const start = starts[Math.floor(random() * starts.length)]!;
      const values = window.values.slice(start * columns, (start + rows) * columns);
      for (let row = context; row < rows; row++) {
        inject(
          values.subarray(row * columns, (row + 1) * columns),
          name,
          limits,
          (row - context + 1) / (rows - context),
        );
      }
      episodes.push({ values, rows, from: window.minutes[start]!, kind });
    }
  }
  const total = episodes.reduce((sum, episode) => sum + episode.rows, 0);
  const block: FeatureBlock = {
    minutes: new Int32Array(total),
    values: new Float32Array(total * columns),
    columns,
    usable: new Uint8Array(total).fill(1),
  };
  const classes = new Uint8Array(total);
  let at = 0;
  let day = Math.ceil(window.minutes[0]! / 1440) * 1440;
  for (const episode of episodes) {
    // The time of day is kept: models may know the daily rhythm. Days apart, so that no context crosses.
    const from = day + (episode.from % 1440);
    for (let row = 0; row < episode.rows; row++) {
      block.minutes[at + row] = from + row;
      const found = row >= context && (episode.kind !== 3 || row - context >= EPISODE_MINUTES['slow ramp'] / 2);
      classes[at + row] = found ? episode.kind + 1 : 0;
    }
    block.values.set(episode.values, at * columns);
    at += episode.rows;
    day += 1440 * (2 + Math.ceil(episode.rows / 1440));
  }
  return { block, classes };
}

/** Makes one ordinary minute an anomaly; `progress` 0..1 is how far its episode has come. */
export function inject(row: Float32Array, name: AnomalyClass, limits: Float64Array, progress: number): void {
  const add = (columns: number[], times: number): void => {
    for (const column of columns) row[column]! += times * Math.max(limits[column]!, 1);
  };
  if (name === 'spike') add(VOLUME, TIMES);
  else if (name === 'mass withdrawal') {
    add(WITHDRAWN, WITHDRAWN_TIMES);
    add(MOVES, TIMES);
  } else if (name === 'slow ramp') add([...VOLUME, ...WITHDRAWN], TIMES * progress);
  else {
    add(MOVES, TIMES);
    for (const column of PATH_LENGTHS) row[column] = Math.max(row[column]!, limits[column]!) * LENGTH_TIMES;
    for (const column of EDIT_DISTANCES) row[column] = Math.max(row[column]!, limits[column]!) * LENGTH_TIMES;
    for (const column of LONG_PATHS) row[column] = column === LONG_PATHS.at(-1) ? 1 : 0;
  }
}

/** Starts of `rows` consecutive usable minutes. */
function stretches(window: FeatureBlock, rows: number): number[] {
  const starts: number[] = [];
  let run = 0;
  for (let row = 0; row < window.minutes.length; row++) {
    const follows = row > 0 && window.minutes[row]! === window.minutes[row - 1]! + 1;
    run = window.usable[row] === 1 ? (follows ? run : 0) + 1 : 0;
    if (run >= rows) starts.push(row - rows + 1);
  }
  return starts;
}

/** The window's 99th percentile of a column, by which anomalies are sized. */
export function percentile99(window: FeatureBlock, column: number): number {
  const values = new Float64Array(window.minutes.length);
  let count = 0;
  for (let row = 0; row < window.minutes.length; row++) {
    if (window.usable[row]! === 1) values[count++] = window.values[row * window.columns + column]!;
  }
  return values.subarray(0, count).sort()[Math.floor(0.99 * (count - 1))] ?? 0;
}

/**
 * @param falseAlarmsPerDay wanted of the model
 * @param falseAlarmFactor an episode is at reach when a threshold with so many times the false alarms finds it
 */
export async function takeExam<M>(
  kind: ModelKind<M>,
  model: M,
  exam: Exam,
  { falseAlarmsPerDay, falseAlarmFactor }: { falseAlarmsPerDay: number; falseAlarmFactor: number },
): Promise<ExamResult> {
  const { score, surprise } = await scoreAsked(kind, model, exam);
  const threshold = kind.threshold(model);
  const reach = surpriseForRate(falseAlarmsPerDay * falseAlarmFactor);
  // What is more surprising than a threshold of the wanted rate and is not found, a threshold of another rate misses.
  const ownReach = surpriseForRate(falseAlarmsPerDay) + ROUNDING;
  const counts = ANOMALY_CLASSES.map(() => ({ asked: 0, found: 0, atReach: 0 }));
  let missed = { found: true, atReach: true };
  let unscored = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < score.length; row++) {
    if (Number.isFinite(score[row])) {
      lowest = Math.min(lowest, score[row]!);
      highest = Math.max(highest, score[row]!);
    }
    if (exam.classes[row] === 0) continue;
    const counted = counts[exam.classes[row]! - 1]!;
    // Episodes are parted by the context before each.
    if (row === 0 || exam.classes[row - 1] === 0) {
      counted.asked++;
      missed = { found: true, atReach: true };
    }
    const found = score[row]! > threshold;
    if (!Number.isFinite(score[row])) unscored++;
    if (missed.found && found) {
      counted.found++;
      missed.found = false;
    }
    if (missed.atReach && (found || (surprise[row]! >= reach && surprise[row]! <= ownReach))) {
      counted.atReach++;
      missed.atReach = false;
    }
  }
  return { ...shares(counts, 'found'), atReach: shares(counts, 'atReach'), lowest, highest, unscored };
}

/**
 * [rows] scores of the minutes that must be found; the context before them, nine rows of ten, stays NaN. The work of
 * scoring it all was most of a retraining of a heuristic.
 */
async function scoreAsked<M>(kind: ModelKind<M>, model: M, { block, classes }: Exam): Promise<Scores> {
  const score = new Float64Array(classes.length).fill(Number.NaN);
  const surprise = score.slice();
  const runs: { first: number; end: number }[] = [];
  for (let row = 0; row < classes.length; row++) {
    if (classes[row] === 0) continue;
    const run = runs.at(-1);
    if (run?.end === row) run.end = row + 1;
    else runs.push({ first: row, end: row + 1 });
  }
  // All at once: the LSTM measures in one call what it is asked in one turn.
  await Promise.all(
    runs.map(async ({ first, end }) => {
      const start = Math.max(0, first - kind.context);
      const scores = await kind.score(model, rowsOf(block, start, end), first - start);
      score.set(scores.score, first);
      surprise.set(scores.surprise, first);
    }),
  );
  return { score, surprise };
}

function rowsOf({ minutes, values, columns, usable }: FeatureBlock, start: number, end: number): FeatureBlock {
  return {
    minutes: minutes.subarray(start, end),
    values: values.subarray(start * columns, end * columns),
    columns,
    usable: usable.subarray(start, end),
  };
}

function shares(counts: readonly { asked: number; found: number; atReach: number }[], what: 'found' | 'atReach') {
  const each = counts.map((counted) => counted[what] / Math.max(1, counted.asked));
  return {
    byClass: Object.fromEntries(ANOMALY_CLASSES.map((name, i) => [name, each[i]])) as Record<AnomalyClass, number>,
    recall: each.reduce((sum, share) => sum + share, 0) / each.length,
  };
}

/** Rows u32, columns u32, then minutes i32, values f32, classes u8; little-endian. */
export function encodeExam(exam: Exam): Buffer {
  const { minutes, values, columns } = exam.block;
  const head = littleEndian(Uint32Array.of(minutes.length, columns));
  return Buffer.concat([head, littleEndian(minutes), littleEndian(values), exam.classes]);
}

/** @throws Error when the bytes are cut */
export function decodeExam(bytes: Buffer): Exam {
  const rows = bytes.readUInt32LE(0);
  const columns = bytes.readUInt32LE(4);
  if (bytes.length !== 8 + rows * (5 + 4 * columns) || columns > 10 * FEATURE_COUNT)
    throw new Error('the stored exam is cut');
  const afterMinutes = 8 + 4 * rows;
  const afterValues = afterMinutes + 4 * rows * columns;
  const block: FeatureBlock = {
    minutes: new Int32Array(aligned(bytes, 8, afterMinutes)),
    values: new Float32Array(aligned(bytes, afterMinutes, afterValues)),
    columns,
    usable: new Uint8Array(rows).fill(1),
  };
  return { block, classes: Uint8Array.from(bytes.subarray(afterValues)) };
}

/** The bytes of numbers of four bytes each, turned round where the machine is big-endian. */
function littleEndian({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array | Float32Array): Buffer {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

/** A copy of little-endian bytes as this machine has numbers, at an address that they may lie at. */
function aligned(bytes: Buffer, from: number, until: number): ArrayBuffer {
  const copy = new Uint8Array(until - from);
  copy.set(bytes.subarray(from, until));
  if (endianness() === 'BE') Buffer.from(copy.buffer).swap32();
  return copy.buffer;
}
