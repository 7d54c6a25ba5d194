import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { summariseScores } from '../drift/hours.js';
import { passingIncidents } from '../drift/lastingIncidents.js';
import { driftReport } from '../drift/report.js';
import { encodeSummary } from '../drift/summary.js';
import { type FeatureBlock, MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { type FitProgress, type ModelKey, type ModelKind, type ModelKindName, NotEnoughRows } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { writeVersionFiles } from '../registry/artifactFiles.js';
import { loadVersion } from '../registry/load.js';
import { recordVersion, VersionPinned } from '../registry/publish.js';
import { currentActivation, watermark } from '../storage/activations.js';
import { driftReportById } from '../storage/driftReports.js';
import { findExam } from '../storage/exams.js';
import type { Lease } from '../storage/leases.js';
import { type ModelVersion, versionById } from '../storage/modelVersions.js';
import { appendRetrainState, type RetrainState, runHistory } from '../storage/retrainRuns.js';
import { type StreamHistory, streamHistory } from '../storage/streamHistory.js';
import { decodeExam, type ExamResult, encodeExam, makeExam, takeExam } from './exam.js';
import { decide, type GateEvidence, type HeldBackResult } from './gate.js';
import { LeaseTaken, NoFreeSlot, withLease } from './lease.js';
import { boundPeer, type OnePeer } from './onePeer.js';
import type { RetrainPayload } from './payload.js';
import type { RetrainingSettings } from './settings.js';
import { noRoom } from './storm.js';
import { splitWindow, type TrainingWindow } from './window.js';

export const ARTIFACT_FORMAT = 1;

/** The kinds of model that a process knows. */
export type ModelKinds = { readonly [K in ModelKindName]?: ModelKind<unknown> };

export interface TrainingRun {
  pool: Pool;
  payload: RetrainPayload;
  kinds: ModelKinds;
  settings: RetrainingSettings;
  /** A stretch of incidents that is longer is the new ordinary and is trained on, minutes. */
  incidentPatienceMinutes: number;
  /** Settings of the kinds themselves, such as trees or epochs. */
  kindSettings?: Partial<Record<string, Record<string, unknown>>>;
  /** Root of the artifact copies; null: the database alone. */
  artifactDirectory: string | null;
  /** Names this run in the history; the same for all attempts of one job, such as the job's id. */
  run: string;
  jobId?: string;
  /** Who holds the lease, such as host and process. */
  holder: string;
  codeVersion: string;
  history?: StreamHistory;
  onProgress?: (progress: FitProgress & { state: RetrainState }) => void;
  /** A line for the job's log. */
  onLog?: (line: string) => void;
  signal?: AbortSignal;
}

export interface TrainingResult {
  state: 'published' | 'held' | 'rejected';
  modelKey: ModelKey;
  version: number;
  activeFrom: Minute | null;
  reasons: string[];
  /** Directory of the copy, for a published version. */
  directory: string | null;
}

/**
 * One retrain from the lease to the publish. Every state goes to `retrain_runs`; a run that is delivered again after its
 * end gives its first result back and trains nothing.
 *
 * @throws NoFreeSlot (the job should wait), LeaseTaken, LeaseLost, StaleLease, ChampionChanged (worth a retry), NotEnoughRows, VersionPinned; the signal's
 *   reason when it aborts, and then nothing is left behind but the states in the history
 */
export async function runTraining(training: TrainingRun): Promise<TrainingResult> {
  const { pool, payload, run, jobId } = training;
  const { modelKey } = payload;
  const before = await endOf(pool, modelKey, run);
  if (before) return before;
  const began = performance.now();
  const state = async (name: RetrainState, detail: Record<string, unknown> = {}): Promise<void> => {
    const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
    await appendRetrainState(pool, {
      run,
      modelKey,
      jobId,
      state: name,
      detail: { trigger: payload.trigger, seconds, ...detail },
    });
    training.onLog?.(`${name} (${seconds} s)`);
  };
  try {
    // A job that finds no room comes again and again: told once.
    if ((await runHistory(pool, run)).at(-1)?.state !== 'waiting for lease')
      await state('waiting for lease', { holder: training.holder });
    return await withLease(
      pool,
      {
        modelKey,
        holder: training.holder,
        seconds: training.settings.leaseSeconds,
        waitSeconds: training.settings.leaseWaitSeconds,
        byPerson: payload.trigger.kind === 'manual',
        refuse: (kind, running) => noRoom(kind, running, training.settings),
        signal: training.signal,
      },
      // Whoever had the lease may have been a first delivery of this very job.
      async (lease, signal) =>
        (await endOf(pool, modelKey, run)) ?? (await train(training, lease, signal, state, began)),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const transient = error instanceof LeaseTaken || error instanceof NotEnoughRows || error instanceof VersionPinned;
    if (training.signal?.aborted) await state('cancelled', { error: message });
    else if (error instanceof NoFreeSlot) training.onLog?.(message);
    else await state('failed', { error: message, transient });
    throw error;
  }
}

/** A run's result when it ended before: the job was delivered again. */
async function endOf(pool: Pool, modelKey: ModelKey, run: string): Promise<TrainingResult | null> {
  const end = (await runHistory(pool, run)).find((event) => ['published', 'held', 'rejected'].includes(event.state));
  if (!end) return null;
  return {
    state: end.state as TrainingResult['state'],
    modelKey,
    version: Number(end.detail.version),
    activeFrom: null,
    reasons: Array.isArray(end.detail.reasons) ? end.detail.reasons.map(String) : [],
    directory: null,
  };
}

async function train(
  training: TrainingRun,
  lease: Lease,
  signal: AbortSignal,
  state: (name: RetrainState, detail?: Record<string, unknown>) => Promise<void>,
  began: number,
): Promise<TrainingResult> {
  const { pool, payload, settings, run } = training;
  const { modelKey } = payload;
  const { kind: kindName, stream } = parseModelKey(modelKey);
  const kind = training.kinds[kindName];
  if (!kind) throw new Error(`this trainer knows no model of kind ${kindName}`);
  const seed = payload.seed ?? createHash('sha256').update(run).digest().readUInt32LE() % 2 ** 31;

  await state('selecting window', { fencingToken: lease.token });
  const champion = await loadChampion(training, kind);
  if (champion?.version.pinned) throw new VersionPinned(modelKey, champion.version.version);
  const onset = await onsetOf(pool, payload);
  const window = await selectWindow(training, kind, stream, onset);
  const rows = window.all.minutes.length;
  if (window.trainingRows < kind.minimumRows) throw new NotEnoughRows(window.trainingRows, kind.minimumRows);
  const dataFrom = window.training.minutes[window.training.usable.indexOf(1)];
  const dataUntil = window.all.minutes[rows - 1] + 1;
  signal.throwIfAborted();

  await state('training', {
    seed,
    samples: window.trainingRows,
    dataFrom,
    dataUntil,
    leftOut: window.leftOut,
    onePeer: window.onePeer,
  });
  const model = await kind.fit(window.training, {
    seed,
    falseAlarmsPerDay: settings.falseAlarmsPerDay,
    previous: champion?.model,
    settings: training.kindSettings?.[kind.name],
    onProgress: (progress) => training.onProgress?.({ ...progress, state: 'training' }),
    signal,
  });
  signal.throwIfAborted();

  await state('validating', { heldBack: window.heldBack.length });
  const scored = await kind.score(model, window.all, 0);
  const threshold = kind.threshold(model);
  const exam = await examine(training, kind, model, champion, window, seed);
  const evidence: GateEvidence = {
    threshold,
    challenger: heldBackResult(scored.score, window, threshold, kind.context),
    champion: champion && (await scoreHeldBack(kind, champion.model, window)),
    exam: exam?.results ?? null,
    onePeer: window.onePeer,
  };
  const verdict = decide(evidence, settings);
  const baselineFrom = Math.max(dataFrom, onset ?? dataFrom);
  const files = await kind.encode(model);
  signal.throwIfAborted();

  const metrics = {
    run,
    trigger: payload.trigger,
    baselineFrom,
    heldBack: { challenger: evidence.challenger, champion: evidence.champion },
    exam: evidence.exam,
    leftOut: window.leftOut,
    onePeer: window.onePeer,
    reasons: verdict.reasons,
    seconds: (performance.now() - began) / 1000,
  };
  const { version, activeFrom } = await recordVersion(pool, {
    lease,
    run,
    jobId: training.jobId,
    version: {
      modelKey,
      kind: kind.name,
      stream,
      parentId: champion?.version.id ?? null,
      state: verdict.state,
      dataFrom,
      dataUntil,
      samples: window.trainingRows,
      seed,
      threshold,
      format: ARTIFACT_FORMAT,
      codeVersion: training.codeVersion,
      metrics,
      fencingToken: lease.token,
      lineage: champion?.version.lineage ?? 1,
    },
    files,
    reason: `${payload.trigger.kind}: ${verdict.reasons.join('; ')}`,
    actor: payload.trigger.kind === 'manual' ? payload.trigger.actor : 'system',
    detail: {
      trigger: payload.trigger,
      reasons: verdict.reasons,
      seconds: metrics.seconds,
      samples: window.trainingRows,
    },
    rescored: rescoredHours(scored.score, threshold, window.all, baselineFrom),
    exam: exam?.isNew ? { bytes: exam.bytes, reference: exam.results.reference } : undefined,
  });
  training.onLog?.(`${verdict.state}: version ${version.version}, ${verdict.reasons.join('; ')}`);
  const directory =
    training.artifactDirectory && verdict.state === 'published'
      ? await writeVersionFiles(pool, training.artifactDirectory, version).catch((error: Error) => {
          // The database has it; the copy is healed later.
          training.onLog?.(`the copy of version ${version.version} could not be written: ${error.message}`);
          return null;
        })
      : null;
  return { state: verdict.state, modelKey, version: version.version, activeFrom, reasons: verdict.reasons, directory };
}

interface Champion {
  version: ModelVersion;
  model: unknown;
}

async function loadChampion(training: TrainingRun, kind: ModelKind<unknown>): Promise<Champion | null> {
  const active = await currentActivation(training.pool, training.payload.modelKey);
  const version = active && (await versionById(training.pool, active.versionId));
  if (!version) return null;
  return { version, model: (await loadVersion(training.pool, version.modelKey, version.id, kind)).model };
}

async function selectWindow(
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
  const window = splitWindow(
    bounded.block,
    passingIncidents(incidents, training.incidentPatienceMinutes),
    Math.min(settings.heldBackMinutes, (until - from) / 2),
    kind.maximumRows,
  );
  return { ...window, onePeer: bounded.onePeer };
}

/** Where the drift that caused this retrain began. */
async function onsetOf(pool: Pool, payload: RetrainPayload): Promise<Minute | null> {
  if (payload.trigger.kind !== 'drift') return null;
  const row = await driftReportById(pool, payload.trigger.reportId);
  const report = row && driftReport.safeParse(row.report);
  return report?.data?.onset ? Date.parse(report.data.onset) / 60_000 : null;
}

async function examine(
  training: TrainingRun,
  kind: ModelKind<unknown>,
  model: unknown,
  champion: Champion | null,
  window: TrainingWindow,
  seed: number,
): Promise<{ results: NonNullable<GateEvidence['exam']>; bytes: Buffer; isNew: boolean } | null> {
  const { modelKey } = training.payload;
  const stored = await findExam(training.pool, modelKey, champion?.version.lineage ?? 1);
  if (stored) {
    const exam = decodeExam(stored.bytes);
    return {
      results: {
        challenger: await takeExam(kind, model, exam),
        champion: champion && (await takeExam(kind, champion.model, exam)),
        reference: stored.reference as ExamResult,
      },
      bytes: stored.bytes,
      isNew: false,
    };
  }
  const exam = makeExam(window.training, kind.context, seed);
  if (!exam) return null;
  const challenger = await takeExam(kind, model, exam);
  return { results: { challenger, champion: null, reference: challenger }, bytes: encodeExam(exam), isNew: true };
}

async function scoreHeldBack(
  kind: ModelKind<unknown>,
  model: unknown,
  window: TrainingWindow,
): Promise<HeldBackResult> {
  const { score } = await kind.score(model, window.all, 0);
  return heldBackResult(score, window, kind.threshold(model), kind.context);
}

function heldBackResult(
  score: Float64Array,
  window: TrainingWindow,
  threshold: number,
  context: number,
): HeldBackResult {
  const result: HeldBackResult = {
    minutes: 0,
    unscored: 0,
    anomalyRate: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
  };
  let anomalous = 0;
  let run = 0;
  let next = 0;
  for (let row = 0; row < score.length; row++) {
    const { minutes, usable } = window.all;
    const follows = row > 0 && minutes[row] === minutes[row - 1] + 1;
    run = usable[row] === 1 ? (follows ? run : 0) + 1 : 0;
    if (window.heldBack[next] !== row) continue;
    next++;
    if (Number.isFinite(score[row])) {
      result.minutes++;
      result.lowest = Math.min(result.lowest, score[row]);
      result.highest = Math.max(result.highest, score[row]);
      if (score[row] > threshold) anomalous++;
    } else if (run > context) result.unscored++;
  }
  result.anomalyRate = result.minutes === 0 ? 0 : anomalous / result.minutes;
  return result;
}

/** The version's own scores of the hours before it serves: its first baseline. */
function rescoredHours(score: Float64Array, threshold: number, block: FeatureBlock, from: Minute) {
  const minutes = Array.from(block.minutes, (minute, row) => ({
    minute,
    score: score[row],
    anomalous: score[row] > threshold,
    rules: [],
  })).filter((row) => row.minute >= from);
  return [...summariseScores(minutes, null)].map(([hour, summary]) => ({
    hour,
    source: 'rescored' as const,
    minutes: summary.minutes,
    bytes: encodeSummary(summary),
  }));
}
