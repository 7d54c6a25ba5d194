import { RETRAIN, type RetrainPayload, retrainPayload, runOf } from '../queues/retrain.js';
import type { ModelKey } from '../src/models/model.js';
import { parseModelKey } from '../src/models/modelKey.js';
import { endFailedRun } from '../src/retraining/failure.js';
import { serviceEnvironment, trainingSettings } from '../src/services/launch.js';
import { endWithSandbox } from '../src/services/sandboxReports.js';
import { hungSandbox } from '../src/services/sandboxStarts.js';
import { runService } from '../src/services/service.js';
import { runWorker } from '../src/services/worker.js';
import { notify } from '../src/storage/notifications.js';

/** After the store was away the worker looks for jobs again so soon. */
const RETRY_MILLISECONDS = 1_000;

/** The model of a job, if its payload names one. */
function keyOf(data: unknown): ModelKey | null {
  const payload = retrainPayload.safeParse(data);
  return payload.success ? payload.data.modelKey : null;
}

await runService('trainer', async (context) => {
  const { pool, logger, settings } = context;
  const queues = await context.queues();
  // Half a lease: long enough for a paused machine, short enough that a dead worker's job is taken over soon.
  const lockDuration = Math.round(settings.retraining.leaseSeconds * 500);
  const worker = queues.worker<RetrainPayload, { state: string; modelKey: string; version: number; reasons: string[] }>(
    RETRAIN,
    new URL('./trainingSandbox.js', import.meta.url),
    {
      concurrency: settings.trainerConcurrency,
      lockDuration,
      stalledInterval: lockDuration / 2,
      maxStalledCount: 3,
      runRetryDelay: RETRY_MILLISECONDS,
      workerForkOptions: { env: { ...serviceEnvironment(), ROUTEWARDEN_SETTINGS: trainingSettings(settings) } },
      autorun: false,
      // For jobs that were added by hand; those of ours say so themselves.
      removeOnComplete: { count: 500 },
      removeOnFail: { count: 500 },
      name: context.instance,
    },
  );
  endWithSandbox(worker, (job, error) =>
    logger.warn({ model: keyOf(job.data), error: error.message }, 'reporting progress of a training'),
  );
  worker.on('active', (job) => {
    const key = keyOf(job.data);
    context.report({ training: key });
    logger.info({ model: key }, `training ${key ?? 'nothing: its payload is invalid'}`);
  });
  worker.on('completed', (job, result) => {
    context.report({ training: null });
    logger.info(
      { model: result.modelKey, version: result.version },
      `${result.state} ${result.modelKey} version ${result.version}`,
    );
    void notify(pool, 'activations', parseModelKey(job.data.modelKey).stream).catch((error: Error) =>
      logger.warn({ error: error.message }, 'telling detectors of a new version'),
    );
  });
  worker.on('failed', (job, error) => {
    context.report({ training: null });
    const key = keyOf(job?.data);
    logger.error({ model: key, error: error.message }, 'training failed');
    const last = job !== undefined && job.attemptsMade >= (job.opts.attempts ?? 1);
    // What has no model's key, such as a payload added by hand, fails with its words in the queue and touches no table.
    if (last && key !== null) {
      const modelKey = key;
      endFailedRun(
        pool,
        { run: runOf(job), modelKey, jobId: job.id! },
        error.message,
        settings.retraining.attempts,
      ).then(
        ({ failures }) => {
          if (failures?.deadSince)
            logger.error(
              { model: modelKey },
              `${failures.failures} retrainings of ${modelKey} failed in a row: it waits for a person (routewarden retrain ${modelKey} --clear)`,
            );
        },
        (failure: Error) => logger.warn({ error: failure.message }, 'ending the run in the history'),
      );
    }
  });
  await Promise.race([runWorker(worker, context.signal), hungSandbox(worker)]);
});
