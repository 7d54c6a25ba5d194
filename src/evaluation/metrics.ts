import { QUIET_MINUTES } from '../models/threshold.js';

/**
 * How good scores are against labels. Ties are handled as scikit-learn does: equal scores are one threshold.
 */
export interface Ranking {
  /** Area under the ROC curve, null unless both labels are there. */
  auc: number | null;
  /** Mean precision over recall steps, null without an anomalous minute. */
  average_precision: number | null;
  /** Greatest F1 over all thresholds. */
  best_f1: number | null;
  /** The threshold at which it is reached. */
  best_threshold: number | null;
}

/** @param scores NaN leaves a minute out */
export function rankingOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Ranking {
  const order = Array.from({ length: labels.length }, (_, i) => i).filter((i) => Number.isFinite(scores[i]!));
  order.sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.reduce((n, i) => n + labels[i]!, 0);
  const negatives = order.length - positives;
  if (positives === 0) return { auc: null, average_precision: null, best_f1: null, best_threshold: null };
  let hits = 0;
  let area = 0;
  let precision = 0;
  let bestF1 = 0;
  let bestThreshold = Number.POSITIVE_INFINITY;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]!]!;
    const hitsBefore = hits;
    const missesBefore = i - hits;
    while (i < order.length && scores[order[i]!] === score) hits += labels[order[i++]!]!;
    const misses = i - hits;
    area += ((misses - missesBefore) * (hits + hitsBefore)) / 2;
    precision += ((hits - hitsBefore) / positives) * (hits / i);
    const f1 = (2 * hits) / (i + positives);
    if (f1 > bestF1) {
      bestF1 = f1;
      bestThreshold = score;
    }
  }
  return {
    auc: negatives === 0 ? null : area / (positives * negatives),
    average_precision: precision,
    best_f1: bestF1,
    best_threshold: bestThreshold,
  };
}

/** A stretch of rows, both ends inside. */
export interface Stretch {
  first: number;
  last: number;
}

/** Runs of 1; runs with at most `join` zeros between them are one. */
export function stretchesOf(flags: ArrayLike<number>, join = 0): Stretch[] {
  const found: Stretch[] = [];
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] !== 1) continue;
    const before = found.at(-1);
    if (before !== undefined && i - before.last - 1 <= join) before.last = i;
    else found.push({ first: i, last: i });
  }
  return found;
}

export interface Detection {
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** Whether every labelled stretch was met by an anomalous minute; null without labels. */
  detected: boolean | null;
  /** From the first labelled minute of the first event to the first anomalous one in it; null when not detected. */
  latency_minutes: number | null;
  /** Alarms that touch no labelled minute, a day of regular test minutes. */
  false_alarms_per_day: number;
  /** The same before the first event only: what follows a worm is not quite ordinary. */
  false_alarms_per_day_before: number | null;
}

/** @param anomalous [rows] 1 where the minute was called anomalous */
export function detectionOf(anomalous: ArrayLike<number>, labels: ArrayLike<number>, minutesPerDay = 1440): Detection {
  let hits = 0;
  let called = 0;
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    called += anomalous[i]!;
    positives += labels[i]!;
    if (anomalous[i] === 1 && labels[i] === 1) hits++;
  }
  const events = stretchesOf(labels);
  const firstCalled = events.map(({ first, last }) => {
    for (let i = first; i <= last; i++) if (anomalous[i] === 1) return i - first;
    return null;
  });
  const alarms = stretchesOf(anomalous, QUIET_MINUTES - 1);
  const isFalse = ({ first, last }: Stretch): boolean => events.every((e) => e.last < first || e.first > last);
  const falseAlarms = alarms.filter(isFalse);
  const regularDays = (labels.length - positives) / minutesPerDay;
  const before = events[0]?.first ?? null;
  return {
    precision: called === 0 || positives === 0 ? null : hits / called,
    recall: positives === 0 ? null : hits / positives,
    f1: positives === 0 ? null : (2 * hits) / (called + positives),
    detected: events.length === 0 ? null : firstCalled.every((at) => at !== null),
    latency_minutes: firstCalled[0] ?? null,
    false_alarms_per_day: regularDays === 0 ? 0 : falseAlarms.length / regularDays,
    false_alarms_per_day_before:
      before === null || before === 0
        ? null
        : falseAlarms.filter((alarm) => alarm.first < before).length / (before / minutesPerDay),
  };
}
