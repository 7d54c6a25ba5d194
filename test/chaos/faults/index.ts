import { badArtifactCopy } from './badArtifactCopy.js';
import { clockStep } from './clockStep.js';
import { cutSockets } from './cutSockets.js';
import { failedStart } from './failedStart.js';
import { fastClock } from './fastClock.js';
import type { Fault } from './fault.js';
import { flushRedis } from './flushRedis.js';
import { fullArtifactDisk, fullDatabaseDisk } from './fullDisk.js';
import { killAggregator } from './killAggregator.js';
import { killCollector } from './killCollector.js';
import { killSandbox } from './killSandbox.js';
import { killService } from './killService.js';
import { killTableLoad } from './killTableLoad.js';
import { killTrainer } from './killTrainer.js';
import { newerArtifact } from './newerArtifact.js';
import { newerSchema } from './newerSchema.js';
import { doubledNotifications, droppedNotifications } from './notifications.js';
import { pauseService } from './pauseService.js';
import { pauseTraining } from './pauseTraining.js';
import { poisonedJob } from './poisonedJob.js';
import { recycledPid } from './recycledPid.js';
import { restartPostgres } from './restartPostgres.js';
import { restartRedis } from './restartRedis.js';
import { secondStart } from './secondStart.js';
import { slowStore } from './slowStore.js';
import { stuckChannel } from './stuckChannel.js';
import { stuckService } from './stuckService.js';
import { unreachableStore } from './unreachableStore.js';

/** Faults that must change no row. */
export const FAULTS: readonly Fault[] = [
  killService,
  killAggregator,
  killTableLoad,
  killTrainer,
  killSandbox,
  pauseService,
  pauseTraining,
  restartPostgres,
  restartRedis,
  flushRedis,
  droppedNotifications,
  doubledNotifications,
  cutSockets,
  unreachableStore,
  slowStore,
  clockStep,
  fullDatabaseDisk,
  fullArtifactDisk,
  badArtifactCopy,
  poisonedJob,
  stuckChannel,
  stuckService,
  fastClock,
  recycledPid,
  secondStart,
  failedStart,
  newerArtifact,
  newerSchema,
];

/** With the collector's own: half of all faults, so that there are many gaps. */
export const FAULTS_WITH_GAPS: readonly Fault[] = [...FAULTS, ...FAULTS.map(() => killCollector)];
