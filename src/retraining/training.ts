import type { Pool } from 'pg';
import { type ModelKey, NotEnoughRows } from '../models/model.js';
import { RunEnded, VersionPinned } from '../registry/publish.js';
import { appendRetrainState, type RetrainState, runHistory } from '../storage/retrainRuns.js';
import { HasFirstVersion, trainChallenger } from './challenger.js';
import { LeaseTaken, NoFreeSlot, withLease } from './lease.js';
import { noRoom } from './storm.js';
import type { TrainingResult, TrainingRun } from './trainingRun.js';

/**
 * One retrain from the lease to the publish. Every state goes to `retrain_runs`; a run that is delivered again after its
 * end gives its first result back and trains nothing.
 *
 * @throws NoFreeSlot (the job should wait), LeaseTaken, LeaseLost, StaleLease, ChampionChanged (worth a retry), NotEnoughRows, VersionPinned,
 *   RunEnded and HasFirstVersion (no retry: another run has done it or will); the signal's
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
    // A job that finds no room comes again and again: logged once.
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
        (await endOf(pool, modelKey, run)) ?? (await trainChallenger(training, lease, signal, state, began)),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const transient = error instanceof LeaseTaken || error instanceof NotEnoughRows || error instanceof VersionPinned;
    // A late one, such as a trainer that was paused while another did its job: the run has ended, and well.
    if (await endOf(pool, modelKey, run)) training.onLog?.(`${message}; the run has ended elsewhere`);
    // States behind its end have opened it again; the failure is counted already.
    else if (error instanceof RunEnded) await state('failed', { error: message, final: true });
    else if (training.signal?.aborted || error instanceof HasFirstVersion) await state('cancelled', { error: message });
    else if (error instanceof NoFreeSlot) training.onLog?.(message);
    else await state('failed', { error: message, transient });
    throw error;
  }
}

/** A run's result when it ended before: the job was delivered again. */
async function endOf(pool: Pool, modelKey: ModelKey, run: string): Promise<TrainingResult | null> {
  const end = (await runHistory(pool, run)).find((event) =>
    ['shadow', 'published', 'held', 'rejected'].includes(event.state),
  );
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
