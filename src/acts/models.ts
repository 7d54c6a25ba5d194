import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { RetrainPayload } from '../../queues/retrain.js';
import { runOf } from '../../queues/retrain.js';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { acceptHeld, pin, rollback } from '../registry/registry.js';
import { rejectShadow, takeOver } from '../registry/shadow.js';
import { ApprovalDesk } from '../retraining/approvalDesk.js';
import { forgetFailures } from '../retraining/failure.js';
import { requestRetrain } from '../retraining/request.js';
import type { RetrainingSettings } from '../retraining/settings.js';
import type { Approval } from '../storage/approvals.js';
import { appendAudit } from '../storage/audit.js';
import type { ModelVersion } from '../storage/modelVersions.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { requestCancellation } from '../storage/retrainCancellations.js';
import { appendRetrainState } from '../storage/retrainRuns.js';
import { listShadows, type Shadow } from '../storage/shadows.js';
import { keepChampion, stuckModels } from '../storage/stuckModels.js';
import { act, type By } from './act.js';
import { ActRefused } from './refusal.js';

/**
 * What a person can do to a model. Each promise resolves when the change and its one audit row are stored, or the job is
 * queued; each throws ActRefused, missing or conflict, when it cannot be done.
 */
export interface ModelActs {
  /** Queues a retrain, as drift would. @returns the job, or the one that waits for this model already */
  retrain(modelKey: ModelKey, by: By): Promise<{ jobId: string }>;
  /** Takes back a waiting retrain, asks the running one to stop, or ends a version that shadows. */
  cancel(modelKey: ModelKey, by: By): Promise<void>;
  /** Lets an older version serve: the one named, or the one before. */
  rollback(
    modelKey: ModelKey,
    version: number | undefined,
    by: By,
  ): Promise<{ from: number; to: ModelVersion; activeFrom: Minute }>;
  /** Queues a retraining that waits for approval. */
  approve(modelKey: ModelKey, by: By): Promise<{ approval: Approval; job: string | null }>;
  decline(modelKey: ModelKey, by: By): Promise<{ approval: Approval; job: null }>;
  /** Lets a version serve that was held or rejected, or that shadows. */
  accept(modelKey: ModelKey, version: number, by: By): Promise<{ version: ModelVersion; activeFrom: Minute }>;
  /** The serving version goes on: refusals up to now need no answer. */
  keep(modelKey: ModelKey, by: By): Promise<void>;
  /** Retrains on the window before the serving version began to flag too much. */
  retrainWithout(modelKey: ModelKey, by: By): Promise<{ jobId: string }>;
  /** A pinned version is kept, and no retrain replaces it. */
  pin(modelKey: ModelKey, version: number, pinned: boolean, by: By): Promise<void>;
}

export interface ModelActsOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  settings: RetrainingSettings;
}

