import { z } from 'zod';
import { time } from './time.js';

/** What every shape of a version says. */
const identity = z.object({
  version: z.number(),
  state: z.enum(['published', 'rejected', 'held', 'shadow']),
  active: z.boolean(),
  dataFrom: time,
  dataUntil: time,
  samples: z.number(),
  threshold: z.number(),
  seed: z.number(),
  codeVersion: z.string(),
  createdAt: time,
});

export const version = identity.extend({
  pinned: z.boolean(),
  parent: z.number().nullable(),
  /** What the gate measured: shares of held-back minutes found anomalous, and of the exam's anomalies found. */
  gate: z.object({
    anomalous: z.number(),
    championAnomalous: z.number().nullable(),
    recall: z.number().nullable(),
    firstRecall: z.number().nullable(),
    seconds: z.number(),
    reasons: z.array(z.string()),
  }),
  provisional: z
    .object({ since: time, minutes: z.number() })
    .nullable()
    .describe('made for a new regime of which it has seen only so many minutes, since its begin'),
});

export const comparedVersion = identity.extend({
  seconds: z.number().nullable(),
  flagged: z.number().nullable().describe('share of held-back, ordinary minutes that it flags'),
  exam: z
    .object({ recall: z.number(), byClass: z.array(z.object({ class: z.string(), found: z.number() })) })
    .nullable()
    .describe('share of injected anomalies found'),
  losses: z.array(z.number()).describe('loss on held-back windows after each epoch'),
  parameters: z.array(z.object({ name: z.string(), value: z.string() })),
  reasons: z.array(z.string()),
  drift: z.array(z.object({ outcome: z.string(), checks: z.number() })).describe('drift checks since it serves'),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});

export const comparison = z.object({ left: comparedVersion, right: comparedVersion });

export type ModelVersion = z.infer<typeof version>;
export type Comparison = z.infer<typeof comparison>;
export type ComparedVersion = z.infer<typeof comparedVersion>;
