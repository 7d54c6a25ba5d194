import type { Minute } from '../features/row.js';
import { type Hour, rankChannels, rateChannel } from './channels.js';
import type { Criterion } from './criterion.js';
import { type FeatureChange, type FeatureEvidence, guardAll, type Windows } from './featureEvidence.js';
import { type GuardedChannel, logAverage, neededEvidence } from './guard.js';
import type { DriftPolicy, DriftSettings } from './settings.js';
import { mean, quantile, type Sketch, standardDeviation } from './sketch.js';
import { type Histogram, histogram, ofSketch } from './statistics/distribution.js';
import { measureAll } from './statistics/registry.js';
import { type HourSummary, mergeSummaries } from './summary.js';
import { reasonOf, words } from './wording.js';

export interface WindowNumbers {
  minutes: number;
  anomalous: number;
  anomalyRate: number;
  mean: number;
  standardDeviation: number;
  p50: number;
  p95: number;
  p99: number;
}

export interface Judgement {
  outcome: 'stable' | 'drifted' | 'watch';
  reason: string;
  /** Hour from which the change is thought to last; null unless drifted. */
  onset: Minute | null;
  criteria: Criterion[];
  baseline: WindowNumbers;
  current: WindowNumbers;
  statistics: Record<string, number>;
  scores: Histogram;
  features: FeatureChange[];
}

/** Share of the false-alarm budget of each group of channels. */
const WEIGHTS = { score: 0.2, anomalyRate: 0.2, rules: 0.1, features: 0.5 };

/** Unusual minutes that are rarer than this are compared as if they were as frequent, so that none -> one is not a leap. */
const RAREST = 0.005;

/**
 * Judges one model: drifted when a readable threshold is exceeded and the guard has enough evidence of a lasting change
 * for the same quantity; watch when the evidence has come half of the way (on a logarithmic scale).
 */
