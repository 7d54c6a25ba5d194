import type { Pool } from 'pg';
import { passingIncidents } from '../drift/lastingIncidents.js';
import { driftReport } from '../drift/report.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';
import type { ModelKind } from '../models/model.js';
import { watermark } from '../storage/activations.js';
import { driftReportById } from '../storage/driftReports.js';
import { type IncidentSpan, streamHistory } from '../storage/streamHistory.js';
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
): Promise<TrainingWindow & { onePeer: OnePeer | null }> {
  const { pool, payload, settings } = training;
  const history = training.history ?? streamHistory(pool);
  const now = await watermark(pool, kind.name, stream);
  const until = payload.window?.until ?? (now === null ? 0 : now + 1);
  const oldest = until - Math.round(settings.trainingDays * MINUTES_PER_DAY);
  // What was ordinary before a lasting change is not any more: trained on both, a model would take either for ordinary.
  const settled = onset !== null && until - onset >= settings.regimeMinutes;
  const from = payload.window?.from ?? (settled ? Math.max(oldest, onset) : oldest);
  const [block, incidents] = await Promise.all([
    history.features(stream, from, until),
    history.incidents(stream, from, until),
  ]);
  const bounded = await boundPeer(pool, stream, block, settings.maximumPeerShare);
  const window = windowOf(bounded.block, incidents, { from, until }, kind, settings, training.incidentPatienceMinutes);
  return { ...window, onePeer: bounded.onePeer };
}

/** Splits the rows of [from, until) for training and validation. */
export function windowOf(
  block: FeatureBlock,
  incidents: readonly IncidentSpan[],
  { from, until }: { from: Minute; until: Minute },
  kind: ModelKind<unknown>,
  settings: RetrainingSettings,
  patienceMinutes: Minute,
): TrainingWindow {
  return splitWindow(
    block,
    passingIncidents(incidents, patienceMinutes),
    Math.min(settings.heldBackMinutes, (until - from) / 2),
    kind.maximumRows,
  );
}

/** Where the drift that caused this retrain began. */
export async function onsetOf(pool: Pool, payload: RetrainPayload): Promise<Minute | null> {
  if (payload.trigger.kind !== 'drift') return null;
  const row = await driftReportById(pool, payload.trigger.reportId);
  const report = row && driftReport.safeParse(row.report);
  return report?.data?.onset ? Date.parse(report.data.onset) / 60_000 : null;
}
