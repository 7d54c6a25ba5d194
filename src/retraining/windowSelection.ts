import type { Pool } from 'pg';
import { maskedIncidents, minutesIn, stormsAmong } from '../drift/lastingIncidents.js';
import { furtherStep, type RegimeStep, refinedOnset, stepAt } from '../drift/regimeStep.js';
import { driftReport } from '../drift/report.js';
import { wanes } from '../drift/waning.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';
import type { ModelKind } from '../models/model.js';
import { watermark } from '../storage/activations.js';
import { driftReportById } from '../storage/driftReports.js';
import type { ModelVersion } from '../storage/modelVersions.js';
import { type IncidentSpan, streamHistory } from '../storage/streamHistory.js';
import { bridge } from './bridge.js';
import { regimeMetrics } from './growth.js';
import { boundPeer, type OnePeer } from './onePeer.js';
import type { RetrainPayload } from './payload.js';
import type { RetrainingSettings } from './settings.js';
import type { TrainingRun } from './trainingRun.js';
import { splitWindow, type TrainingWindow } from './window.js';

/**
 * Reads the minutes that a retrain is made from: the payload's, else the newest days, else those since the change. Minutes
 * that one peer dominates are not among them.
 */
export async function selectWindow(
  training: TrainingRun,
  kind: ModelKind<unknown>,
  stream: string,
  onset: Minute | null,
  champion: ModelVersion | null,
): Promise<RegimeWindow & { onePeer: OnePeer | null }> {
  const { pool, payload, settings } = training;
  const history = training.history ?? streamHistory(pool);
  const now = await watermark(pool, kind.name, stream);
  const until = payload.window?.until ?? (now === null ? 0 : now + 1);
  const oldest = until - Math.round(settings.trainingDays * MINUTES_PER_DAY);
  // What was ordinary before a lasting change no longer is: trained on both, a model would take either for ordinary.
  // A person names no change: what the serving version was made for goes on, until a window is full of it.
  const known = payload.trigger.kind === 'manual' && onset === null ? changeWithin(champion, oldest) : null;
  const since = onset ?? known;
  const settled = since !== null && until - since >= settings.regimeMinutes && payload.window === undefined;
  // Two regimes moved to a third as if they were one would look wider than either.
  const grows = settled && (payload.trigger.kind === 'growth' || known !== null);
  const before = grows ? grownFrom(champion, since) : (regimeOf(champion) ?? oldest);
  const regime = settled ? Math.min(since, before) : oldest;
  const from = payload.window?.from ?? Math.max(oldest, regime);
  const [block, incidents] = await Promise.all([
    history.features(stream, from, until),
    history.incidents(stream, from, until),
  ]);
  const bounded = await boundPeer(pool, stream, block, settings.maximumPeerShare);
  const window = windowOf(
    bounded.block,
    incidents,
    { onset: settled ? since : null, until, isDated: grows },
    kind,
    settings,
    training.incidentPatienceMinutes,
  );
  return { ...window, onePeer: bounded.onePeer };
}

/** A window with what its regime began with. */
export interface RegimeWindow extends TrainingWindow {
  /** First minute of the regime; null when the window is of one regime. */
  onset: Minute | null;
  step: RegimeStep | null;
  /** What was taken for a change is a storm that wanes: the regime of before goes on. */
  isStorm?: boolean;
}

/**
 * Splits rows that end before `until` for training and validation. After a change, or a further step since, the minutes
 * before it are moved to the level of those since; validated is on the latter alone. A change that a version was made for
 * already is dated, and its lineage began with that one: it is not a step again when its regime grows.
 */