export function judge(
  scores: Windows,
  features: FeatureEvidence,
  policy: Required<DriftPolicy>,
  settings: DriftSettings,
): Judgement {
  const baseline = mergeSummaries(
    scores.baseline.map((hour) => hour.summary),
    1,
  );
  const current = mergeSummaries(
    scores.current.map((hour) => hour.summary),
    1,
  );
  const needed = Math.log(neededEvidence(settings.falseAlarmsPerModelMonth));
  const criteria: Criterion[] = [];
  const onsets: { criterion: Criterion; onset: Minute }[] = [];

  const add = (
    criterion: Omit<Criterion, 'exceeded' | 'evidence' | 'needed' | 'words'>,
    guarded: readonly GuardedChannel[],
    weight: number,
    unit: 'ratio' | 'index',
    judged: boolean,
    recent: readonly Hour[],
  ): void => {
    const evidence = logAverage(guarded) + Math.log(weight);
    const exceeded = judged && Math.abs(criterion.change) > criterion.limit;
    const full: Criterion = { ...criterion, exceeded, evidence, needed, words: '' };
    full.words = words(full, unit, judged);
    criteria.push(full);
    const strongest = strongestOf(guarded);
    if (strongest) onsets.push({ criterion: full, onset: recent[Math.max(0, strongest.onset)]?.hour ?? 0 });
  };

  if (policy.scoreShift !== null) {
    const before = mean(baseline.columns[0]!);
    const now = mean(current.columns[0]!);
    add(
      { name: 'mean score', baseline: before, current: now, change: relative(before, now), limit: policy.scoreShift },
      guardAll(rankChannels('score', scores.baseline, scores.recent, 0, baseline.columns[0]!).body),
      WEIGHTS.score,
      'ratio',
      true,
      scores.recent,
    );
  }
  const rate = (name: string, limit: number, weight: number, count: (summary: HourSummary) => number): void => {
    const before = count(baseline) / Math.max(1, baseline.minutes);
    const now = count(current) / Math.max(1, current.minutes);
    const seen = Math.max(count(current), before * current.minutes);
    add(
      { name, baseline: before, current: now, change: relative(before, now), limit },
      guardAll([rateChannel(name, scores.baseline, scores.recent, count)]),
      weight,
      'ratio',
      seen >= policy.minimumAnomalies,
      scores.recent,
    );
  };
  if (policy.anomalyRateChange !== null) {
    rate('anomaly rate', policy.anomalyRateChange, WEIGHTS.anomalyRate, (summary) => summary.anomalous);
  }
  if (policy.ruleRateChange !== null) {
    const names = [...new Set([...baseline.rules.keys(), ...current.rules.keys()])].sort();
    for (const name of names) {
      rate(
        `rate of rule ${name}`,
        policy.ruleRateChange,
        WEIGHTS.rules / names.length,
        (summary) => summary.rules.get(name) ?? 0,
      );
    }
  }

  const changes: { evidence: number; feature: FeatureEvidence['features'][number] }[] = [];
  const weight = WEIGHTS.features / Math.max(1, features.features.length);
  for (const feature of features.features) {
    // All criteria of a feature share its evidence, so that they share its part of the budget too.
    const evidence = logAverage(feature.guarded) + Math.log(weight);
    changes.push({ evidence, feature });
    if (policy.featureInstability !== null) {
      add(
        {
          name: `input ${feature.name}`,
          baseline: feature.baselineMean,
          current: feature.currentMean,
          change: feature.psi,
          limit: policy.featureInstability,
        },
        feature.guarded,
        weight,
        'index',
        true,
        features.recent,
      );
    }
    if (policy.unusualMinutes === null || feature.tails === null) continue;
    for (const side of ['high', 'low'] as const) {
      const [before, now] = feature.tails[side];
      const change = relative(Math.max(before, RAREST), Math.max(now, RAREST));
      // Of 37 inputs the quiet ones would bury what matters.
      if (change <= policy.unusualMinutes || evidence < needed / 2) continue;
      add(
        {
          name: `minutes with ${side} ${feature.name}`,
          baseline: before,
          current: now,
          change,
          limit: policy.unusualMinutes,
        },
        feature.guarded,
        weight,
        'ratio',
        true,
        features.recent,
      );
    }
  }

  const drifted = criteria.filter((criterion) => criterion.exceeded && criterion.evidence >= needed);
  const growing = criteria.filter((criterion) => criterion.evidence >= needed / 2);
  const outcome = drifted.length > 0 ? 'drifted' : growing.length > 0 ? 'watch' : 'stable';
  const onset =
    drifted.length === 0
      ? null
      : Math.min(...onsets.filter((at) => drifted.includes(at.criterion)).map((at) => at.onset));
  return {
    outcome,
    reason: reasonOf(outcome, drifted, growing, criteria),
    onset,
    criteria,
    baseline: numbersOf(baseline),
    current: numbersOf(current),
    statistics: measureAll(ofSketch(baseline.columns[0]!), ofSketch(current.columns[0]!)),
    scores: histogram(ofSketch(baseline.columns[0]!), ofSketch(current.columns[0]!)),
    features: changes
      .sort((a, b) => b.evidence - a.evidence || b.feature.psi - a.feature.psi)
      .slice(0, 10)
      .map(({ evidence, feature: { name, psi, baselineMean, currentMean, statistics, distribution } }) => ({
        name,
        psi,
        statistics: statistics(),
        distribution: distribution(),
        baselineMean,
        currentMean,
        evidence,
      })),
  };
}

function strongestOf(channels: readonly GuardedChannel[]): GuardedChannel | undefined {
  return channels.reduce<GuardedChannel | undefined>(
    (best, channel) => (best && best.logEvidence >= channel.logEvidence ? best : channel),
    undefined,
  );
}

/** Change relative to the baseline; from zero to anything is infinite, capped so that JSON can hold it. */
function relative(before: number, now: number): number {
  if (before === now) return 0;
  return Math.max(-1e6, Math.min(1e6, (now - before) / Math.abs(before)));
}

function numbersOf(summary: HourSummary): WindowNumbers {
  const sketch: Sketch = summary.columns[0]!;
  return {
    minutes: summary.minutes,
    anomalous: summary.anomalous,
    anomalyRate: summary.minutes === 0 ? 0 : summary.anomalous / summary.minutes,
    mean: mean(sketch),
    standardDeviation: standardDeviation(sketch),
    p50: quantile(sketch, 0.5),
    p95: quantile(sketch, 0.95),
    p99: quantile(sketch, 0.99),
  };
}
