import type { Pool } from 'pg';
import { z } from 'zod';
import { MODEL_KINDS, type ModelKey } from '../../models/model.js';
import { modelKey } from '../../models/modelKey.js';
import { provisional } from '../../retraining/growth.js';
import { currentActivations, recentActivations } from '../../storage/activations.js';
import { type Approval, approvals } from '../../storage/approvals.js';
import { newestDriftReports } from '../../storage/driftReports.js';
import { listVersions, newestVersions, versionNumbers, versionsByIds } from '../../storage/modelVersions.js';
import { type StuckModel, stuckModels } from '../../storage/stuckModels.js';
import type { Model, ModelRow, ModelVersion } from '../api/schema.js';
import { driftReports } from './driftReports.js';
import { activeRuns, runsOf } from './retrainRuns.js';

const MINUTE = 60_000;
/** Of each list that a model's page shows. */
const MOST = 50;
const MOST_RUNS = 10;

/** Every model of the streams, in the order of the kinds, with what serves now; also models that have no version yet. */
export async function models(pool: Pool, streams: readonly string[], now: ReadonlyMap<string, number | null>) {
  const wanted = streams.flatMap((stream) =>
    MODEL_KINDS.map((kind) => ({ kind, stream, key: modelKey(kind, stream) })),
  );
  const keys = wanted.map(({ key }) => key);
  const [activations, reports, runs, waiting] = await Promise.all([
    currentActivations(pool, keys),
    newestDriftReports(pool, keys),
    activeRuns(pool),
    approvals(pool, { waiting: true }),
  ]);
  const versions = await versionsByIds(
    pool,
    activations.map(({ versionId }) => versionId),
  );
  const unserved = keys.filter((key) => !activations.some(({ modelKey }) => modelKey === key));
  const refused = unserved.length === 0 ? [] : await newestVersions(pool, unserved);
  return wanted.map(({ kind, stream, key }): ModelRow => {
    const watermark = now.get(stream) ?? null;
    const activation = activations.find(({ modelKey }) => modelKey === key);
    const active = versions.find(({ id }) => id === activation?.versionId);
    const report = reports.find(({ modelKey }) => modelKey === key);
    const dataUntil = active === undefined ? null : active.dataUntil * MINUTE;
    return {
      key,
      kind,
      stream,
      version: active?.version ?? null,
      pinned: active?.pinned === true,
      threshold: active?.threshold ?? null,
      createdAt: active?.createdAt.getTime() ?? null,
      dataUntil,
      ageMinutes: watermark === null || dataUntil === null ? null : Math.max(0, (watermark - dataUntil) / MINUTE),
      drift:
        report === undefined
          ? null
          : { id: report.id, outcome: report.outcome, reason: report.reason, windowEnd: report.windowEnd * MINUTE },
      run: runs.find((run) => run.modelKey === key) ?? null,
      refused: refusedOf(refused.find(({ modelKey }) => modelKey === key)),
      approval: approvalOf(waiting.find(({ modelKey }) => modelKey === key)),
    };
  });
}

function refusedOf(newest: { version: number; state: string } | undefined): ModelRow['refused'] {
  return newest === undefined ? null : { version: newest.version, state: newest.state };
}

function approvalOf(waiting: Approval | undefined): ModelRow['approval'] {
  if (waiting === undefined) return null;
  const { reason, requestedAt, expiresAt, onExpiry } = waiting;
  return { reason, requestedAt: requestedAt.getTime(), expiresAt: expiresAt.getTime(), onExpiry };
}

/** One model with its history. */
export async function model(pool: Pool, key: string, now: number | null, watchRate: number): Promise<Model | null> {
  const stream = key.slice(key.indexOf('@') + 1);
  const [row] = (await models(pool, [stream], new Map([[stream, now]]))).filter((candidate) => candidate.key === key);
  if (row === undefined) return null;
  const known = key as ModelKey;
  const [versions, activations, reports, runs, [stuck]] = await Promise.all([
    versionsOf(pool, known, row.version),
    recentActivations(pool, known, MOST),
    driftReports(pool, known, MOST),
    runsOf(pool, known, MOST_RUNS),
    stuckModels(pool, watchRate, known),
  ]);
  return {
    ...row,
    stuck: stuckOf(stuck),
    versions,
    activations: activations.map((activation) => ({
      version: activation.version,
      fromMinute: activation.from * MINUTE,
      reason: activation.reason,
      actor: activation.actor,
      at: activation.at.getTime(),
    })),
    reports,
    runs,
  };
}

function stuckOf(stuck: StuckModel | undefined): Model['stuck'] {
  if (stuck === undefined) return null;
  const { state, version, champion, reasons, refusedAt, flagged, since } = stuck;
  return {
    state,
    version,
    champion,
    reasons,
    refusedAt: refusedAt === null ? null : refusedAt * MINUTE,
    flagged,
    since: since * MINUTE,
  };
}

async function versionsOf(pool: Pool, key: ModelKey, active: number | null): Promise<ModelVersion[]> {
  const rows = await listVersions(pool, key, MOST);
  const numbers = await versionNumbers(
    pool,
    rows.map(({ parentId }) => parentId),
  );
  return rows.map((row) => ({
    version: row.version,
    state: row.state,
    active: row.version === active,
    pinned: row.pinned,
    parent: numbers.get(row.parentId) ?? null,
    dataFrom: row.dataFrom * MINUTE,
    dataUntil: row.dataUntil * MINUTE,
    samples: row.samples,
    threshold: row.threshold,
    seed: row.seed,
    codeVersion: row.codeVersion,
    gate: gateOf(row.metrics),
    provisional: provisionalOf(row.metrics),
    createdAt: row.createdAt.getTime(),
  }));
}

const rate = z.object({ anomalyRate: z.number() });
const recall = z.object({ recall: z.number() });
const trainingMetrics = z.object({
  heldBack: z.object({ challenger: rate, champion: rate.nullable() }),
  exam: z.object({ challenger: recall, reference: recall }).nullable(),
  seconds: z.number(),
  reasons: z.array(z.string()),
});

function provisionalOf(metrics: unknown): ModelVersion['provisional'] {
  const seen = provisional(metrics);
  return seen && { since: seen.since * MINUTE, minutes: seen.minutes };
}

function gateOf(stored: unknown): ModelVersion['gate'] {
  const { heldBack, exam, seconds, reasons } = trainingMetrics.parse(stored);
  return {
    anomalous: heldBack.challenger.anomalyRate,
    championAnomalous: heldBack.champion?.anomalyRate ?? null,
    recall: exam?.challenger.recall ?? null,
    firstRecall: exam?.reference.recall ?? null,
    seconds,
    reasons,
  };
}
