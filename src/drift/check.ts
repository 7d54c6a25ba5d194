import type { Pool } from 'pg';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { activeVersionAt } from '../storage/activations.js';
import { driftReportAt, insertDriftReport } from '../storage/driftReports.js';
import { versionById } from '../storage/modelVersions.js';
import { lastFinished } from '../storage/retrainRuns.js';
import { anomalousByHour } from '../storage/scores.js';
import type { StreamHistory } from '../storage/streamHistory.js';
import type { Hour } from './channels.js';
import { type Judgement, judge } from './decision.js';
import { compareFeatures, type FeatureEvidence } from './featureEvidence.js';
import { featureHours, scoreHours } from './hours.js';
import { floorHour, hoursOf, lastingStretches, maskedIncidents, minutesIn, stormsAmong } from './lastingIncidents.js';
import { refinedOnset } from './regimeStep.js';
import { type DriftReport, driftReport, writeReportFile } from './report.js';
import { runawaySince } from './runaway.js';
import { baselineNeeded, type DriftSettings, policyOf } from './settings.js';
import { isStorm, waningAmong } from './waning.js';

export interface DriftCheck {
  pool: Pool;
  history: StreamHistory;
  modelKey: ModelKey;
  /** Minute at an hour's start: the stream's watermark, floored to the hour. */
  windowEnd: Minute;
  settings: DriftSettings;
  /** Where report files go; none are written without it. */
  artifactDirectory?: string;
  /** The report's file could not be written; the check counts all the same. */
  onFileTrouble?: (error: Error) => void;
  /** Names of the feature columns, for the report. */
  featureNames?: readonly string[];
  /** Share of anomalous minutes over which a version runs away. */
  runawayRate?: number;
  /** Shares what the features of one stream say between its models' checks of one hour; a Map that the caller drops after. */
  streams?: Map<string, Promise<FeatureEvidence>>;
}

export interface DriftCheckResult {
  report: DriftReport;
  reportId: number;
  /** False when this hour was checked before: the earlier report is given back and nothing must be enqueued again. */
  fresh: boolean;
  /** Path of the JSON file. */
  file: string | null;
}

/** How far back the begin of a runaway is looked for. */
const RUNAWAY_LOOK_BACK = 3 * MINUTES_PER_DAY;
/** What a change is dated with: a day that is searched, and days before it whose rhythm is known. */
const DATED_FROM = 5 * MINUTES_PER_DAY;

const iso = (minute: Minute): string => new Date(minute * 60_000).toISOString();
const count = (hours: readonly Hour[]): number => hours.reduce((sum, hour) => sum + hour.summary.minutes, 0);

/** Checks one model for one event hour, once: gathers the windows, judges, writes the row and the file. */
export async function checkDrift(check: DriftCheck): Promise<DriftCheckResult> {
  const { pool, modelKey, windowEnd } = check;
  if (windowEnd % 60 !== 0) throw new RangeError(`window end ${windowEnd} is not at an hour's start`);
  const earlier = await driftReportAt(pool, modelKey, windowEnd);
  if (earlier) return { report: driftReport.parse(earlier.report), reportId: earlier.id, fresh: false, file: null };

  const { report, versionId } = await examine(check);
  const { id, inserted } = await insertDriftReport(pool, {
    modelKey,
    windowEnd,
    outcome: report.outcome,
    versionId,
    reason: report.reason,
    report,
  });
  const file =
    inserted && check.artifactDirectory
      ? await writeReportFile(check.artifactDirectory, report).catch((error: Error) => {
          // The row has it all; what was found must not be lost for a full disk.
          check.onFileTrouble?.(error);
          return null;
        })
      : null;
  return { report, reportId: id, fresh: inserted, file };
}