/** What people do to models, from the page, Bull Board and the command line alike. */
export function modelActs({ pool, queue, settings }: ModelActsOptions): ModelActs {
  const on = <T>(name: string, target: ModelKey, by: By, work: () => Promise<T>, detail = {}) =>
    act(pool, by, { name, target, detail }, work);
  const activated = async <T>(modelKey: ModelKey, moved: T): Promise<T> => {
    await notify(pool, 'activations', parseModelKey(modelKey).stream);
    return moved;
  };
  const stuckOf = async (modelKey: ModelKey) => {
    const [stuck] = await stuckModels(pool, settings.watchRate, modelKey);
    if (stuck === undefined) throw new ActRefused(`${modelKey} no longer waits for a decision.`, 'missing');
    return stuck;
  };
  const queued = async (payload: Omit<RetrainPayload, 'trigger'>, { actor }: By) => {
    const answer = await requestRetrain(pool, queue, { ...payload, trigger: { kind: 'manual', actor } }, settings);
    if (!answer.admitted) throw new ActRefused(answer.reason);
    return { jobId: answer.jobId };
  };
  const underWay = async (modelKey: ModelKey) => {
    const jobId = await queue.getDeduplicationJobId(modelKey);
    const job = jobId ? await queue.getJob(jobId) : undefined;
    return job && !(await job.isCompleted()) && !(await job.isFailed()) ? job : undefined;
  };
  const decide = (modelKey: ModelKey, approve: boolean, by: By) =>
    on(approve ? 'approve retraining' : 'decline retraining', modelKey, by, () =>
      new ApprovalDesk({ pool, queue, settings }).decide(modelKey, { approve, ...by }),
    );
  return {
    retrain: (modelKey, by) => on('retrain', modelKey, by, () => queued({ modelKey }, by)),
    retrainWithout: (modelKey, by) =>
      on('retrain', modelKey, by, async () => {
        const { since } = await stuckOf(modelKey);
        // One that waits already trains on another window; it would be taken for this one.
        if (await underWay(modelKey))
          throw new ActRefused(`A retraining of ${modelKey} is under way already: stop it first.`);
        const from = since - Math.round(settings.trainingDays * MINUTES_PER_DAY);
        return queued({ modelKey, window: { from, until: since } }, by);
      }),
    cancel: (modelKey, by) =>
      on('cancel', modelKey, by, async () => {
        const job = await underWay(modelKey);
        const [shadow] = await listShadows(pool, { key: modelKey });
        if (shadow) {
          await rejectShadow(pool, shadow, { ...by, detail: {} });
          return;
        }
        if (!job) {
          throw new ActRefused(`No retraining of ${modelKey} is under way.`, 'missing');
        }
        const running = await job.isActive();
        if (!running) {
          await job.remove();
          await queue.removeDeduplicationKey(modelKey);
        }
        await inTransaction(pool, async (client) => {
          if (running) await requestCancellation(client, job.id!, by.actor);
          else await appendRetrainState(client, { run: runOf(job), modelKey, jobId: job.id!, state: 'cancelled' });
          await appendAudit(client, {
            actor: by.actor,
            action: 'cancel',
            target: modelKey,
            detail: { job: job.id, reason: by.reason },
          });
        });
      }),
    rollback: (modelKey, version, by) =>
      on(
        'rollback',
        modelKey,
        by,
        async () =>
          activated(modelKey, await rollback({ pool, modelKey, ...by, ...(version === undefined ? {} : { version }) })),
        { version },
      ),
    accept: (modelKey, version, by) =>
      on(
        'accept',
        modelKey,
        by,
        async () => {
          const [shadow] = await listShadows(pool, { key: modelKey });
          return activated(
            modelKey,
            shadow?.version === version
              ? await acceptShadow(pool, shadow, by)
              : await acceptHeld({ pool, modelKey, version, ...by, rejectedToo: true }),
          );
        },
        { version },
      ),
    pin: (modelKey, version, pinned, by) =>
      on(
        pinned ? 'pin' : 'unpin',
        modelKey,
        by,
        async () => void (await pin({ pool, modelKey, version, pinned, ...by })),
        { version },
      ),
    keep: (modelKey, by) =>
      on('keep version', modelKey, by, async () => keepChampion(pool, await stuckOf(modelKey), by)),
    approve: async (modelKey, by) => {
      const { refused, ...decided } = await decide(modelKey, true, by);
      // Approved it is; that it cannot be queued has a row of its own.
      if (refused !== null) throw new ActRefused(`${modelKey} is approved, but cannot be retrained: ${refused}`);
      return decided;
    },
    decline: async (modelKey, by) => ({ approval: (await decide(modelKey, false, by)).approval, job: null }),
  };
}

/** Lets a model be retrained that failed too often; the key may be of no model at all. @returns whether it had failures */
export function clearFailures(pool: Pool, modelKey: string, by: By): Promise<boolean> {
  return act(pool, by, { name: 'clear failures', target: modelKey }, () =>
    forgetFailures(pool, modelKey as ModelKey, by.actor),
  );
}

async function acceptShadow(pool: Pool, shadow: Shadow, by: By) {
  const taken = await takeOver(pool, shadow, { ...by, detail: {} });
  if (taken.state !== 'published')
    throw new ActRefused(
      `version ${shadow.version} cannot serve: ${taken.state === 'over' ? 'it has ended as a shadow' : taken.reason}`,
    );
  return taken;
}
