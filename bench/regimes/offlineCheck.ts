import type { Hour } from '../../src/drift/channels.js';
import { judge } from '../../src/drift/decision.js';
import { compareFeatures } from '../../src/drift/featureEvidence.js';
import { summariseFeatures } from '../../src/drift/hours.js';
import { floorHour, maskedIncidents, stormsAmong } from '../../src/drift/lastingIncidents.js';
import { baselineNeeded, driftSettings, policyOf } from '../../src/drift/settings.js';
import { wanes } from '../../src/drift/waning.js';
import { FEATURES } from '../../src/features/catalogue.js';
import type { Minute } from '../../src/features/row.js';
import type { ModelKindName } from '../../src/models/model.js';
import type { IncidentSpan } from '../../src/storage/streamHistory.js';
import { maskOf, minutesOf, type OfflineLine, type Track } from './system.js';
import type { Keeper } from './walk.js';

const drift = driftSettings.parse({});
const NAMES = FEATURES.map(({ name }) => name);
const HOUR = 60;

/** What the features of the same windows say, shared by the models of an hour. */
export type SharedFeatures = Map<string, ReturnType<typeof compareFeatures>>;

/** What a check found. */
export interface Found {
  /** Hour from which the change is thought to last; null where there is none. */
  onset: Minute | null;
  /** The outcome, or what kept the check from judging. */
  said: string;
}

const none = (said: string): Found => ({ onset: null, said });

/** As `checkDrift` does, hour by hour; says why where it finds none. */
export function driftOnset(
  line: OfflineLine,
  track: Track,
  name: ModelKindName,
  keeper: Pick<Keeper, 'baselineFrom' | 'regime'>,
  end: Minute,
  shared: SharedFeatures,
): Found {
  const policy = policyOf(drift, `${name}@regimes`);
  const windowStart = end - drift.currentMinutes;
  const served = track.serving!.from;
  const baselineFrom = floorHour(Math.max(windowStart - drift.baselineMinutes, keeper.baselineFrom));
  const currentFrom = Math.max(windowStart, served + ((HOUR - (served % HOUR)) % HOUR));
  if (end - currentFrom < policy.minimumCurrent) return none('served too short');
  const incidents = line.spans(baselineFrom, end);
  const isWaning = (stretch: IncidentSpan) => wanes(line.series.block, stretch);
  const masks = maskedIncidents(incidents, drift.patienceMinutes, { from: currentFrom, until: end }, isWaning);
  if (stormsAmong(incidents, drift.patienceMinutes, isWaning).some(({ until }) => until > currentFrom))
    return none('a storm wanes');
  const all = [...track.rescored.filter(({ hour }) => hour + HOUR <= served), ...track.live].filter(
    ({ hour }) => hour >= baselineFrom && hour < end,
  );
  const hours = unmasked(all, masks, (hour) =>
    hour >= served ? line.scoredHours(track, rowOf(line, hour), rowOf(line, hour) + HOUR, masks) : [],
  );
  const count = (list: readonly Hour[]): number => list.reduce((sum, { summary }) => sum + summary.minutes, 0);
  const recentFrom = Math.max(currentFrom - Math.max(0, drift.guardMinutes - drift.currentMinutes), baselineFrom);
  const scores = {
    baseline: hours.filter(({ hour }) => hour < currentFrom),
    recent: hours.filter(({ hour }) => hour >= Math.max(recentFrom, served)),
    current: hours.filter(({ hour }) => hour >= currentFrom),
  };
  const servedMinutes = end - currentFrom;
  const least = Math.max(drift.minimumJudgedShare * servedMinutes, Math.min(policy.minimumCurrent, servedMinutes) / 2);
  if (count(scores.baseline) < baselineNeeded(policy.minimumBaseline, keeper.regime !== null))
    return none('no baseline');
  if (count(scores.current) < least) return none('too few minutes');
  const window = [baselineFrom, recentFrom, currentFrom].join(' ');
  let features = shared.get(window);
  if (features === undefined) {
    const list = unmasked(
      line.featureHours.filter(({ hour }) => hour >= baselineFrom && hour < end),
      masks,
      (hour) =>
        [...summariseFeatures(minutesOf(line.series.block, hour, hour + HOUR), maskOf(masks))].map(
          ([from, summary]) => ({ hour: from, summary }),
        ),
    );
    features = compareFeatures(
      {
        baseline: list.filter(({ hour }) => hour < currentFrom),
        recent: list.filter(({ hour }) => hour >= recentFrom),
        current: list.filter(({ hour }) => hour >= currentFrom),
      },
      NAMES,
    );
    shared.set(window, features);
  }
  const judgement = judge(scores, features, policy, drift);
  return { onset: judgement.outcome === 'drifted' ? judgement.onset : null, said: judgement.outcome };
}

/** Minutes and anomalous ones of hours. */
export const counted = (hours: readonly Hour[]) =>
  hours.map(({ hour, summary }) => ({ hour, minutes: summary.minutes, anomalous: summary.anomalous }));

/** Hours in order; those that hold masked minutes are made anew without them. */
function unmasked(hours: readonly Hour[], masks: readonly IncidentSpan[], again: (hour: Minute) => Hour[]): Hour[] {
  return hours.flatMap((one) =>
    masks.some((span) => span.from < one.hour + HOUR && span.until > one.hour) ? again(one.hour) : [one],
  );
}

const rowOf = (line: OfflineLine, minute: Minute): number => minute - line.series.block.minutes[0]!;