async function examine(check: DriftCheck): Promise<{ report: DriftReport; versionId: number | null }> {
  const { pool, history, modelKey, windowEnd, settings } = check;
  const { kind, stream } = parseModelKey(modelKey);
  const policy = policyOf(settings, modelKey);
  const windowStart = windowEnd - settings.currentMinutes;
  const report: DriftReport = {
    format: 1,
    model: modelKey,
    version: null,
    outcome: 'no baseline',
    reason: 'no version is active: train one first',
    windowEnd: iso(windowEnd),
    currentFrom: iso(windowStart),
    baselineFrom: iso(windowStart - settings.baselineMinutes),
    onset: null,
    coverage: {
      currentServed: 0,
      currentJudged: 0,
      currentInIncidents: 0,
      currentGaps: 0,
      incidentsJudged: false,
      baselineJudged: 0,
      baselineRescored: 0,
    },
    policy,
    falseAlarmsPerModelMonth: settings.falseAlarmsPerModelMonth,
    baseline: null,
    current: null,
    criteria: [],
    statistics: {},
    scores: null,
    features: [],
  };
  const active = await activeVersionAt(pool, modelKey, windowEnd - 1);
  const version = active && (await versionById(pool, active.versionId));
  if (!active || !version) return { report, versionId: null };
  report.version = version.version;
  const done = (outcome: DriftReport['outcome'], reason: string) => {
    report.outcome = outcome;
    report.reason = reason;
    return { report, versionId: version.id };
  };

  // The version's regime begins where its training data does, or where the drift that it was trained for began.
  const regime = typeof version.metrics.baselineFrom === 'number' ? version.metrics.baselineFrom : version.dataFrom;
  const baselineFrom = floorHour(Math.max(windowStart - settings.baselineMinutes, regime));
  // The version's own live minutes alone are judged; before them the hours are its rescored ones.
  const currentFrom = Math.max(windowStart, ceilHour(active.from));
  const recentFrom = Math.max(currentFrom - Math.max(0, settings.guardMinutes - settings.currentMinutes), baselineFrom);
  report.baselineFrom = iso(baselineFrom);
  report.currentFrom = iso(currentFrom);

  const subject = { stream, kind, versionId: version.id };
  const runaway =
    check.runawayRate === undefined
      ? null
      : runawaySince(
          await anomalousByHour(pool, subject, windowEnd - RUNAWAY_LOOK_BACK, windowEnd),
          windowEnd,
          check.runawayRate,
        );
  if (runaway !== null && !(await isStorm(history, stream, { from: runaway, until: windowEnd }))) {
    report.runaway = true;
    report.onset = iso(await refined(history, stream, runaway, windowEnd));
    return done(
      'drifted',
      `a lasting change: version ${version.version} has found over ${(100 * check.runawayRate!).toFixed(0)} % of the minutes of every two hours anomalous since ${inWords(runaway)}; that is no longer an incident`,
    );
  }

  const finished = await lastFinished(pool, modelKey);
  const finishedAt = typeof finished?.detail.watermark === 'number' ? finished.detail.watermark : null;
  // A first refusal changed nothing: it is looked at again as soon as a check has as many new minutes as it needs.
  const coolDown =
    finished?.isFirstRefusal === true
      ? Math.min(policy.minimumCurrent, settings.coolDownMinutes)
      : settings.coolDownMinutes;
  if (finishedAt !== null && windowEnd < finishedAt + coolDown) {
    return done(
      'suppressed',
      `cool-down after the retraining of ${inWords(finishedAt)} (${finished?.state}); next check from ${inWords(finishedAt + coolDown)}`,
    );
  }
  const served = windowEnd - currentFrom;
  report.coverage.currentServed = Math.max(0, served);
  if (served < policy.minimumCurrent) {
    return done(
      'no baseline',
      `version ${version.version} has served ${Math.max(0, served)} of ${policy.minimumCurrent} minutes; the check waits until ${inWords(currentFrom + policy.minimumCurrent)}`,
    );
  }

  const incidents = await history.incidents(stream, baselineFrom, windowEnd);
  const inIncidents = minutesIn(incidents, currentFrom, windowEnd);
  // A "drift" that never ends is drift: a stretch beyond the patience is evidence.
  const isWaning = await waningAmong(history, stream, lastingStretches(incidents, settings.patienceMinutes));
  const current = { from: currentFrom, until: windowEnd };
  const masks = maskedIncidents(incidents, settings.patienceMinutes, current, isWaning);
  const leftOut = minutesIn(masks, currentFrom, windowEnd);
  const judgeIncidents = leftOut < inIncidents;
  const window = {
    from: baselineFrom,
    until: windowEnd,
    masked: hoursOf(masks, baselineFrom, windowEnd),
    mask: (minute: Minute) => masks.some((span) => minute >= span.from && minute < span.until),
  };
  report.coverage.currentInIncidents = inIncidents;
  report.coverage.incidentsJudged = judgeIncidents;
  const storm = stormsAmong(incidents, settings.patienceMinutes, isWaning).find(({ until }) => until > currentFrom);
  if (storm !== undefined)
    return done(
      'suppressed',
      `a storm since ${inWords(storm.from)} is going back to the level of before: it is not learnt, and what follows it is compared once it has left the window`,
    );

  const hours = await scoreHours(pool, { key: modelKey, kind, stream, versionId: version.id }, window);
  // Rescored hours of the time in which it serves would count minutes twice.
  const usable = hours.filter((hour) => hour.source === 'live' || hour.hour + 60 <= active.from);
  const scores = {
    baseline: usable.filter((hour) => hour.hour < currentFrom),
    recent: usable.filter((hour) => hour.hour >= recentFrom && hour.source === 'live'),
    current: usable.filter((hour) => hour.hour >= currentFrom),
  };
  const baselineMinutes = count(scores.baseline);
  const currentMinutes = count(scores.current);
  report.coverage.baselineJudged = baselineMinutes;
  report.coverage.baselineRescored = count(scores.baseline.filter((hour) => hour.source === 'rescored'));
  report.coverage.currentJudged = currentMinutes;
  report.coverage.currentGaps = Math.max(0, served - currentMinutes - leftOut);
  const needed = baselineNeeded(policy.minimumBaseline, Boolean(version.metrics.regime));
  if (baselineMinutes < needed) {
    const missing = needed - baselineMinutes;
    return done(
      'no baseline',
      `version ${version.version} has ${baselineMinutes} of ${needed} baseline minutes of its own (${report.coverage.baselineRescored} rescored); without gaps the check waits until ${inWords(windowEnd + ceilHour(missing))}`,
    );
  }
  if (currentMinutes < Math.max(settings.minimumJudgedShare * served, Math.min(policy.minimumCurrent, served) / 2)) {
    return done(
      'suppressed',
      `only ${currentMinutes} of ${served} minutes can be judged: ${leftOut} are in incidents, ${report.coverage.currentGaps} are gaps or have no score`,
    );
  }

  const features = await featureEvidence(check, stream, window, { recentFrom, currentFrom }, judgeIncidents);
  const judgement = judge(scores, features, policy, settings);
  fill(report, judgement);
  if (judgeIncidents)
    report.reason += `; ${inIncidents} of ${served} minutes are in incidents, over ${settings.patienceMinutes}: they are judged as well`;
  if (judgement.onset !== null) report.onset = iso(await refined(history, stream, judgement.onset, windowEnd));
  return { report, versionId: version.id };
}

