import { z } from 'zod';
import { MINUTES_PER_DAY } from '../features/row.js';
import { quantileSorted } from './preparation/robust.js';

/**
 * What the scores of ordinary minutes look like: quantiles for the body, a generalised Pareto tail above the highest of
 * them (peaks over threshold: Pickands 1975; for anomaly thresholds Siffer, Fouque, Termier, Largouet, KDD 2017).
 */
export const calibrationSchema = z.object({
  /** Scores at the quantiles 0, 1/50 ... of the body, up to the start of the tail. */
  body: z.array(z.number()).min(2),
  /** Share of ordinary minutes above the body. */
  tailShare: z.number().positive().max(1),
  /** Shape of the tail, 0 (exponential) or more (heavier). */
  shape: z.number().min(0),
  /** Scale of the tail in units of the score. */
  scale: z.number().positive(),
  /** Share of the exceedances that begin an alarm: the extremal index, 1 when each is alone. */
  alone: z.number().positive().max(1),
  /** Scores that were fitted. */
  samples: z.number().int().positive(),
});
export type Calibration = z.infer<typeof calibrationSchema>;

const BODY_STEPS = 50;
/** The tail starts at this quantile ... */
const TAIL_FROM = 0.95;
/** ... and is never held heavier than this, where a few values would decide alone. */
const HEAVIEST_SHAPE = 0.3;

/** Exceedances with fewer quiet minutes than this between them are one alarm, as they are one incident to an operator. */
export const QUIET_MINUTES = 30;

/**
 * Minutes that exceed come in clusters, and an operator counts clusters: so the tail is fitted to the greatest score of
 * each cluster (runs declustering, Smith and Weissman 1994; Davison and Smith 1990), by probability-weighted moments
 * (Hosking and Wallis 1987). Fitted to all exceedances, it would be too light: most of them are the slopes of a peak.
 * NaN scores are left out.
 * @param minutes of the scores, rising; without them each score is taken to be alone
 */
export function fitCalibration(scores: ArrayLike<number>, minutes?: ArrayLike<number>): Calibration {
  const sorted = Float64Array.from(scores)
    .filter((s) => Number.isFinite(s))
    .sort();
  if (sorted.length === 0) throw new Error('no score to calibrate on');
  const body: number[] = [];
  for (let i = 0; i <= BODY_STEPS; i++) body.push(quantileSorted(sorted, (TAIL_FROM * i) / BODY_STEPS));
  const start = body[BODY_STEPS]!;
  const exceedances = sorted.filter((s) => s > start);
  const peaks = minutes === undefined ? exceedances : peaksOf(scores, minutes, start);
  const n = peaks.length;
  let mean = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    mean += (peaks[i]! - start) / n;
    weighted += ((peaks[i]! - start) * (1 - (i + 0.65) / n)) / n;
  }
  const least = Math.max(1e-9, 1e-6 * Math.abs(start), 0.05 * (start - quantileSorted(sorted, 0.5)));
  const gap = mean - 2 * weighted;
  const shape = n >= 20 && gap > 0 ? Math.min(HEAVIEST_SHAPE, Math.max(0, 2 - mean / gap)) : 0;
  return {
    body,
    tailShare: 1 - TAIL_FROM,
    shape,
    // The mean of a generalised Pareto tail is scale / (1 - shape): with the shape held, the mean still fits.
    scale: Math.max(least, mean * (1 - shape)),
    alone: n === 0 ? 1 : n / exceedances.length,
    samples: sorted.length,
  };
}

/** The greatest score of each run of exceedances, in rising order. */
function peaksOf(scores: ArrayLike<number>, minutes: ArrayLike<number>, over: number): Float64Array {
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(score > over)) continue;
    if (minutes[i]! - last > QUIET_MINUTES) peaks.push(score);
    else peaks[peaks.length - 1] = Math.max(peaks.at(-1)!, score);
    last = minutes[i]!;
  }
  return Float64Array.from(peaks).sort();
}

/**
 * -log10 of the probability that an alarm of at least `score` begins in an ordinary minute: in the tail, of the tail
 * probability times the extremal index; below, the tail probability alone, stretched to meet it. Rises with the score.
 */
export function surpriseOf(c: Calibration, score: number): number {
  if (!Number.isFinite(score)) return Number.NaN;
  const start = c.body.at(-1)!;
  if (score >= start) {
    const x = (score - start) / c.scale;
    const natural = c.shape < 1e-6 ? x : Math.log1p(c.shape * x) / c.shape;
    return natural / Math.LN10 - Math.log10(c.tailShare * c.alone);
  }
  if (score <= c.body[0]!) return 0;
  let low = 0;
  let high = c.body.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (c.body[middle]! <= score) low = middle;
    else high = middle;
  }
  const share = (score - c.body[low]!) / (c.body[high]! - c.body[low]!);
  const below = ((low + share) / (c.body.length - 1)) * (1 - c.tailShare);
  return (-Math.log10(1 - below) * Math.log10(c.tailShare * c.alone)) / Math.log10(c.tailShare);
}

/** The score whose surprise is `surprise`: the inverse of `surpriseOf` in the tail. */
export function scoreAt(c: Calibration, surprise: number): number {
  const natural = (surprise + Math.log10(c.tailShare * c.alone)) * Math.LN10;
  const start = c.body.at(-1)!;
  if (natural <= 0) return start;
  return start + c.scale * (c.shape < 1e-6 ? natural : Math.expm1(c.shape * natural) / c.shape);
}

/**
 * A training window of a day or two does not hold all that ordinary days can bring, so thresholds are set at this part
 * of the wanted rate: the promise is held within a factor of two where the days after are like those before.
 */
const PRUDENCE = 0.5;

/** Surprise at which a single model raises an alarm, for a wanted rate of false alarms. */
export function surpriseForRate(falseAlarmsPerDay: number): number {
  return surpriseAt(PRUDENCE * falseAlarmsPerDay);
}

/** Surprise of alarms that begin so often in ordinary minutes like those trained on. */
export function surpriseAt(alarmsPerDay: number): number {
  return -Math.log10(Math.min(0.5, Math.max(1e-9, alarmsPerDay) / MINUTES_PER_DAY));
}

/** The threshold on the score for a wanted rate of false alarms, from the training scores alone. */
export function thresholdFor(c: Calibration, falseAlarmsPerDay: number): number {
  return scoreAt(c, surpriseForRate(falseAlarmsPerDay));
}
