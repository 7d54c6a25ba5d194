import { z } from 'zod';
import { incidentRow } from './schema.js';

const counted = z.object({ network: z.number(), peers: z.number() });

/** A prefix of the operator's as one stream sees it now, with the newest incident that touches it. */
export const ownPrefix = z.object({
  stream: z.string(),
  prefix: z.string(),
  declared: z.string().nullable().describe('the declared prefix around it; null for one that was not declared'),
  group: z.string().optional(),
  description: z.string().optional(),
  expected: z.array(z.number()).describe('networks that may originate it'),
  origins: z.array(counted.extend({ rpki: z.enum(['valid', 'invalid', 'not found']).optional() })),
  upstreams: z.array(counted).describe('who comes before it in its paths'),
  visible: z.number().describe('peers with a route'),
  peers: z.number().describe('peers with a route, and those that withdrew one'),
  findings: z
    .array(z.object({ severity: incidentRow.shape.severity, words: z.string() }))
    .describe('what contradicts the declaration now, gravest first'),
  last: incidentRow
    .pick({ id: true, startedAt: true, endedAt: true, severity: true, class: true, headline: true })
    .nullable(),
});

export const networks = z.object({
  prefixes: z.array(ownPrefix).describe('those that need somebody first'),
  seenUntil: z.number().nullable().describe('event time of the newest message that was compared, ms'),
});

export type OwnPrefixRow = z.infer<typeof ownPrefix>;
export type Networks = z.infer<typeof networks>;
