import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import { enqueueRetrain, type RetrainPayload, reviveRetrain } from '../../queues/retrain.js';
import { parseModelKey } from '../models/modelKey.js';
import { currentActivation, watermark } from '../storage/activations.js';
import { approvals, askForApproval, decideApproval, lastDeclined, setApprovalRun } from '../storage/approvals.js';
import { appendAudit } from '../storage/audit.js';
import { driftReportById } from '../storage/driftReports.js';
import { type PendingRun, pendingRuns } from '../storage/pendingRuns.js';
import { type Db, inTransaction } from '../storage/pool.js';
import { appendRetrainState, deadLetters, lastFinished } from '../storage/retrainRuns.js';
import { listShadows } from '../storage/shadows.js';
import { needsApproval } from './approval.js';
import { endFailedRun } from './failure.js';
import type { RetrainingSettings } from './settings.js';
import { admit } from './storm.js';

export type RetrainRequest = { admitted: true; jobId: string; run: string } | { admitted: false; reason: string };

const ASKER = 'drift monitor';

/**
 * Asks for a retraining: the storm policy decides whether and when, a person where the settings say so, the queue
 * whether one is under way already.
 * @param approved a person, or the default on expiry, has approved it
 */
export async function requestRetrain(
  pool: Pool,
  queue: Queue<RetrainPayload>,
  payload: RetrainPayload,
  settings: RetrainingSettings,
  approved = false,
): Promise<RetrainRequest> {
  const { kind, stream } = parseModelKey(payload.modelKey);
  const now = (await watermark(pool, kind, stream)) ?? 0;
  const finished = await lastFinished(pool, payload.modelKey);
  const admission = admit(
    payload,
    {
      now,
      lastDeclined: await lastDeclined(pool, payload.modelKey),
      approved,
      lastFinished: typeof finished?.detail.watermark === 'number' ? finished.detail.watermark : null,
      isFirstRefusal: finished?.isFirstRefusal ?? false,
      shadow: (await listShadows(pool, { key: payload.modelKey }))[0]?.version ?? null,
      dead: (await deadLetters(pool)).some(({ modelKey }) => modelKey === payload.modelKey),
    },
    settings,
  );
  if (!admission.admit) return { admitted: false, reason: admission.reason };
  const over: PendingRun[] = [];
  for (const pending of await pendingRuns(pool, payload.modelKey)) {
    // Asked for before, and its job perhaps lost with the queue store: a second one would train the same twice.
    const revival = await reviveRetrain(queue, pending);
    if (revival === 'live' || revival === 'revived') {
      await auditRetrain(pool, payload, pending.run);
      return { admitted: true, jobId: pending.jobId!, run: pending.run };
    }
    if (revival === 'ended' || pending.payload === null) over.push(pending);
  }
  // Whoever asked looked before the run that was pending then may have ended; none is pending now, so its end is visible.
  if (payload.trigger.kind === 'first' && (await currentActivation(pool, payload.modelKey)) !== null)
    return { admitted: false, reason: 'its first version has been published meanwhile' };
  // So may the run that the cool-down had to know of. A person who asks again is asking for another.
  const ended = payload.trigger.kind !== 'manual' ? await lastFinished(pool, payload.modelKey) : finished;
  if (ended?.run !== finished?.run) return { admitted: false, reason: 'a retraining of it has ended meanwhile' };
  if (!approved && needsApproval(payload, settings)) {
    const { approval, isNew } = await askForApproval(pool, {
      modelKey: payload.modelKey,
      payload,
      reason: await reasonOf(pool, payload),
      hours: settings.approvalHours,
      onExpiry: settings.approvalDefault,
      watermark: now,
      actor: ASKER,
    });
    const since = approval.requestedAt.toISOString().slice(0, 16).replace('T', ' ');
    return {
      admitted: false,
      reason: isNew
        ? `retraining asked for: it waits for approval (routewarden approvals approve ${payload.modelKey})`
        : `it waits for approval since ${since} UTC`,
    };
  }
  // Their jobs are over and their end is not written yet: were the queue store flushed before it is, they would be taken for
  // lost ones, come back behind the run that is asked for now, and train and publish the same twice.
  for (const pending of over)
    await endFailedRun(pool, pending, 'its job was over when another was asked for', settings.attempts);
  const { jobId, run, isNew } = await enqueueRetrain(queue, payload, admission);
  await inTransaction(pool, async (client) => {
    await auditRetrain(client, payload, run);
    if (!isNew) return;
    await appendRetrainState(client, {
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
  });
  if (payload.trigger.kind === 'manual') await settleWaiting(pool, payload.modelKey, payload.trigger.actor, run);
  return { admitted: true, jobId, run };
}

/** A person who asks for a retrain is in the audit log; what the system asks for by itself is in the run alone. */
async function auditRetrain(db: Db, { modelKey, trigger, window }: RetrainPayload, run: string) {
  if (trigger.kind !== 'manual') return;
  const { actor } = trigger;
  await appendAudit(db, { actor, action: 'retrain', target: modelKey, detail: { run, ...(window && { window }) } });
}

/** A person who retrains a model by hand has answered what waited. */
async function settleWaiting(pool: Pool, modelKey: RetrainPayload['modelKey'], actor: string, run: string) {
  for (const { id } of await approvals(pool, { modelKey, waiting: true })) {
    const decision = { approve: true, actor, reason: 'retrained by hand', watermark: null };
    if ((await decideApproval(pool, id, decision)) !== null) await setApprovalRun(pool, id, run);
  }
}

async function reasonOf(pool: Pool, { trigger }: RetrainPayload): Promise<string> {
  if (trigger.kind === 'drift') {
    const report = await driftReportById(pool, trigger.reportId);
    return report?.reason ?? `drift report ${trigger.reportId}`;
  }
  return trigger.kind === 'growth' ? 'the new regime has grown' : 'the first window is complete';
}
