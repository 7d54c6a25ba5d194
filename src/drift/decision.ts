import type { Minute } from '../features/row.js';
import { type Channel, type Hour, rankChannels, rateChannel } from './channels.js';
import { type GuardedChannel, guard, logAverage, neededEvidence } from './guard.js';
import type { DriftPolicy, DriftSettings } from './settings.js';
import { mean, quantile, type Sketch, standardDeviation } from './sketch.js';
import { type Histogram, histogram, ofSketch } from './statistics/distribution.js';
import { psi } from './statistics/psi.js';
import { measureAll } from './statistics/registry.js';
import { type HourSummary, mergeSummaries } from './summary.js';

/** One readable threshold, as judged. */
export interface Criterion {
  name: string;
  baseline: number;
  current: number;
  /** Relative change, or the index itself for input features. */
  change: number;
  limit: number;
  exceeded: boolean;
  /** log evidence of the guard for it, and what was needed */
  evidence: number;
  needed: number;
  words: string;
}

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

export interface FeatureChange {
  name: string;
  psi: number;
  baselineMean: number;
  currentMean: number;
  evidence: number;
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

/** Hours of scores (one column) or of features (a column a feature), split at the windows. */
export interface Windows {
  baseline: Hour[];
  /** Hours since the baseline that the guard looks at; at least those of `current`. */
  recent: Hour[];
  current: Hour[];
}

/** Share of the false-alarm budget of each group of channels. */
const WEIGHTS = { score: 0.25, anomalyRate: 0.25, rules: 0.2, features: 0.3 };

/**
 * Judges one model: drifted when a readable threshold is exceeded and the guard has enough evidence of a lasting change
 * for the same quantity; watch when the evidence has come half of the way (on a logarithmic scale).
 */
export function judge(
  scores: Windows,
  features: FeatureEvidence,
  policy: DriftPolicy,
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
    const before = mean(baseline.columns[0]);
    const now = mean(current.columns[0]);
    add(
      { name: 'mean score', baseline: before, current: now, change: relative(before, now), limit: policy.scoreShift },
      guardAll(rankChannels('score', scores.baseline, scores.recent, 0, baseline.columns[0])),
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
      seen >= settings.minimumAnomalies,
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

  const changes = features.changes.map((change) => ({ ...change }));
  if (policy.featureInstability !== null && changes.length > 0) {
    const weight = WEIGHTS.features / changes.length;
    for (const change of changes) {
      add(
        {
          name: `input ${change.name}`,
          baseline: change.baselineMean,
          current: change.currentMean,
          change: change.psi,
          limit: policy.featureInstability,
        },
        change.guarded,
        weight,
        'index',
        true,
        features.recent,
      );
      change.evidence = criteria[criteria.length - 1].evidence;
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
    statistics: measureAll(ofSketch(baseline.columns[0]), ofSketch(current.columns[0])),
    scores: histogram(ofSketch(baseline.columns[0]), ofSketch(current.columns[0])),
    features: changes
      .map(({ guarded: _, ...change }) => change)
      .sort((a, b) => b.evidence - a.evidence || b.psi - a.psi)
      .slice(0, 10),
  };
}

/** How a stream's features changed: the same for all of its models that look at the same windows. */
export interface FeatureEvidence {
  recent: readonly Hour[];
  changes: (FeatureChange & { guarded: GuardedChannel[] })[];
}

const guardAll = (channels: readonly Channel[]): GuardedChannel[] =>
  channels.map((channel) => guard(channel.name, channel.baseline, channel.recent, channel.floor));

export function compareFeatures(windows: Windows, names: readonly string[]): FeatureEvidence {
  const { recent } = windows;
  if (windows.baseline.length === 0 || windows.current.length === 0) return { recent, changes: [] };
  const count = windows.baseline[0].summary.columns.length;
  const baseline = mergeSummaries(
    windows.baseline.map((hour) => hour.summary),
    count,
  );
  const current = mergeSummaries(
    windows.current.map((hour) => hour.summary),
    count,
  );
  const changes = baseline.columns.flatMap((before, column) => {
    const now = current.columns[column];
    if (before.total === 0 || now.total === 0) return [];
    return [
      {
        name: names[column] ?? `feature ${column + 1}`,
        psi: psi.compute(ofSketch(before), ofSketch(now)),
        baselineMean: mean(before),
        currentMean: mean(now),
        evidence: Number.NEGATIVE_INFINITY,
        guarded: guardAll(
          rankChannels(names[column] ?? `feature ${column + 1}`, windows.baseline, recent, column, before),
        ),
      },
    ];
  });
  return { recent, changes };
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
  const sketch: Sketch = summary.columns[0];
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

const figure = (value: number): string => Number(value.toPrecision(4)).toString();
const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
/** Evidence as decimal digits: 3 means that the change is a thousand times likelier than none. */
const digits = (log: number): string => (log / Math.LN10).toFixed(1);

function words(criterion: Criterion, unit: 'ratio' | 'index', judged: boolean): string {
  const change =
    unit === 'ratio'
      ? `${percent(criterion.change)} (limit ${percent(criterion.limit).replace('+', '')})`
      : `stability index ${figure(criterion.change)} (limit ${figure(criterion.limit)})`;
  const rest = judged ? '' : ', too few anomalous minutes to judge';
  return `${criterion.name} ${figure(criterion.baseline)} -> ${figure(criterion.current)}, ${change}, evidence ${digits(criterion.evidence)} of ${digits(criterion.needed)} digits${rest}`;
}

function reasonOf(outcome: string, drifted: Criterion[], growing: Criterion[], all: Criterion[]): string {
  const list = (criteria: Criterion[]): string =>
    criteria
      .slice()
      .sort((a, b) => b.evidence - a.evidence)
      .slice(0, 3)
      .map((criterion) => criterion.words)
      .join('; ');
  if (outcome === 'drifted') return `a lasting change: ${list(drifted)}`;
  if (outcome === 'watch') return `evidence grows, not yet enough: ${list(growing)}`;
  const noisy = all.filter((criterion) => criterion.exceeded);
  if (noisy.length > 0) return `thresholds exceeded, but no more than ordinary wander explains: ${list(noisy)}`;
  return `within all limits: ${list(all)}`;
}
