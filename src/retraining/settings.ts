import { z } from 'zod';
import { approvalMode, approvalSubject } from './approval.js';

const share = z.number().min(0).max(1);

export const retrainingSettings = z
  .strictObject({
    trainingDays: z.number().positive().max(365).default(7).describe('Length of the training window, days'),
    regimeMinutes: z
      .int()
      .min(0)
      .default(360)
      .describe('Age at which a change is trained on, minutes; and again at a day and a window'),
    heldBackMinutes: z
      .int()
      .min(60)
      .default(1440)
      .describe('Newest minutes of the window; every other six hours of them are held back for validation'),
    falseAlarmsPerDay: z
      .number()
      .positive()
      .max(1440)
      .default(2)
      .describe(
        'Wanted false alarms a day of one model; fixes its threshold (of the verdicts: ensembleFalseAlarmsPerDay)',
      ),
    leaseSeconds: z
      .number()
      .positive()
      .default(60)
      .describe('A trainer that does not renew its lease for this long has lost it'),
    leaseWaitSeconds: z
      .number()
      .min(0)
      .default(30)
      .describe('How long a job waits for another trainer of its model before it is retried later'),
    maximumAnomalyRate: share
      .default(0.05)
      .describe('A challenger that finds more of the held-back minutes anomalous is rejected'),
    championMargin: z
      .number()
      .min(0)
      .default(0.005)
      .describe("How much higher than the champion's the challenger's anomaly rate on the held-back minutes may be"),
    examMargin: share
      .default(0.1)
      .describe("Share of an anomaly class's examples that a challenger may miss more than the champion"),
    leastServedRecall: share
      .default(0.8)
      .describe("Share of the champion's finds that a challenger must reach at the threshold that will serve"),
    falseAlarmFactor: z
      .number()
      .min(1)
      .max(1000)
      .default(4)
      .describe('An example is missed only if a threshold with so many times the false alarms misses it too'),
    sensitivityBudget: share
      .default(0.05)
      .describe("Share of the first version's recall that a lineage may lose before a person is asked"),
    regimeSensitivityBudget: share.default(0.3).describe("The same after a step of the traffic's level"),
    maximumPeerShare: share
      .default(0.5)
      .describe(
        "Largest share of a window's routes from one peer; beyond it the peer's busiest minutes are left out; 1: no limit",
      ),
    coolDownMinutes: z
      .int()
      .min(0)
      .default(1080)
      .describe('Event time between two retrains of one model that drift caused, minutes'),
    approval: approvalMode
      .default('automatic')
      .describe(
        'Which retrainings wait for a person: none (automatic), those of drift (drift), all that no person asked for (all)',
      ),
    approvalFor: z
      .record(approvalSubject, approvalMode)
      .default({})
      .describe('The same for kinds (lstm) or models (lstm@rrc00)'),
    approvalHours: z
      .number()
      .positive()
      .max(8_760)
      .default(24)
      .describe('Hours after which a retraining that still waits for approval is decided by approvalDefault'),
    approvalDefault: z
      .enum(['approve', 'decline'])
      .default('decline')
      .describe('What happens to a retrain that nobody approved or declined in time'),
    concurrency: z.int().min(1).default(4).describe('Trainings at the same time, in all'),
    concurrencyByKind: z
      .strictObject({
        heuristic: z.int().min(1).default(4),
        isolation_forest: z.int().min(1).default(4),
        lstm: z.int().min(1).default(2),
      })
      .prefault({})
      .describe('Trainings at the same time of one kind'),
    jitterSeconds: z
      .number()
      .min(0)
      .default(60)
      .describe('Retrains that drift caused are spread over this many seconds'),
    attempts: z
      .int()
      .min(1)
      .default(3)
      .describe('Failed jobs in a row after which a model waits for a person (dead letter)'),
    watchMinutes: z
      .int()
      .min(0)
      .default(360)
      .describe('Minutes after a publish in which a runaway anomaly rate rolls it back'),
    watchMinimumMinutes: z.int().min(1).default(60).describe('Scored minutes that the watch needs before it judges'),
    watchRate: share.default(0.2).describe('Anomaly rate in the watch period that counts as run away'),
    shadowMinutes: z
      .int()
      .min(0)
      .max(100_000)
      .default(0)
      .describe('Minutes that a new version scores beside the serving one first; 0: it serves at once'),
    keepVersions: z.int().min(1).default(10).describe('Newest versions of a model whose files are never pruned'),
  })
  .describe('Retraining');
export type RetrainingSettings = z.infer<typeof retrainingSettings>;
