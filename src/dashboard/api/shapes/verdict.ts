import { z } from 'zod';
import { time } from './time.js';

export const verdict = z.object({
  minute: time,
  score: z.number(),
  threshold: z.number(),
  anomalous: z.boolean(),
  missing: z.array(z.string()),
  votes: z.array(
    z.object({
      kind: z.string(),
      anomalous: z.boolean(),
      surprise: z.number().nullable(),
      words: z.string().nullable(),
    }),
  ),
});

export type Verdict = z.infer<typeof verdict>;
