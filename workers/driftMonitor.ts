import type { Queue } from 'bullmq';
import { APPROVALS, type ApprovalPayload, openApprovalQueue } from '../queues/approval.js';
import { DRIFT_CHECK, driftCheckSchedule, openDriftCheckQueue } from '../queues/driftCheck.js';
import { hindranceOf } from '../queues/hindrance.js';
import { openRetentionQueue, RETENTION, retentionSchedule } from '../queues/retention.js';
import { openRetrainQueue } from '../queues/retrain.js';
import { keepSchedule, makeSchedule } from '../queues/schedule.js';
import { kindsByName } from '../src/models/kinds.js';
import { MODEL_KINDS } from '../src/models/model.js';
import { modelKey } from '../src/models/modelKey.js';
import { CopyKeeper } from '../src/registry/copyKeeper.js';
import { ApprovalDesk } from '../src/retraining/approvalDesk.js';
import { DriftMonitor } from '../src/retraining/driftMonitor.js';
import { PublishWatch } from '../src/retraining/publishWatch.js';
import { RetrainReconciler } from '../src/retraining/retrainReconciler.js';
import { ShadowWatch } from '../src/retraining/shadowWatch.js';
import { periodically } from '../src/services/periodic.js';
import { retentionRound } from '../src/services/retentionRound.js';
import { runService } from '../src/services/service.js';
import { countJobs, runWorker } from '../src/services/worker.js';
import { takeBackFutureTimes } from '../src/storage/queueSchema.js';

const RECONCILE_MILLISECONDS = 3_000;
const WATCH_MILLISECONDS = 5_000;
const QUEUES_MILLISECONDS = 5_000;
const COPIES_MILLISECONDS = 10_000;
/** How soon the first versions are asked for when a first window is whole, as after a replay. */
const FIRST_MILLISECONDS = 30_000;
const RETRY_MILLISECONDS = 1_000;

await runService('drift-monitor', async (context) => {
  const { settings, pool, logger } = context;
  const queues = await context.queues();
  const retrain = openRetrainQueue(queues);
  const monitor = new DriftMonitor({ pool, queue: retrain, settings, logger });
  const queue = openDriftCheckQueue(queues);
  const retention = openRetentionQueue(queues);
  const desk = new ApprovalDesk({ pool, queue: retrain, settings: settings.retraining });
  const approvals = openApprovalQueue(queues);
  const schedules = [
    { of: queue, schedule: driftCheckSchedule(settings.driftCheckIntervalSeconds) },
    { of: retention, schedule: retentionSchedule(settings.retention.intervalMinutes) },
  ];
  for (const { of, schedule } of schedules) await makeSchedule(of, schedule);
  const modelKeys = settings.streams.flatMap(({ name }) => MODEL_KINDS.map((kind) => modelKey(kind, name)));
  const reconciler = new RetrainReconciler({
    pool,
    queue: retrain,
    modelKeys,
    attempts: settings.retraining.attempts,
    logger,
  });
  const watch = new PublishWatch({
    pool,
    settings: settings.retraining,
    kinds: kindsByName({ lstmEngine: settings.lstmEngine, log: (message) => logger.info(message) }),
    logger,
  });
  const shadows = new ShadowWatch({
    pool,
    settings: settings.retraining,
    artifactDirectory: settings.artifactDirectory,
    logger,
  });
  const copies = new CopyKeeper({ pool, root: settings.artifactDirectory, log: logger, rounds: context.rounds });
  const endings = [
    periodically(
      {
        what: 'watching published versions',
        milliseconds: WATCH_MILLISECONDS,
        round: () => watch.look(),
      },
      context,
    ),
    periodically(
      { what: 'watching versions that shadow', milliseconds: WATCH_MILLISECONDS, round: () => shadows.look() },
      context,
    ),
    periodically(
      { what: 'asking for first versions', milliseconds: FIRST_MILLISECONDS, round: () => monitor.askForFirst() },
      context,
    ),
    periodically(
      { what: 'keeping copies of versions', milliseconds: COPIES_MILLISECONDS, round: () => copies.look() },
      context,
    ),
    // Schedule and jobs live in the queue store; should that be emptied, they come back from here.
    periodically(
      {
        what: 'reconciling the queues',
        milliseconds: RECONCILE_MILLISECONDS,
        round: async () => {
          for (const { of, schedule } of schedules) {
            if (await keepSchedule(of, schedule)) logger.warn(`the schedule of ${schedule.id} is made anew`);
          }
          if (queues.kind === 'postgres' && (await takeBackFutureTimes(pool)) > 0)
            logger.warn('the queues held times of a clock that was ahead: taken back');
          await reconciler.reconcile();
        },
      },
      context,
    ),
    periodically(
      {
        what: 'looking at the queues',
        milliseconds: QUEUES_MILLISECONDS,
        round: async () => {
          for (const one of [retrain, queue, retention, approvals] as Queue[]) {
            const hindrance = await hindranceOf(one);
            if (hindrance === null) context.rounds.went(`queue ${one.name}`);
            else context.rounds.failed(`queue ${one.name}`, new Error(hindrance));
          }
        },
      },
      context,
    ),
    periodically(
      {
        what: 'deciding approvals that are due',
        milliseconds: RECONCILE_MILLISECONDS,
        round: async () => {
          await desk.look(logger);
          await desk.show(approvals);
        },
      },
      context,
    ),
  ];
  const options = { concurrency: 1, runRetryDelay: RETRY_MILLISECONDS, autorun: false };
  const checks = queues.worker(
    DRIFT_CHECK,
    async () => {
      const round = await monitor.check();
      context.report({ lastRound: { ...round, at: new Date().toISOString() } });
      return round;
    },
    options,
  );
  const pruner = queues.worker(
    RETENTION,
    async () => {
      const gone = await retentionRound(pool, settings, { signal: context.signal, now: () => new Date() });
      if (Object.keys(gone).length > 0) logger.info(gone, 'deleted old rows');
      return gone;
    },
    options,
  );
  const promoted = queues.worker<ApprovalPayload, string>(
    APPROVALS,
    async (job) => desk.due(job.data.approval),
    options,
  );
  countJobs(checks, 'drift checks', context.rounds);
  countJobs(pruner, 'retention', context.rounds);
  countJobs(promoted, 'approvals', context.rounds);
  try {
    await Promise.all([
      runWorker(promoted, context.signal),
      runWorker(checks, context.signal),
      runWorker(pruner, context.signal),
    ]);
  } finally {
    for (const end of endings) end();
  }
});
