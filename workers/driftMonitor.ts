import { DRIFT_CHECK, openDriftCheckQueue, scheduleDriftChecks } from '../queues/driftCheck.js';
import { openRetrainQueue } from '../queues/retrain.js';
import { DriftMonitor } from '../src/monitoring/driftMonitor.js';
import { aborted, runService } from '../src/services/service.js';

const RESCHEDULE_MILLISECONDS = 30_000;

await runService('drift-monitor', async (context) => {
  const { settings, queues, pool, logger } = context;
  const monitor = new DriftMonitor({ pool, queue: openRetrainQueue(queues), settings, logger });
  const queue = openDriftCheckQueue(queues);
  const schedule = () => scheduleDriftChecks(queue, settings.driftCheckIntervalSeconds);
  await schedule();
  // The schedule lives in the queue store; should that be emptied, it comes back from here.
  const timer = setInterval(() => {
    schedule().catch((error: Error) => logger.warn({ error: error.message }, 'renewing the schedule of drift checks'));
  }, RESCHEDULE_MILLISECONDS);
  queues.worker(
    DRIFT_CHECK,
    async () => {
      const round = await monitor.check();
      context.report({ lastRound: { ...round, at: new Date().toISOString() } });
      return round;
    },
    { concurrency: 1 },
  );
  await aborted(context.signal);
  clearInterval(timer);
});
