import { z } from 'zod';
import type { Trait } from '../../features/catalogue.js';
import type { FeatureBlock } from '../../features/row.js';
import { MINUTES_PER_DAY } from '../../features/row.js';
import { columnsOf } from './columns.js';
import { fitRhythm, rhythmAt, takeRhythmOut } from './rhythm.js';
import { columnAt, sampleOf, spreadOf } from './robust.js';
import { windowMeans, windowOf } from './windowMeans.js';

/**
 * Turns feature rows into numbers that models can compare: log scale for counts, robust scaling against the training
 * window, the hour-of-day rhythm taken out, then exponential means over several time scales, each scaled again, so that
 * a lasting change outweighs a single spike. Fitted once, saved with the model and applied alike in training and serving.
 */
export const preparationSchema = z.object({
  format: z.literal(1),
  /** Columns of the feature rows that go in. */
  inputs: z.number().int().positive(),
  /** The input columns that are kept, in order. */
  kept: z.array(z.number().int().nonnegative()).min(1),
  /** Time constants in minutes; 1 is the minute itself. */
  scales: z.array(z.number().int().positive()).min(1),
  /** Width of the output: kept columns for the first scale, then for the second ... */
  columns: z.number().int().positive(),
  /** Rows needed before a row: the longest window less one. */
  context: z.number().int().nonnegative(),
  /** [kept] of the transformed value */
  center: z.array(z.number()),
  /** [kept] */
  scale: z.array(z.number().positive()),
  /** [kept x 24] shift of each hour of the day, or null without three days of history */
  rhythm: z.array(z.number()).nullable(),
  /** [columns] of the smoothed values */
  smoothCenter: z.array(z.number()),
  /** [columns] */
  smoothScale: z.array(z.number().positive()),
});

/** A plain value: `JSON.stringify` writes it, `decodePreparation` reads it back and checks it. */
export type Preparation = z.infer<typeof preparationSchema>;

export interface PreparationOptions {
  /** Time constants in minutes, default 5, 20 and 90; `[1]` leaves the minutes unsmoothed. */
  scales?: number[];
  /** Whether the 0/1 columns are kept (default true). */
  flags?: boolean;
  /** The input columns that are kept, in order; all by default. */
  only?: readonly number[];
  /** Whether the hour-of-day rhythm is taken out where history allows (default true). */
  rhythm?: boolean;
}

const DEFAULT_SCALES = [5, 20, 90];
/** A single minute counts for no more than this many scales, so that a spike cannot hold a long mean up. */
const CLIP = 8;
/** A long mean counts up to this many times the next shorter one, which is noisier. */
const PRESENT = 1.5;
const SMOOTH_CLIP = 30;
/** Below these a spread says more of rounding or of a short window than of the network. */
const FLOOR: Record<Trait, number> = { count: 0.15, level: 0.3, flag: 0.2 };
const SMOOTH_FLOOR = 0.25;

/** @returns what `preparationSchema` checks in `JSON.parse`d bytes; throws a ZodError for anything else */
export function decodePreparation(value: unknown): Preparation {
  const p = preparationSchema.parse(value);
  const wide = p.kept.length * p.scales.length;
  const hours = p.rhythm === null || p.rhythm.length === p.kept.length * 24;
  if (p.columns !== wide || p.smoothCenter.length !== wide || p.smoothScale.length !== wide || !hours) {
    throw new Error('preparation with lists of unequal length');
  }
  if (p.center.length !== p.kept.length || p.scale.length !== p.kept.length || p.kept.some((c) => c >= p.inputs)) {
    throw new Error('preparation with lists of unequal length');
  }
  return p;
}

/**
 * Name of an output column, such as "withdrawn prefixes over 15 minutes".
 */
export function preparedName(p: Preparation, column: number): string {
  const name = columnsOf(p.inputs)[p.kept[column % p.kept.length]!]!.words;
  const minutes = p.scales[Math.floor(column / p.kept.length)]!;
  return minutes === 1 ? name : `${name} over ${minutes} minutes`;
}

/** Learns centres, spreads and rhythm from the usable rows of `block`, in which at least one row must be usable. */
export function fitPreparation(block: FeatureBlock, options: PreparationOptions = {}): Preparation {
  return learn(block, options).preparation;
}

