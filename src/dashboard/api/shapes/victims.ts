import { z } from 'zod';

const network = z.object({ asNumber: z.number(), name: z.string().nullable().describe('from `incidents.asNames`') });

export const victims = z.object({
  rows: z
    .array(
      z.object({
        prefix: z.string(),
        covering: z.string().nullable().describe('the known block around it, where the prefix itself is new'),
        holders: z.array(network),
        by: network.nullable().describe('who announces it now, where somebody else does'),
        peers: z.number().nullable().describe('that saw it, or lost it'),
        rpki: z
          .enum(['valid', 'invalid', 'not found'])
          .nullable()
          .describe('of the new route, RFC 6811; null: not judged'),
        mine: z.boolean(),
      }),
    )
    .describe('those that most peers report first; at most 400'),
  of: z.number().describe('prefixes hit, named or not'),
  names: z.record(z.string(), z.string()).describe('names of the networks that stand out, by AS number'),
});

export type Victims = z.infer<typeof victims>;
