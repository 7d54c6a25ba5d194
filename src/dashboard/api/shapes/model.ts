import { z } from 'zod';
import { driftReport } from './drift.js';
import { time } from './time.js';
import { version } from './version.js';

export const runState = z.object({
  run: z.string(),
  modelKey: z.string(),
  jobId: z.string().nullable(),
  state: z.string(),
  fraction: z.number().nullable(),
  message: z.string().nullable(),
  at: time,
  startedAt: time,
  finished: z.boolean(),
});

export const modelRow = z.object({
  key: z.string(),
  kind: z.string(),
  stream: z.string(),
  version: z.number().nullable().describe('the active one'),
  pinned: z.boolean(),
  threshold: z.number().nullable(),
  createdAt: time.nullable(),
  dataUntil: time.nullable(),
  ageMinutes: z.number().nullable().describe('stream time since the newest minute it was trained on'),
  drift: z.object({ id: z.number(), outcome: z.string(), reason: z.string(), windowEnd: time }).nullable(),
  run: runState.nullable().describe('a retrain under way'),
  refused: z
    .object({ version: z.number(), state: z.string() })
    .nullable()
    .describe('the newest version of a model that none serves for'),
  approval: z
    .object({
      reason: z.string(),
      requestedAt: time,
      expiresAt: time,
      onExpiry: z.enum(['approve', 'decline']),
    })
    .nullable()
    .describe('a retraining that waits for a person'),
});

export const stuck = z.object({
  state: z.enum(['held', 'rejected']),
  version: z.number().nullable().describe('the version that was refused last'),
  champion: z.number(),
  reasons: z.array(z.string()),
  refusedAt: time.nullable(),
  flagged: z.number().describe('share of the last six hours that the serving version finds anomalous'),
  since: time,
});

export const model = modelRow.extend({
  stuck: stuck
    .nullable()
    .describe('set when only a person can help: see the three actions accept, keep and retrain-without'),
  versions: z.array(version),
  activations: z.array(
    z.object({ version: z.number(), fromMinute: time, reason: z.string(), actor: z.string(), at: time }),
  ),
  reports: z.array(driftReport),
  runs: z.array(runState.extend({ steps: z.array(z.object({ state: z.string(), at: time, words: z.string() })) })),
});

export type ModelRow = z.infer<typeof modelRow>;
export type Stuck = z.infer<typeof stuck>;
export type Model = z.infer<typeof model>;
export type RunState = z.infer<typeof runState>;
export type ModelRun = Model['runs'][number];
