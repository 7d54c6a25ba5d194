import { RETRAIN, type RetrainPayload } from '../queues/retrain.js';
import { parseModelKey } from '../src/models/modelKey.js';
import { aborted, runService } from '../src/services/service.js';
import { raiseAlertAlone } from '../src/storage/alerts.js';
import { notify } from '../src/storage/notifications.js';

/** Long enough for a paused machine, short enough that a dead worker's job is taken over soon. */
const LOCK_MILLISECONDS = 30_000;

await runService('trainer', async (context) => {
  const { pool, logger, settings } = context;
  const worker = context.queues.worker<
    RetrainPayload,
    { state: string; modelKey: string; version: number; reasons: string[] }
  >(RETRAIN, new URL('./trainingSandbox.js', import.meta.url), {
    concurrency: settings.trainerConcurrency,
    lockDuration: LOCK_MILLISECONDS,
    stalledInterval: LOCK_MILLISECONDS / 2,
    maxStalledCount: 3,
    name: context.instance,
  });
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
    if (result.state !== 'published') void tell(result.modelKey, 'retrain rejected', result.reasons);
  });
  worker.on('failed', (job, error) => {
    context.report({ training: null });
    logger.error({ model: job?.data.modelKey, error: error.message }, 'training failed');
    const last = job !== undefined && job.attemptsMade >= (job.opts.attempts ?? 1);
    if (last) void tell(String(job.data.modelKey), 'retrain failing', [error.message]);
  });
  const tell = async (modelKey: string, kind: 'retrain rejected' | 'retrain failing', lines: string[]) => {
    await raiseAlertAlone(
      pool,
      { fingerprint: `${kind} ${modelKey}`, kind, severity: 'minor', title: `${kind}: ${modelKey}`, lines, once: true },
      new Date(),
    ).catch((error: Error) => logger.warn({ error: error.message }, 'raising an alert'));
  };
  await aborted(context.signal);
});