/**
 * The same, with the rows of `block` prepared by what was learnt from them: `applyPreparation(preparation, block, 0)` for
 * half the work of both.
 */
export function fitAndPrepare(
  block: FeatureBlock,
  options: PreparationOptions = {},
): { preparation: Preparation; prepared: Float32Array } {
  const { preparation, means } = learn(block, options);
  return { preparation, prepared: scaleMeans(preparation, means, block, 0) };
}

function learn(block: FeatureBlock, options: PreparationOptions): { preparation: Preparation; means: Float32Array } {
  const traits = columnsOf(block.columns);
  const kept = traits.flatMap((column, c) =>
    (options.flags === false && column.trait === 'flag') || options.only?.includes(c) === false ? [] : [c],
  );
  const width = kept.length;
  const scales = options.scales ?? DEFAULT_SCALES;
  const used = rowsUsed(block);
  if (used.length === 0) throw new Error('no usable row to fit a preparation on');
  const values = transform(block, kept, 0);
  const days = (block.minutes[used.at(-1)!]! - block.minutes[used[0]!]!) / MINUTES_PER_DAY;
  const withRhythm = options.rhythm !== false && days >= 3 - 1 / 24 && used.length >= 2 * MINUTES_PER_DAY;
  const rhythm = withRhythm ? fitRhythm(values, width, block.minutes, used) : null;
  if (rhythm) takeRhythmOut(rhythm, values, width, block.minutes, 0);
  const sample = sampleOf(used);
  const center: number[] = [];
  const scale: number[] = [];
  for (let k = 0; k < width; k++) {
    const column = columnAt(values, width, k, sample);
    const { trait } = traits[kept[k]!]!;
    const spread = trait === 'flag' ? flagSpread(column) : spreadOf(column);
    center.push(spread.median);
    scale.push(Math.max(spread.scale, floorOf(trait, spread.median)));
  }
  const p: Preparation = {
    format: 1,
    inputs: block.columns,
    kept,
    scales,
    columns: width * scales.length,
    context: Math.max(...scales.map(windowOf)) - 1,
    center,
    scale,
    rhythm,
    smoothCenter: new Array<number>(width * scales.length).fill(0),
    smoothScale: new Array<number>(width * scales.length).fill(1),
  };
  scaleValues(p, values);
  const means = meansOf(p, values, block, 0, 0);
  for (let c = 0; c < p.columns; c++) {
    if (p.scales[Math.floor(c / width)] === 1) continue;
    const spread = spreadOf(columnAt(means, p.columns, c, sample));
    p.smoothCenter[c] = spread.median;
    p.smoothScale[c] = Math.max(spread.scale, SMOOTH_FLOOR);
  }
  return { preparation: p, means };
}

/**
 * Prepares rows `from` .. end of the block: [rows - from, p.columns], row-major, finite. A row depends only on itself and
 * the `p.context` rows before it, to the last bit, whatever the cut of the batch. Rows that are gaps become zeros and
 * are left out of the means; where less than half of a mean's weight is there, the rest counts as ordinary.
 */
export function applyPreparation(p: Preparation, block: FeatureBlock, from: number): Float32Array {
  const start = Math.max(0, from - p.context);
  const values = transform(block, p.kept, start);
  if (p.rhythm) takeRhythmOut(p.rhythm, values, p.kept.length, block.minutes, start);
  scaleValues(p, values);
  return scaleMeans(p, meansOf(p, values, block, start, from), block, from);
}

/** The means [rows - from, p.columns] scaled again, in place. */
function scaleMeans(p: Preparation, means: Float32Array, block: FeatureBlock, from: number): Float32Array {
  const { columns } = p;
  const center = Float64Array.from(p.smoothCenter);
  const scale = Float64Array.from(p.smoothScale);
  const rows = block.minutes.length - from;
  for (let r = 0; r < rows; r++) {
    if (block.usable[from + r] !== 1) continue;
    const at = r * columns;
    for (let c = 0; c < columns; c++) means[at + c] = clip((means[at + c]! - center[c]!) / scale[c]!, SMOOTH_CLIP);
  }
  return means;
}