/** Read and compared once for all models of a stream that look at the same windows. */
function featureEvidence(
  check: DriftCheck,
  stream: string,
  window: Parameters<typeof featureHours>[3],
  split: { recentFrom: Minute; currentFrom: Minute },
  judgeIncidents: boolean,
): Promise<FeatureEvidence> {
  const name = [stream, window.from, window.until, split.recentFrom, split.currentFrom, judgeIncidents].join(' ');
  const there = check.streams?.get(name);
  if (there) return there;
  const made = featureHours(check.pool, check.history, stream, window).then((hours) =>
    compareFeatures(
      {
        baseline: hours.filter((hour) => hour.hour < split.currentFrom),
        recent: hours.filter((hour) => hour.hour >= split.recentFrom),
        current: hours.filter((hour) => hour.hour >= split.currentFrom),
      },
      check.featureNames ?? [],
    ),
  );
  check.streams?.set(name, made);
  return made;
}

/** The guard's hour of the change, brought to the minute where the features show a step. */
async function refined(history: StreamHistory, stream: string, onset: Minute, windowEnd: Minute): Promise<Minute> {
  return refinedOnset(await history.features(stream, onset - DATED_FROM, windowEnd), onset);
}

function fill(report: DriftReport, judgement: Judgement): void {
  report.outcome = judgement.outcome;
  report.reason = judgement.reason;
  report.onset = judgement.onset === null ? null : iso(judgement.onset);
  report.baseline = judgement.baseline;
  report.current = judgement.current;
  report.criteria = judgement.criteria.map(finite);
  report.statistics = judgement.statistics;
  report.scores = judgement.scores;
  report.features = judgement.features.map((feature) => ({ ...feature, evidence: Math.max(-1e3, feature.evidence) }));
}

/** JSON has no infinity. */
function finite(criterion: Judgement['criteria'][number]): Judgement['criteria'][number] {
  return { ...criterion, evidence: Math.max(-1e3, criterion.evidence) };
}

/** 2026-01-15 11:01 UTC */
const inWords = (minute: Minute): string => `${iso(minute).slice(0, 16).replace('T', ' ')} UTC`;

const ceilHour = (minute: Minute): Minute => floorHour(minute + 59);