export function windowOf(
  block: FeatureBlock,
  incidents: readonly IncidentSpan[],
  { onset, until, isDated = false }: { onset: Minute | null; until: Minute; isDated?: boolean },
  kind: ModelKind<unknown>,
  settings: RetrainingSettings,
  patienceMinutes: Minute,
): RegimeWindow {
  const first = block.minutes[0] ?? until;
  const newest = { from: until - MINUTES_PER_DAY, until };
  const isWaning = (stretch: IncidentSpan) => wanes(block, stretch);
  const masked = maskedIncidents(incidents, patienceMinutes, newest, isWaning);
  const storms = stormsAmong(incidents, patienceMinutes, isWaning);
  const latest = onset === null ? null : latestOnset(block, masked, onset, settings.regimeMinutes, isDated);
  const isStorm = storms.some((storm) => isWithin(storm, latest));
  const refined = isStorm ? null : latest;
  const grows = isDated && refined === onset;
  const change = refined === null || (refined <= first && !grows) ? null : refined;
  const spans = change === null ? masked : withoutTheChange(masked, storms, change, until);
  const isLeftOut = (minute: Minute) => spans.some((span) => minute >= span.from && minute < span.until);
  const window = splitWindow(
    change === null ? block : bridge(block, change, isLeftOut),
    spans,
    settings.heldBackMinutes,
    kind.maximumRows,
    change ?? first,
  );
  return { ...window, onset: change, step: change === null || grows ? null : stepAt(block, change), isStorm };
}

/** A storm is seen some minutes after the step that it begins with. */
const SEEN_LATE: Minute = 60;

const isWithin = ({ from, until }: IncidentSpan, minute: Minute | null): boolean =>
  minute !== null && minute >= from - SEEN_LATE && minute < until;

/** Where the newest regime begins: at the change, or at a step that came after it. */
function latestOnset(
  block: FeatureBlock,
  masked: readonly IncidentSpan[],
  onset: Minute,
  least: Minute,
  isDated: boolean,
): Minute {
  const change = isDated ? onset : refinedOnset(block, onset);
  const usable = block.usable.map((value, row) =>
    masked.some(({ from, until }) => block.minutes[row]! >= from && block.minutes[row]! < until) ? 0 : value,
  );
  return furtherStep({ ...block, usable }, change, least) ?? change;
}

/** Incidents that take more than this share of the minutes since a change are the change. */
const IS_THE_CHANGE = 0.5;

/**
 * An incident that the change itself made must not hide the new regime from a version that is trained for it: nothing of
 * it would be left to train on, or to validate on. A storm that wanes is not the change, whatever it covers.
 */
function withoutTheChange(
  spans: IncidentSpan[],
  storms: readonly IncidentSpan[],
  change: Minute,
  until: Minute,
): IncidentSpan[] {
  const others = spans.filter((span) => !storms.includes(span));
  if (minutesIn(others, change, until) <= IS_THE_CHANGE * (until - change)) return spans;
  return spans.filter((span) => span.until <= change || storms.includes(span));
}

/**
 * The same window without the minutes before the change. Where days before and after differ in more than their level, the
 * moved minutes make a model wide, and deaf; then the few of the new regime alone must do.
 */
export function withoutBridge<W extends RegimeWindow>(window: W): W {
  const { onset, training } = window;
  if (onset === null) return window;
  const usable = training.usable.map((value, row) => (training.minutes[row]! < onset ? 0 : value));
  return { ...window, training: { ...training, usable }, trainingRows: usable.reduce((sum, value) => sum + value, 0) };
}

/** Where the regime that a version was made for began. */
export function regimeOf(version: ModelVersion | null): Minute | null {
  if (version === null) return null;
  return typeof version.metrics.baselineFrom === 'number' ? version.metrics.baselineFrom : version.dataFrom;
}

/**
 * Where the minutes begin that a growing regime is trained on. One day knows no other days: until the regime fills a
 * window, the minutes before it that the serving version was trained on stay, moved anew by what is known of the level
 * now. Where that version knows the new regime alone, so does the next.
 */
export function grownFrom(version: Pick<ModelVersion, 'dataFrom'> | null, since: Minute): Minute {
  return Math.min(since, version?.dataFrom ?? since);
}

/** The change that a version was made for, when it came after `oldest`. */
function changeWithin(version: ModelVersion | null, oldest: Minute): Minute | null {
  const regime = regimeMetrics.safeParse(version?.metrics.regime).data;
  return regime !== undefined && regime.since > oldest ? regime.since : null;
}

/** Where the drift that caused this retrain began. */
export async function onsetOf(pool: Pool, payload: RetrainPayload): Promise<Minute | null> {
  if (payload.trigger.kind === 'growth') return payload.trigger.since;
  if (payload.trigger.kind !== 'drift') return null;
  const row = await driftReportById(pool, payload.trigger.reportId);
  const report = row && driftReport.safeParse(row.report);
  return report?.data?.onset ? Date.parse(report.data.onset) / 60_000 : null;
}
