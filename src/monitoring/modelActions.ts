import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { RetrainPayload } from '../../queues/retrain.js';
import { runOf } from '../../queues/retrain.js';
import { ActionRefused, type ModelActions } from '../dashboard/actions.js';
import { parseModelKey } from '../models/modelKey.js';
import { pin, RegistryRefusal, rollback } from '../registry/registry.js';
import { rejectShadow } from '../registry/shadow.js';
import type { RetrainingSettings } from '../retraining/settings.js';
import { notify } from '../storage/notifications.js';
import { requestCancellation } from '../storage/retrainCancellations.js';
import { appendRetrainState } from '../storage/retrainRuns.js';
import { listShadows } from '../storage/shadows.js';
import { requestRetrain } from './retrainRequests.js';

export interface ModelActionsOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  settings: RetrainingSettings;
}

/** What people do to models, from the page and from the command line alike. */
export function modelActions({ pool, queue, settings }: ModelActionsOptions): ModelActions {
  return {
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
