import type { Hour } from '../../src/drift/channels.js';
import { type Judgement, judge } from '../../src/drift/decision.js';
import { compareFeatures, type FeatureEvidence, type Windows } from '../../src/drift/featureEvidence.js';
import { summariseFeatures, summariseScores } from '../../src/drift/hours.js';
import { driftSettings, policyOf } from '../../src/drift/settings.js';
import type { HourSummary } from '../../src/drift/summary.js';
import { FEATURES } from '../../src/features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../../src/features/row.js';
import { kindOf } from '../../src/models/kinds.js';
import type { ModelKindName } from '../../src/models/model.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { START, slice } from './ordinary.js';

export const settings = driftSettings.parse({});
export const gates = retrainingSettings.parse({});
const NAMES = FEATURES.map(({ name }) => name);

/** The hourly summaries of a series, as the monitor would have them. */
export interface Hours {
  features: Hour[];
  scores: Map<ModelKindName, Hour[]>;
}

export type Models = Map<ModelKindName, unknown>;

export function fit(name: ModelKindName, block: FeatureBlock, seed: number): Promise<unknown> {
  const kind = kindOf(name);
  const from = Math.max(0, block.minutes.length - kind.maximumRows);
  return kind.fit(slice(block, from, block.minutes.length), { seed, falseAlarmsPerDay: gates.falseAlarmsPerDay });
}

const inOrder = (map: Map<Minute, HourSummary>): Hour[] => [...map].map(([hour, summary]) => ({ hour, summary }));

/**
 * @param block a series
 * @param unchanged hours of the same series, of which those before row `from` are taken over
 */
export async function hoursOf(models: Models, block: FeatureBlock, unchanged?: Hours, from = 0): Promise<Hours> {
  const earlier = (hours: readonly Hour[] = []): Hour[] => hours.filter(({ hour }) => hour < START + from);
  const rest = slice(block, from, block.minutes.length);
  const scores = new Map<ModelKindName, Hour[]>();
  for (const [name, model] of models) {
    const made = inOrder(summariseScores(await scoredMinutes(name, model, block, from), null));
    scores.set(name, [...earlier(unchanged?.scores.get(name)), ...made]);
  }
  return { features: [...earlier(unchanged?.features), ...inOrder(summariseFeatures(rest, null))], scores };
}

/** Rows from `from` on with the rules that an anomalous minute broke, as the drift check reads them from the table. */
async function scoredMinutes(name: ModelKindName, model: unknown, block: FeatureBlock, from: number) {
  const kind = kindOf(name);
  const start = Math.max(0, from - kind.context);
  const tail = slice(block, start, block.minutes.length);
  const first = from - start;
  const { score } = await kind.score(model, tail, first);
  const threshold = kind.threshold(model);
  return Promise.all(
    Array.from(score, async (value, row) => {
      const anomalous = value > threshold;
      const broken = anomalous && name === 'heuristic' ? await kind.explain(model, tail, first + row) : [];
      return { minute: tail.minutes[first + row]!, score: value, anomalous, rules: broken.map((rule) => rule.name) };
    }),
  );
}

/** What the monitor would say of all kinds at the hour that ends at `end`; of the features once for all. */
export function checkAt(hours: Hours, end: Minute): (kind: ModelKindName) => Judgement {
  const split = end - settings.currentMinutes;
  const recent = end - settings.guardMinutes;
  const from = split - settings.baselineMinutes;
  const windows = (list: readonly Hour[]): Windows => ({
    baseline: list.filter((hour) => hour.hour >= from && hour.hour < split),
    recent: list.filter((hour) => hour.hour >= recent && hour.hour < end),
    current: list.filter((hour) => hour.hour >= split && hour.hour < end),
  });
  let features: FeatureEvidence | null = null;
  return (kind) => {
    features ??= compareFeatures(windows(hours.features), NAMES);
    return judge(windows(hours.scores.get(kind) ?? []), features, policyOf(settings, `${kind}@bench`), settings);
  };
}

/** The percentages alone, without guard and inputs: the policy that the project began with. */
export function percentagesAlone({ criteria }: Judgement): boolean {
  return criteria.some(
    ({ name, change, limit }) =>
      !name.startsWith('input ') && !name.startsWith('minutes with ') && Math.abs(change) > limit,
  );
}

export const hourOf = (day: number): number => (day * MINUTES_PER_DAY) / 60;
