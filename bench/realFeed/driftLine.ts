import type { Hour } from '../../src/drift/channels.js';
import { judge } from '../../src/drift/decision.js';
import { compareFeatures } from '../../src/drift/featureEvidence.js';
import { type Mask, summariseFeatures, summariseScores } from '../../src/drift/hours.js';
import { maskedIncidents, minutesIn, stormsAmong } from '../../src/drift/lastingIncidents.js';
import { runawaySince } from '../../src/drift/runaway.js';
import { baselineNeeded, driftSettings, policyOf } from '../../src/drift/settings.js';
import { wanes } from '../../src/drift/waning.js';
import type { Minute } from '../../src/features/row.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import type { IncidentSpan } from '../../src/storage/streamHistory.js';
import type { ModelLine, ServedModel } from './modelLine.js';
import { STREAM } from './rows.js';

export interface DriftCounts {
  checks: number;
  stable: number;
  watch: number;
  drifted: number;
  suppressed: number;
  /** Reasons of the suppressed and drifted checks, each with the hour. */
  words: string[];
}

const floorHour = (minute: Minute): Minute => minute - (minute % 60);
const ceilHour = (minute: Minute): Minute => floorHour(minute + 59);
const count = (hours: readonly Hour[]): number => hours.reduce((sum, { summary }) => sum + summary.minutes, 0);

/**
 * The hourly checks of the drift monitor on every model, over windows in memory: runaway versions, storms, the summaries,
 * the masks, the minimum shares and the judgement are the product's, only what `checkDrift` reads from the database is
 * read from arrays. A check that finds drift starts the cool-down, as a retraining does; the model stays.
 *
 * @param stained the minutes that incidents take from drift and training, as known at the end of the run
 */
export function driftLine(line: ModelLine, stained: readonly IncidentSpan[]): DriftCounts {
  const counts: DriftCounts = { checks: 0, stable: 0, watch: 0, drifted: 0, suppressed: 0, words: [] };
  if (line.servedFrom === null) return counts;
  const settings = driftSettings.parse({});
  const last = line.inputs.at(-1)!.minute + 1;
  const coolUntil = new Map<string, Minute>();
  for (let windowEnd = ceilHour(line.servedFrom); windowEnd <= last; windowEnd += 60) {
    for (const model of line.models) {
      if (windowEnd < (coolUntil.get(model.kind) ?? 0)) continue;
      const found = check(line, model, line.servedFrom, stained, windowEnd);
      if (found === null) continue;
      counts.checks++;
      counts[found.outcome]++;
      if (found.outcome === 'suppressed' || found.outcome === 'drifted') {
        counts.words.push(`${inWords(windowEnd)} ${model.kind}: ${found.outcome}: ${found.reason}`);
      }
      if (found.outcome === 'drifted') coolUntil.set(model.kind, windowEnd + settings.coolDownMinutes);
    }
  }
  return counts;
}

type Found = { outcome: 'stable' | 'watch' | 'drifted' | 'suppressed'; reason: string };