function clip(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Counts spread at least as a Poisson count of their size does on the log scale, so that rare events stay ordinary. */
function floorOf(trait: Trait, center: number): number {
  return trait === 'count' ? Math.max(FLOOR.count, 0.7 * Math.exp(-center / 2)) : FLOOR[trait];
}

function flagSpread(values: Float64Array): { median: number; scale: number } {
  let sum = 0;
  for (const v of values) sum += v;
  const share = sum / values.length;
  return { median: share, scale: Math.sqrt(Math.max(0, share * (1 - share))) };
}

function rowsUsed(block: FeatureBlock): number[] {
  const rows: number[] = [];
  for (let row = 0; row < block.minutes.length; row++) if (block.usable[row] === 1) rows.push(row);
  return rows;
}

/** [rows - from, kept] on the log scale where a column counts; what is not a finite number is read as 0. */
function transform(block: FeatureBlock, kept: number[], from: number): Float64Array {
  const traits = columnsOf(Math.max(block.columns, ...kept.map((column) => column + 1)));
  const log = Uint8Array.from(kept, (column) => (traits[column]!.trait === 'count' ? 1 : 0));
  const width = kept.length;
  const rows = block.minutes.length - from;
  const out = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const at = (from + r) * block.columns;
    for (let k = 0; k < width; k++) {
      // A block of an older version may lack a feature that the model knows.
      const value = kept[k]! < block.columns ? block.values[at + kept[k]!]! : 0;
      const finite = Number.isFinite(value) ? value : 0;
      out[r * width + k] = log[k] === 1 ? Math.log1p(Math.max(0, finite)) : finite;
    }
  }
  return out;
}

/** Centres, scales and clips transformed values [.. x kept] in place. */
function scaleValues(p: Preparation, values: Float64Array): void {
  const width = p.kept.length;
  const center = Float64Array.from(p.center);
  const scale = Float64Array.from(p.scale);
  for (let at = 0; at < values.length; at += width) {
    for (let k = 0; k < width; k++) values[at + k] = clip((values[at + k]! - center[k]!) / scale[k]!, CLIP);
  }
}

/** Means of scaled values [rows of the block from `start` x kept] over each time scale, not yet scaled again. */
function meansOf(p: Preparation, scaled: Float64Array, block: FeatureBlock, start: number, from: number): Float32Array {
  const width = p.kept.length;
  const rows = block.minutes.length - from;
  const out = new Float32Array(rows * p.columns);
  p.scales.forEach((timeConstant, s) => {
    windowMeans(scaled, width, block, start, from, timeConstant, out, s * width, p.columns);
  });
  limitToPresent(out, p, rows);
  return out;
}

/**
 * Holds each mean within what the next shorter one still shows, in the same direction: what is over is over, and does
 * not stand for as long as the window of the long mean.
 */
function limitToPresent(means: Float32Array, p: Preparation, rows: number): void {
  const width = p.kept.length;
  for (let s = p.scales.length - 1; s > 0; s--) {
    for (let row = 0; row < rows; row++) {
      const at = row * p.columns + s * width;
      for (let k = at; k < at + width; k++) {
        const mean = means[k]!;
        const most = PRESENT * means[k - width]!;
        if (mean > 0) {
          if (mean > most) means[k] = Math.max(0, most);
        } else if (mean < most) means[k] = Math.min(0, most);
      }
    }
  }
}

/**
 * The value in the feature's own unit that a prepared value stands for: the inverse of scaling and log, for words.
 * For a mean over minutes it is the typical (on the log scale, the geometric) value of those minutes.
 */
export function rawValue(p: Preparation, column: number, prepared: number, minute: number): number {
  const k = column % p.kept.length;
  const shift = p.rhythm ? rhythmAt(p.rhythm, k, minute) : 0;
  const scaled = prepared * p.smoothScale[column]! + p.smoothCenter[column]!;
  const value = scaled * p.scale[k]! + p.center[k]! + shift;
  return columnsOf(p.inputs)[p.kept[k]!]!.trait === 'count' ? Math.max(0, Math.expm1(value)) : value;
}
