import type { Pool } from 'pg';
import { z } from 'zod';
import { MODEL_KINDS, type ModelKey } from '../../models/model.js';
import { provisional } from '../../retraining/growth.js';
import { type Approval, approvals } from '../../storage/approvals.js';
import { type StuckModel, stuckModels } from '../../storage/stuckModels.js';
import type { Model, ModelRow, ModelVersion } from '../api/schema.js';
import { driftReports } from './driftReports.js';
import { activeRuns, runsOf } from './retrainRuns.js';

const MINUTE = 60_000;

/** Every model of the streams, in the order of the kinds, with what serves now; also models that have no version yet. */
export async function models(pool: Pool, streams: readonly string[], now: ReadonlyMap<string, number | null>) {
  const { rows } = await pool.query<{
    model_key: string;
    version: number | null;
    pinned: boolean | null;
    threshold: number | null;
    created_at: Date | null;
    data_until: Date | null;
    report_id: string | null;
    outcome: string | null;
    reason: string | null;
    window_end: Date | null;
  }>(
    `SELECT key AS model_key, active.version, active.pinned, active.threshold, active.created_at, active.data_until,
        report.id AS report_id, report.outcome, report.reason, report.window_end
      FROM unnest($1::text[]) AS key
      LEFT JOIN LATERAL (SELECT v.* FROM activations a JOIN model_versions v ON v.id = a.version_id
        WHERE a.model_key = key ORDER BY a.id DESC LIMIT 1) active ON true
      LEFT JOIN LATERAL (SELECT id, outcome, reason, window_end FROM drift_reports
        WHERE model_key = key ORDER BY window_end DESC LIMIT 1) report ON true`,
    [streams.flatMap((stream) => MODEL_KINDS.map((kind) => `${kind}@${stream}`))],
  );
  const [runs, waiting] = await Promise.all([activeRuns(pool), approvals(pool, { waiting: true })]);
  return rows.map((row): ModelRow => {
    const at = row.model_key.indexOf('@');
    const stream = row.model_key.slice(at + 1);
    const watermark = now.get(stream) ?? null;
    const dataUntil = row.data_until?.getTime() ?? null;
    return {
      key: row.model_key,
      kind: row.model_key.slice(0, at),
      stream,
      version: row.version,
      pinned: row.pinned === true,
      threshold: row.threshold,
      createdAt: row.created_at?.getTime() ?? null,
      dataUntil,
      ageMinutes: watermark === null || dataUntil === null ? null : Math.max(0, (watermark - dataUntil) / MINUTE),
      drift:
        row.report_id === null
          ? null
          : {
              id: Number(row.report_id),
              outcome: row.outcome ?? '',
              reason: row.reason ?? '',
              windowEnd: row.window_end?.getTime() ?? 0,
            },
      run: runs.find((run) => run.modelKey === row.model_key) ?? null,
      approval: approvalOf(waiting.find(({ modelKey }) => modelKey === row.model_key)),
    };
  });
}

function approvalOf(waiting: Approval | undefined): ModelRow['approval'] {
  if (waiting === undefined) return null;
  const { reason, requestedAt, expiresAt, onExpiry } = waiting;
  return { reason, requestedAt: requestedAt.getTime(), expiresAt: expiresAt.getTime(), onExpiry };
}

/** One model with its history; the newest 50 of each list. */
export async function model(pool: Pool, key: string, now: number | null, watchRate: number): Promise<Model | null> {
  const stream = key.slice(key.indexOf('@') + 1);
  const [row] = (await models(pool, [stream], new Map([[stream, now]]))).filter((candidate) => candidate.key === key);
  if (row === undefined) return null;
  const [versions, activations, reports, runs, [stuck]] = await Promise.all([
    versionsOf(pool, key, row.version),
    pool.query<{ version: number; from_minute: Date; reason: string; actor: string; at: Date }>(
      `SELECT v.version, a.from_minute, a.reason, a.actor, a.at FROM activations a
        JOIN model_versions v ON v.id = a.version_id WHERE a.model_key = $1 ORDER BY a.id DESC LIMIT 50`,
      [key],
    ),
    driftReports(pool, key, 50),
    runsOf(pool, key, 10),
    stuckModels(pool, watchRate, key as ModelKey),
  ]);
  return {
    ...row,
    stuck: stuckOf(stuck),
    versions,
    activations: activations.rows.map((activation) => ({
      version: activation.version,
      fromMinute: activation.from_minute.getTime(),
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

async function versionsOf(pool: Pool, key: string, active: number | null): Promise<ModelVersion[]> {
  const { rows } = await pool.query<{
    version: number;
    state: ModelVersion['state'];
    pinned: boolean;
    parent: number | null;
    data_from: Date;
    data_until: Date;
    samples: number;
    threshold: number;
    seed: string;
    code_version: string;
    metrics: unknown;
    created_at: Date;
  }>(
    `SELECT v.version, v.state, v.pinned, p.version AS parent, v.data_from, v.data_until, v.samples, v.threshold,
        v.seed, v.code_version, v.metrics, v.created_at
      FROM model_versions v LEFT JOIN model_versions p ON p.id = v.parent_id
      WHERE v.model_key = $1 ORDER BY v.version DESC LIMIT 50`,
    [key],
  );
  return rows.map((row) => ({
    version: row.version,
    state: row.state,
    active: row.version === active,
    pinned: row.pinned,
    parent: row.parent,
    dataFrom: row.data_from.getTime(),
    dataUntil: row.data_until.getTime(),
    samples: row.samples,
    threshold: row.threshold,
    seed: Number(row.seed),
    codeVersion: row.code_version,
    gate: gateOf(row.metrics),
    provisional: provisionalOf(row.metrics),
    createdAt: row.created_at.getTime(),
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
