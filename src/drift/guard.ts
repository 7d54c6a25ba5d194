/**
 * The guard: a sequential change detector that may be looked at every hour for ever.
 *
 * A channel is a quantity with a value an hour. Hours are standardised against the baseline's hours and cut to
 * [-1, CLIP]; under "no change" the expected value of an hour given the past is at most `tolerance`, so that for any bet
 * b in [0, 1 / (1 + tolerance)) the product of 1 + b (z - tolerance) is a non-negative supermartingale (betting as in
 * Waudby-Smith and Ramdas, JRSS-B 86, 2024, arXiv 2010.09686). Restarted at every hour and added up
 * (M <- (M + 1)(1 + b (z - tolerance)), Shiryaev-Roberts), it is an e-detector: an alarm at M >= A comes under "no
 * change" on average not before A hours, whatever the dependence between channels (Shin, Ramdas and Rinaldo, 2023,
 * arXiv 2203.03532). Averages of e-detectors are e-detectors: over bets, over both directions and over channels.
 *
 * The statement is for a known baseline. Ours is estimated from a week of hours which wander, so the tolerance is the
 * wander of the baseline's own half days, which the benchmark `drift-quality` puts to the test.
 */
export interface GuardedChannel {
  name: string;
  /** log of the e-detector at the last hour */
  logEvidence: number;
  /** Index of the hour from which the evidence grew. */
  onset: number;
}

const CLIP = 4;
const BETS = [0.1, 0.25, 0.5, 0.75, 0.95];
const LARGEST = 1e200;

/** Hours in which the wander of the baseline is measured. */
const WANDER_HOURS = 12;
/** The next day may wander further than the baseline's half days did on average. */
const WANDER = 1.25;
const LEAST_TOLERANCE = 0.4;

/**
 * @param baseline value of each baseline hour, in order; NaN where an hour is missing
 * @param recent value of each hour since, in order; NaN where missing (skipped)
 * @param floor smallest standard deviation of an hour that means anything, in the channel's unit
 * @param sides which way the quantity may have gone; `up` alone saves half of the evidence
 */
export function guard(
  name: string,
  baseline: ArrayLike<number>,
  recent: ArrayLike<number>,
  floor: number,
  sides: 'both' | 'up' = 'both',
): GuardedChannel {
  const scale = scaleOf(baseline, floor);
  const up = detect(recent, scale, 1);
  if (sides === 'up') return { name, logEvidence: Math.log(up.evidence), onset: up.onset };
  const down = detect(recent, scale, -1);
  return {
    name,
    logEvidence: Math.log((up.evidence + down.evidence) / 2),
    onset: (up.evidence >= down.evidence ? up : down).onset,
  };
}

interface Scale {
  mean: number;
  deviation: number;
  tolerance: number;
}

function scaleOf(baseline: ArrayLike<number>, floor: number): Scale {
  const values = new Float64Array(baseline.length);
  let count = 0;
  let total = 0;
  for (let i = 0; i < baseline.length; i++) {
    if (Number.isNaN(baseline[i])) continue;
    values[count++] = baseline[i]!;
    total += baseline[i]!;
  }
  const mean = total / Math.max(1, count);
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / Math.max(1, count - 1)), floor);
  let wander = 0;
  let blocks = 0;
  for (let start = 0; start + WANDER_HOURS <= count; start += WANDER_HOURS / 2, blocks++) {
    let sum = 0;
    for (let i = start; i < start + WANDER_HOURS; i++) sum += values[i]! - mean;
    wander += (sum / deviation / WANDER_HOURS) ** 2;
  }
  return {
    mean,
    deviation,
    tolerance: Math.max(LEAST_TOLERANCE, WANDER * Math.sqrt(wander / Math.max(1, blocks))),
  };
}

function detect(recent: ArrayLike<number>, scale: Scale, sign: 1 | -1): { evidence: number; onset: number } {
  const detectors = new Float64Array(BETS.length);
  const cusum = { level: 0, onset: 0 };
  for (let i = 0; i < recent.length; i++) {
    if (Number.isNaN(recent[i])) continue;
    const z = Math.min(CLIP, Math.max(-1, (sign * (recent[i]! - scale.mean)) / scale.deviation)) - scale.tolerance;
    if (cusum.level + z <= 0) cusum.onset = i + 1;
    cusum.level = Math.max(0, cusum.level + z);
    for (let b = 0; b < BETS.length; b++) {
      detectors[b] = Math.min(LARGEST, (detectors[b]! + 1) * (1 + (BETS[b]! / (1 + scale.tolerance)) * z));
    }
  }
  let sum = 0;
  for (const value of detectors) sum += value;
  return { evidence: Math.max(sum / BETS.length, Number.MIN_VALUE), onset: Math.min(cusum.onset, recent.length - 1) };
}

/** Hours of a month of 30 days over the budget: what the evidence must reach. */
export function neededEvidence(falseAlarmsPerModelMonth: number): number {
  return (30 * 24) / falseAlarmsPerModelMonth;
}

/** log of the weighted average of several channels' e-detectors */
export function logAverage(channels: readonly GuardedChannel[]): number {
  if (channels.length === 0) return Number.NEGATIVE_INFINITY;
  const largest = Math.max(...channels.map((channel) => channel.logEvidence));
  let sum = 0;
  for (const channel of channels) sum += Math.exp(channel.logEvidence - largest);
  return largest + Math.log(sum / channels.length);
}