/** null while there is too little to judge by. */
function check(
  line: ModelLine,
  model: ServedModel,
  servedFrom: Minute,
  stained: readonly IncidentSpan[],
  windowEnd: Minute,
): Found | null {
  const settings = driftSettings.parse({});
  const policy = policyOf(settings, `${model.kind}@${STREAM}`);
  const windowStart = windowEnd - settings.currentMinutes;
  const first = line.inputs[0]!.minute;
  const baselineFrom = floorHour(Math.max(windowStart - settings.baselineMinutes, first));
  const currentFrom = Math.max(windowStart, ceilHour(servedFrom));
  const recentFrom = Math.max(currentFrom - Math.max(0, settings.guardMinutes - settings.currentMinutes), baselineFrom);
  const isWaning = (stretch: IncidentSpan) => wanes(line.block, stretch);
  const { watchRate } = retrainingSettings.parse({});
  const runaway = runawaySince(anomalousByHour(line, model, servedFrom, windowEnd), windowEnd, watchRate);
  if (runaway !== null && !isWaning({ from: runaway, until: windowEnd })) {
    const share = `${(100 * watchRate).toFixed(0)} %`;
    return { outcome: 'drifted', reason: `over ${share} of each two hours are anomalous since ${inWords(runaway)}` };
  }
  const served = windowEnd - currentFrom;
  if (served < policy.minimumCurrent) return null;
  const known = stained
    .filter(({ from }) => from < windowEnd)
    .map(({ from, until }) => ({ from, until: Math.min(until, windowEnd) }));
  const current = { from: currentFrom, until: windowEnd };
  const masks = maskedIncidents(known, settings.patienceMinutes, current, isWaning);
  const storm = stormsAmong(known, settings.patienceMinutes, isWaning).find(({ until }) => until > currentFrom);
  if (storm !== undefined)
    return { outcome: 'suppressed', reason: `a storm since ${inWords(storm.from)} goes back to the level of before` };
  const mask: Mask = (minute) => masks.some(({ from, until }) => minute >= from && minute < until);
  const leftOut = minutesIn(masks, currentFrom, windowEnd);

  const scores = scoreHours(line, model, servedFrom, baselineFrom, windowEnd, mask);
  const windows = {
    baseline: scores.filter(({ hour }) => hour < currentFrom),
    recent: scores.filter(({ hour }) => hour >= Math.max(recentFrom, servedFrom)),
    current: scores.filter(({ hour }) => hour >= currentFrom),
  };
  if (count(windows.baseline) < baselineNeeded(policy.minimumBaseline, false)) return null;
  const judged = count(windows.current);
  if (judged < Math.max(settings.minimumJudgedShare * served, Math.min(policy.minimumCurrent, served) / 2)) {
    return {
      outcome: 'suppressed',
      reason: `only ${judged} of ${served} minutes can be judged: ${leftOut} are in incidents`,
    };
  }
  const inputs = [...summariseFeatures(line.block, mask)]
    .filter(([hour]) => hour >= baselineFrom && hour < windowEnd)
    .map(([hour, summary]): Hour => ({ hour, summary }));
  const features = compareFeatures(
    {
      baseline: inputs.filter(({ hour }) => hour < currentFrom),
      recent: inputs.filter(({ hour }) => hour >= recentFrom),
      current: inputs.filter(({ hour }) => hour >= currentFrom),
    },
    [],
  );
  const { outcome, reason } = judge(windows, features, policy, settings);
  return { outcome, reason };
}

/** The version's rescored hours before it served are masked by nothing, as the trainer stores them. */
function scoreHours(
  line: ModelLine,
  { score, threshold, rules }: ServedModel,
  servedFrom: Minute,
  from: Minute,
  until: Minute,
  mask: Mask,
): Hour[] {
  const rescored = [];
  const live = [];
  for (const [row, { minute }] of line.inputs.entries()) {
    if (minute < from || minute >= until) continue;
    const scored = { minute, score: score[row]!, anomalous: score[row]! > threshold, rules: rules.get(row) ?? [] };
    if (minute < servedFrom) rescored.push({ ...scored, rules: [] });
    else live.push(scored);
  }
  const hours = new Map<Minute, Hour>();
  for (const [hour, summary] of summariseScores(rescored, null)) {
    if (hour + 60 <= servedFrom) hours.set(hour, { hour, summary });
  }
  for (const [hour, summary] of summariseScores(live, mask)) hours.set(hour, { hour, summary });
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}

/** What the version itself found anomalous, hour by hour: incidents are not left out. */
function anomalousByHour(line: ModelLine, { score, threshold }: ServedModel, servedFrom: Minute, until: Minute) {
  const live = line.inputs
    .map(({ minute }, row) => ({ minute, score: score[row]!, anomalous: score[row]! > threshold, rules: [] }))
    .filter(({ minute }) => minute >= servedFrom && minute < until);
  return [...summariseScores(live, null)].map(([hour, { minutes, anomalous }]) => ({ hour, minutes, anomalous }));
}

const inWords = (minute: Minute): string => new Date(minute * 60_000).toISOString().slice(0, 16);
