import { createHash } from 'node:crypto';
import { MINUTES_PER_DAY } from '../features/row.js';
import { type FitProgress, type ModelKey, type ModelKind, NotEnoughRows } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { writeVersionFiles } from '../registry/artifactFiles.js';
import { backUp } from '../registry/backups.js';
import { prune } from '../registry/pruning.js';
import { recordVersion, VersionPinned } from '../registry/publish.js';
import type { Lease } from '../storage/leases.js';
import type { ModelVersion } from '../storage/modelVersions.js';
import type { RetrainState } from '../storage/retrainRuns.js';
import { type Champion, loadChampion } from './champion.js';
import { referenceAfterStep } from './exam.js';
import { rescoredHours } from './firstBaseline.js';
import { decide, type GateEvidence } from './gate.js';
import { heldBackResult, scoreHeldBack } from './heldBack.js';
import { examine } from './lineageExam.js';
import type { OnePeer } from './onePeer.js';
import type { TrainingResult, TrainingRun } from './trainingRun.js';
import { cleanedWindow } from './window.js';
import { onsetOf, type RegimeWindow, selectWindow, withoutBridge } from './windowSelection.js';

const ARTIFACT_FORMAT = 1;

/** A first version was asked for twice: one look was late, and the other's run has published meanwhile. */
export class HasFirstVersion extends Error {
  constructor(key: ModelKey, version: number) {
    super(`${key} has a first version by now (version ${version}): nothing to do`);
    this.name = 'HasFirstVersion';
  }
}

/** Appends a state to the run's history. */
export type TellState = (name: RetrainState, detail?: Record<string, unknown>) => Promise<void>;

/** Trains a challenger under a lease, proves it, and records it with the result. */
export async function trainChallenger(
  training: TrainingRun,
  lease: Lease,
  signal: AbortSignal,
  tell: TellState,
  began: number,
): Promise<TrainingResult> {
  const { pool, payload, settings, run } = training;
  const { modelKey } = payload;
  const { kind: kindName, stream } = parseModelKey(modelKey);
  const kind = training.kinds[kindName];
  if (!kind) throw new Error(`this trainer knows no model of kind ${kindName}`);
  const seed = payload.seed ?? createHash('sha256').update(run).digest().readUInt32LE() % 2 ** 31;

  await tell('selecting window', { fencingToken: lease.token });
  const { serving, champion } = await loadChampion(pool, modelKey, kind, ({ version }, error) =>
    training.onLog?.(`version ${version} cannot be read, trained as if there were none: ${error.message}`),
  );
  if (serving && payload.trigger.kind === 'first') throw new HasFirstVersion(modelKey, serving.version);
  if (serving?.pinned) throw new VersionPinned(modelKey, serving.version);
  const lineage = serving?.lineage ?? 1;
  const onset = await onsetOf(pool, payload);
  const selected = await selectWindow(training, kind, stream, onset, serving);
  let window = champion === null || selected.onset !== null ? selected : await cleanedBy(kind, champion, selected);
  const rows = window.all.minutes.length;
  if (window.trainingRows < kind.minimumRows) throw new NotEnoughRows(window.trainingRows, kind.minimumRows);
  const dataFrom = window.training.minutes[window.training.usable.indexOf(1)]!;
  const dataUntil = window.all.minutes[rows - 1]! + 1;
  signal.throwIfAborted();

  await tell('training', {
    seed,
    samples: window.trainingRows,
    dataFrom,
    dataUntil,
    leftOut: window.leftOut,
    onePeer: window.onePeer,
  });
  const proved = (of: typeof window) => prove(training, { kind, champion, lineage, window: of, seed, signal, tell });
  let proof = await proved(window);
  const alone = withoutBridge(window);
  const isBridged = alone.trainingRows >= kind.minimumRows && alone.trainingRows < window.trainingRows;
  if (proof.verdict.state === 'held' && isBridged) {
    training.onLog?.(`trained again on the new regime alone: ${proof.verdict.reasons.join('; ')}`);
    const second = await proved(alone);
    if (second.verdict.state === 'published') [window, proof] = [alone, second];
  }
  const { model, losses, scored, threshold, exam, evidence, verdict } = proof;
  const state = verdict.state === 'published' && champion && settings.shadowMinutes > 0 ? 'shadow' : verdict.state;
  const baselineFrom = Math.max(dataFrom, window.onset ?? (window.isStorm === true ? null : onset) ?? dataFrom);
  const beginsLineage = champion !== null && exam?.isNew === true;
  const serves = state === 'published' || state === 'shadow';
  const files = await kind.encode(model);
  signal.throwIfAborted();

  const metrics = {
    run,
    trigger: payload.trigger,
    baselineFrom,
    regime:
      window.onset === null
        ? null
        : {
            since: window.onset,
            until: dataUntil,
            whole: Math.round(settings.trainingDays * MINUTES_PER_DAY),
            step: window.step,
          },
    heldBack: { challenger: evidence.challenger, champion: evidence.champion },
    exam: evidence.exam,
    leftOut: window.leftOut,
    onePeer: window.onePeer,
    reasons: verdict.reasons,
    ...(losses.length > 0 && { losses }),
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
      parentId: serving?.id ?? null,
      state,
      dataFrom,
      dataUntil,
      samples: window.trainingRows,
      seed,
      threshold,
      format: ARTIFACT_FORMAT,
      codeVersion: training.codeVersion,
      metrics,
      fencingToken: lease.token,
      lineage: lineage + (beginsLineage ? 1 : 0),
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
    ...(state === 'shadow' ? { shadowMinutes: settings.shadowMinutes } : {}),
    rescored: rescoredHours(scored.score, threshold, window.all, baselineFrom),
    // A version that does not serve must not fix the exam of those after it.
    exam:
      exam?.isNew && (!beginsLineage || serves)
        ? {
            bytes: exam.bytes,
            reference: beginsLineage
              ? referenceAfterStep(exam.results.challenger, exam.results.reference)
              : exam.results.reference,
          }
        : undefined,
  });
  training.onLog?.(`${state}: version ${version.version}, ${verdict.reasons.join('; ')}`);
  const directory = state === 'published' ? await writeCopies(training, version, champion) : null;
  return { state, modelKey, version: version.version, activeFrom, reasons: verdict.reasons, directory };
}

