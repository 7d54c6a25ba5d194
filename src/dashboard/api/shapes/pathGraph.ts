import { z } from 'zod';
import { time } from './time.js';

export const pathGraph = z.object({
  height: time.nullable().describe('the minute in which most peers of known path went over new links or origins'),
  prefix: z.string().nullable(),
  prefixes: z.array(z.string()),
  minutes: z.array(time),
  routes: z
    .array(z.object({ peer: z.string(), since: time.nullable(), path: z.array(z.string()) }))
    .describe("each peer's path to the prefix, from a minute on; null: before the incident"),
  nodes: z.array(z.object({ id: z.string(), label: z.string(), kind: z.enum(['peer', 'as', 'origin', 'prefix']) })),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      before: z.boolean().describe('known before the incident'),
      since: time.nullable().describe('minute in which it was first seen'),
      isNew: z.boolean(),
      words: z.string(),
    }),
  ),
});

export type PathGraph = z.infer<typeof pathGraph>;
