import { z } from 'zod';
import { time } from './time.js';

export const distribution = z.object({
  edges: z.array(z.number()),
  baseline: z.array(z.number()),
  current: z.array(z.number()),
});

export const driftReport = z.object({
  id: z.number(),
  windowEnd: time,
  outcome: z.string(),
  version: z.number().nullable(),
  reason: z.string(),
  currentFrom: time,
  baselineFrom: time,
  /** Those of scores and rates, and of the inputs those over their limit. */
  criteria: z.array(
    z.object({
      name: z.string(),
      baseline: z.number(),
      current: z.number(),
      change: z.number(),
      limit: z.number(),
      exceeded: z.boolean(),
    }),
  ),
  distribution: distribution.nullable(),
});

export const driftDetail = z.object({
  id: z.number(),
  model: z.string(),
  version: z.number().nullable(),
  outcome: z.string(),
  reason: z.string(),
  windowEnd: time,
  currentFrom: time,
  baselineFrom: time,
  criteria: z.array(z.object({ name: z.string(), words: z.string(), exceeded: z.boolean() })),
  scores: distribution.nullable(),
  features: z
    .array(
      z.object({
        name: z.string(),
        label: z.string(),
        unit: z.string(),
        before: z.number().describe('mean of the baseline'),
        now: z.number(),
        words: z.string(),
        psi: z.number().describe('population stability index'),
        statistics: z.record(z.string(), z.number()),
        distribution: distribution.nullable().describe('null in reports of older versions'),
      }),
    )
    .describe('the ten inputs with the strongest evidence, those that changed most first'),
});

export type DriftDetail = z.infer<typeof driftDetail>;
export type DriftReport = z.infer<typeof driftReport>;
