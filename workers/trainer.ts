import { RETRAIN, type RetrainPayload, runOf } from '../queues/retrain.js';
import { parseModelKey } from '../src/models/modelKey.js';
import { endFailedRun } from '../src/retraining/failure.js';
import { runService } from '../src/services/service.js';
import { runWorker } from '../src/services/worker.js';
import { notify } from '../src/storage/notifications.js';

/** After the store was away the worker looks for jobs again so soon. */
const RETRY_MILLISECONDS = 1_000;

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
      autorun: false,
      // For jobs that were added by hand; those of ours say so themselves.
      removeOnComplete: { count: 500 },
      removeOnFail: { count: 500 },
      name: context.instance,
    },
  );
  worker.on('active', (job) => {
    context.report({ training: job.data.modelKey });
    logger.info({ model: job.data.modelKey }, `training ${job.data.modelKey}`);
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
    logger.error({ model: job?.data.modelKey, error: error.message }, 'training failed');
    const last = job !== undefined && job.attemptsMade >= (job.opts.attempts ?? 1);
    if (last) {
      const { modelKey } = job.data;
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
  await runWorker(worker, context.signal);
});
