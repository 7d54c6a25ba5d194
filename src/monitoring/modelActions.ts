import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { RetrainPayload } from '../../queues/retrain.js';
import { runOf } from '../../queues/retrain.js';
import { ActionRefused, type ModelActions } from '../dashboard/actions.js';
import { MINUTES_PER_DAY } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { acceptHeld, pin, RegistryRefusal, rollback } from '../registry/registry.js';
import { rejectShadow } from '../registry/shadow.js';
import type { RetrainingSettings } from '../retraining/settings.js';
import { notify } from '../storage/notifications.js';
import { requestCancellation } from '../storage/retrainCancellations.js';
import { appendRetrainState } from '../storage/retrainRuns.js';
import { listShadows } from '../storage/shadows.js';
import { keepChampion, stuckModels } from '../storage/stuckModels.js';
import { ApprovalDesk, NothingWaits } from './approvalDesk.js';
import { requestRetrain } from './retrainRequests.js';

export interface ModelActionsOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  settings: RetrainingSettings;
}

/** What people do to models, from the page and from the command line alike. */
export function modelActions({ pool, queue, settings }: ModelActionsOptions): ModelActions {
  const decide = async (modelKey: ModelKey, decision: { approve: boolean; actor: string; reason: string }) => {
    try {
      const { refused } = await new ApprovalDesk({ pool, queue, settings }).decide(modelKey, decision);
      if (refused !== null) throw new ActionRefused(refused);
    } catch (error) {
      if (error instanceof NothingWaits) throw new ActionRefused(error.message, 404);
      throw error;
    }
  };
  const stuckOf = async (modelKey: ModelKey) => {
    const [stuck] = await stuckModels(pool, settings.watchRate, modelKey);
    if (stuck === undefined) throw new ActionRefused(`${modelKey} waits for no decision any more.`, 404);
    return stuck;
  };
  return {
    async accept(modelKey, version, actor) {
      await refusing(() =>
        acceptHeld({ pool, modelKey, version, actor, reason: 'accepted on the page', rejectedToo: true }),
      );
      await notify(pool, 'activations', parseModelKey(modelKey).stream);
    },
    async keep(modelKey, actor) {
      await keepChampion(pool, await stuckOf(modelKey), { actor, reason: 'kept on the page' });
    },
    async retrainWithout(modelKey, actor) {
      const { since } = await stuckOf(modelKey);
      const window = { from: since - Math.round(settings.trainingDays * MINUTES_PER_DAY), until: since };
      const answer = await requestRetrain(
        pool,
        queue,
        { modelKey, trigger: { kind: 'manual', actor }, window },
        settings,
      );
      if (!answer.admitted) throw new ActionRefused(answer.reason);
    },
    async approve(modelKey, actor) {
      await decide(modelKey, { approve: true, actor, reason: 'approved on the page' });
    },
    async decline(modelKey, reason, actor) {
      await decide(modelKey, { approve: false, actor, reason });
    },
    async retrain(modelKey, actor) {
      const answer = await requestRetrain(pool, queue, { modelKey, trigger: { kind: 'manual', actor } }, settings);
      if (!answer.admitted) throw new ActionRefused(answer.reason);
      return { jobId: answer.jobId };
    },
    async cancel(modelKey, actor = 'operator') {
      const jobId = await queue.getDeduplicationJobId(modelKey);
      const job = jobId ? await queue.getJob(jobId) : undefined;
      const [shadow] = await listShadows(pool, { key: modelKey });
      if (shadow) {
        await rejectShadow(pool, shadow, { reason: 'stopped by hand', actor, detail: {} });
        return;
      }
      if (!job || (await job.isCompleted()) || (await job.isFailed())) {
        throw new ActionRefused(`No retraining of ${modelKey} is under way.`, 404);
      }
      if (await job.isActive()) {
        await requestCancellation(pool, job.id!, actor);
        return;
      }
      await job.remove();
      await queue.removeDeduplicationKey(modelKey);
      await appendRetrainState(pool, { run: runOf(job), modelKey, jobId: job.id!, state: 'cancelled' });
    },
    async rollback(modelKey, version, actor) {
      await refusing(() => rollback({ pool, modelKey, version, actor, reason: 'rolled back by hand' }));
      await notify(pool, 'activations', parseModelKey(modelKey).stream);
    },
    async pin(modelKey, version, pinned) {
      await refusing(() => pin({ pool, modelKey, version, pinned, actor: 'operator', reason: 'by hand' }));
    },
  };
}

async function refusing(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof RegistryRefusal) throw new ActionRefused(error.message);
    throw error;
  }
}