interface Trial {
  kind: ModelKind<unknown>;
  champion: Champion | null;
  /** Of the version that serves. */
  lineage: number;
  window: RegimeWindow & { onePeer: OnePeer | null };
  seed: number;
  signal: AbortSignal;
  tell: TellState;
}

/** Fits a model on a window and lets the gate judge it. */
async function prove(training: TrainingRun, trial: Trial) {
  const { kind, champion, window, seed, signal, tell } = trial;
  const { settings } = training;
  const fitBegan = performance.now();
  const losses: number[] = [];
  const model = await kind.fit(window.training, {
    seed,
    falseAlarmsPerDay: settings.falseAlarmsPerDay,
    previous: champion?.model,
    settings: training.kindSettings?.[kind.name],
    onProgress: (progress) => {
      if (progress.loss !== undefined) losses.push(progress.loss);
      training.onProgress?.({ ...progress, ...timing(progress, fitBegan), state: 'training' });
    },
    signal,
  });
  signal.throwIfAborted();

  await tell('validating', { heldBack: window.heldBack.length });
  const scored = await kind.score(model, window.all, 0);
  const threshold = kind.threshold(model);
  const exam = await examine(training, kind, model, trial);
  const evidence: GateEvidence = {
    threshold,
    challenger: heldBackResult(scored.score, window, threshold, kind.context),
    champion: champion && (await scoreHeldBack(kind, champion.model, window)),
    exam: exam?.results ?? null,
    step: window.step,
    isCleaned: window.unjudged !== undefined,
    onePeer: window.onePeer,
  };
  return { model, losses, scored, threshold, exam, evidence, verdict: decide(evidence, settings) };
}

async function cleanedBy(
  kind: ModelKind<unknown>,
  champion: Champion,
  window: RegimeWindow & { onePeer: OnePeer | null },
): Promise<RegimeWindow & { onePeer: OnePeer | null }> {
  const { score } = await kind.score(champion.model, window.all, 0);
  const threshold = kind.threshold(champion.model);
  return cleanedWindow(
    window,
    Uint8Array.from(score, (value) => (value > threshold ? 1 : 0)),
  );
}

/** The database has it all: a copy that cannot be written is healed later, and fails no training. */
async function writeCopies(
  { pool, artifactDirectory, settings, onLog }: TrainingRun,
  version: ModelVersion,
  champion: Champion | null,
): Promise<string | null> {
  if (artifactDirectory === null) return null;
  try {
    const directory = await writeVersionFiles(pool, artifactDirectory, version);
    if (champion)
      await backUp(pool, artifactDirectory, { version: champion.version, by: version.version, at: version.createdAt });
    await prune({ pool, root: artifactDirectory, keep: settings.keepVersions, key: version.modelKey });
    return directory;
  } catch (error) {
    onLog?.(`the copies of version ${version.version} could not be written: ${(error as Error).message}`);
    return null;
  }
}

function timing({ fraction }: FitProgress, began: number): { percent: number; remainingSeconds: number | null } {
  const seconds = (performance.now() - began) / 1000;
  return {
    percent: Math.round(fraction * 100),
    remainingSeconds: fraction > 0 ? Math.round((seconds / fraction) * (1 - fraction)) : null,
  };
}
