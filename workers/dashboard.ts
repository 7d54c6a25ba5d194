import { z } from 'zod';
import { APPROVALS, approvalPayload, openApprovalQueue } from '../queues/approval.js';
import { DRIFT_CHECK, driftCheckPayload, openDriftCheckQueue } from '../queues/driftCheck.js';
import { openRetentionQueue, RETENTION, retentionPayload } from '../queues/retention.js';
import { openRetrainQueue, RETRAIN, readRetrainPayload } from '../queues/retrain.js';
import { incidentActs } from '../src/acts/incidents.js';
import { modelActs } from '../src/acts/models.js';
import { retrainForm } from '../src/dashboard/retrainForm.js';
import { createDashboard } from '../src/dashboard/server.js';
import { sessionKey } from '../src/dashboard/sessionKey.js';
import { AsNameSource } from '../src/incidents/names/asNameSource.js';
import type { ModelKey } from '../src/models/model.js';
import { PortInUse } from '../src/services/pagePort.js';
import { periodically } from '../src/services/periodic.js';
import { aborted, runService, type ServiceContext } from '../src/services/service.js';

/** How often it is asked whether the file of AS names is due. */
const NAMES_MILLISECONDS = 60_000;

async function serve(context: ServiceContext): Promise<void> {
  const { pool, settings, logger } = context;
  const queues = await context.queues();
  const retrain = openRetrainQueue(queues);
  // A queue that met a store away when it opened would stay broken: better to start afresh.
  await retrain.waitUntilReady();
  const streams = settings.streams.map(({ name }) => name);
  const acts = { ...incidentActs(pool), ...modelActs({ pool, queue: retrain, settings: settings.retraining }) };
  const names = new AsNameSource({ path: settings.incidents.asNames, now: () => new Date(), log: logger });
  await names.refreshIfDue();
  const endNames = periodically(
    { what: 'reading AS names', milliseconds: NAMES_MILLISECONDS, round: () => names.refreshIfDue() },
    context,
  );
  const server = await createDashboard({
    pool,
    queues: [retrain, openApprovalQueue(queues), openDriftCheckQueue(queues), openRetentionQueue(queues)],
    queueHelp: {
      [RETRAIN]: {
        description: 'Retrainings. By hand: the three dots at the right, Add job, name the model, Add.',
        jobDataSchema: retrainForm(`lstm@${settings.streams[0]?.name ?? 'rrc00'}`),
        check: (data) => void readRetrainPayload(data, streams),
      },
      [APPROVALS]: {
        description:
          'Retrainings that wait for a person, each with its drift report. Promote one to approve it; decline on the page of the model.',
        check: () => {
          throw new Error('approvals are asked for by the drift monitor: retrain a model by hand instead');
        },
        promote: (data, by) => acts.approve(approvalPayload.parse(data).model as ModelKey, by),
      },
      [DRIFT_CHECK]: {
        description: 'Drift checks of all models, repeated by a job scheduler.',
        jobDataSchema: z.toJSONSchema(driftCheckPayload),
        check: (data) => void driftCheckPayload.parse(data),
      },
      [RETENTION]: {
        description: 'Clears what is older than the retention settings say, once a day or sooner.',
        check: (data) => void retentionPayload.parse(data),
      },
    },
    settings: settings.dashboard,
    sessionKey: sessionKey(settings.dataDirectory, (error) =>
      logger.warn({ error: error.message }, 'sessions will end with this process'),
    ),
    watchRate: settings.retraining.watchRate,
    trainingDays: settings.retraining.trainingDays,
    budget: settings.incidents.evidence.perDay,
    replayed: settings.streams.filter(({ replay }) => replay).map(({ name }) => name),
    nameOf: names.nameOf,
    acts,
    logger,
    clock: { now: Date.now },
  });
  const { host, port } = settings.dashboard;
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new PortInUse(host, port) : error;
  }
  const address = server.server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  // an address to open, where it listens on all
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  context.report({ url: `http://${shown}:${listening}/` });
  logger.info(`page: http://${shown}:${listening}/ queues: http://${shown}:${listening}/queues`);
  context.ready();
  await aborted(context.signal);
  endNames();
  await server.close();
}

await runService('dashboard', serve, { saysReady: true });
