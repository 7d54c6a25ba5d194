import { type Channel, type Hour, isFlag, rankChannels, tailShares } from './channels.js';
import { type GuardedChannel, guard } from './guard.js';
import { mean } from './sketch.js';
import { type Histogram, histogram, ofSketch } from './statistics/distribution.js';
import { psi, psiOfValues } from './statistics/psi.js';
import { measureAll } from './statistics/registry.js';
import { mergeSummaries } from './summary.js';

/** Hours of scores (one column) or of features (a column a feature), split at the windows. */
export interface Windows {
  baseline: Hour[];
  /** Hours since the baseline that the guard looks at; at least those of `current`. */
  recent: Hour[];
  current: Hour[];
}

/** How one input feature changed, as reports say it. */
export interface FeatureChange {
  name: string;
  psi: number;
  /** All statistics of the registry. */
  statistics: Record<string, number>;
  distribution: Histogram;
  baselineMean: number;
  currentMean: number;
  /** log evidence of the guard */
  evidence: number;
}

export interface GuardedFeature extends Omit<FeatureChange, 'statistics' | 'evidence' | 'distribution'> {
  /** Shares of minutes beyond the baseline's quantiles, baseline and current; null for flags. */
  tails: { high: [number, number]; low: [number, number] } | null;
  guarded: GuardedChannel[];
  statistics(): Record<string, number>;
  /** Minutes by value in both windows, to draw them. */
  distribution(): Histogram;
}

/** How a stream's features changed: the same for all of its models that look at the same windows. */
export interface FeatureEvidence {
  recent: readonly Hour[];
  features: GuardedFeature[];
}

export const guardAll = (channels: readonly Channel[]): GuardedChannel[] =>
  channels.map(({ name, baseline, recent, floor, sides }) => guard(name, baseline, recent, floor, sides));

export function compareFeatures(windows: Windows, names: readonly string[]): FeatureEvidence {
  const { recent } = windows;
  if (windows.baseline.length === 0 || windows.current.length === 0) return { recent, features: [] };
  // A feature that some hours do not hold yet cannot be compared.
  const count = Math.min(...[...windows.baseline, ...windows.current].map(({ summary }) => summary.columns.length));
  const summaries = (hours: readonly Hour[]) => hours.map((hour) => hour.summary);
  const baseline = mergeSummaries(summaries(windows.baseline), count);
  const current = mergeSummaries(summaries(windows.current), count);
  const features = baseline.columns.flatMap((before, column): GuardedFeature[] => {
    const now = current.columns[column]!;
    if (before.total === 0 || now.total === 0) return [];
    const name = names[column] ?? `feature ${column + 1}`;
    if (before.bins.length === 1 && now.bins.length === 1 && before.bins[0]! === now.bins[0]!) return [];
    // The three models of a stream report mostly the same features.
    let measured: Record<string, number> | null = null;
    const { body, high, low } = rankChannels(name, windows.baseline, recent, column, before);
    return [
      {
        name,
        psi: (isFlag(before) ? psiOfValues : psi.compute)(ofSketch(before), ofSketch(now)),
        baselineMean: mean(before),
        currentMean: mean(now),
        tails: isFlag(before) ? null : tailShares(before, now),
        guarded: guardAll([...body, ...high, ...low]),
        statistics: () => {
          measured ??= measureAll(ofSketch(before), ofSketch(now));
          return measured;
        },
        distribution: () => histogram(ofSketch(before), ofSketch(now)),
      },
    ];
  });
  return { recent, features };
}
