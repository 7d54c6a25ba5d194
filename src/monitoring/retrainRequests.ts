import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import { enqueueRetrain, type RetrainPayload, reviveRetrain } from '../../queues/retrain.js';
import { parseModelKey } from '../models/modelKey.js';
import type { RetrainingSettings } from '../retraining/settings.js';
import { admit } from '../retraining/storm.js';
import { currentActivation, watermark } from '../storage/activations.js';
import { pendingRuns } from '../storage/pendingRuns.js';
import { appendRetrainState, deadLetters, lastFinished } from '../storage/retrainRuns.js';
import { listShadows } from '../storage/shadows.js';

export type RetrainRequest = { admitted: true; jobId: string; run: string } | { admitted: false; reason: string };

/**
 * Asks for a retraining: the storm policy decides whether and when, the queue whether one is under way already.
 */
export async function requestRetrain(
  pool: Pool,
  queue: Queue<RetrainPayload>,
  payload: RetrainPayload,
  settings: RetrainingSettings,
): Promise<RetrainRequest> {
  const { kind, stream } = parseModelKey(payload.modelKey);
  const finished = await lastFinished(pool, payload.modelKey);
  const admission = admit(
    payload,
    {
      now: (await watermark(pool, kind, stream)) ?? 0,
      lastFinished: typeof finished?.detail.watermark === 'number' ? finished.detail.watermark : null,
      shadow: (await listShadows(pool, { key: payload.modelKey }))[0]?.version ?? null,
      dead: (await deadLetters(pool)).some(({ modelKey }) => modelKey === payload.modelKey),
    },
    settings,
  );
  if (!admission.admit) return { admitted: false, reason: admission.reason };
  for (const pending of await pendingRuns(pool, payload.modelKey)) {
    // Asked for before, and its job perhaps lost with the queue store: a second one would train the same twice.
    const revival = await reviveRetrain(queue, pending);
    if (revival === 'live' || revival === 'revived') return { admitted: true, jobId: pending.jobId!, run: pending.run };
  }
  // Whoever asked looked before the run that was pending then may have ended; none is pending now, so its end is visible.
  if (payload.trigger.kind === 'first' && (await currentActivation(pool, payload.modelKey)) !== null)
    return { admitted: false, reason: 'its first version has been published meanwhile' };
  const { jobId, run, isNew } = await enqueueRetrain(queue, payload, admission);
  if (isNew) {
    await appendRetrainState(pool, {
      run,
      modelKey: payload.modelKey,
      jobId,
      state: 'queued',
      detail: {
        trigger: payload.trigger,
        delay_ms: admission.delayMilliseconds,
        priority: admission.priority,
        payload,
      },
    });
  }
  return { admitted: true, jobId, run };
}
