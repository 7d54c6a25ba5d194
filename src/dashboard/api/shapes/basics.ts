import { z } from 'zod';

export const explanation = z.object({
  name: z.string(),
  share: z.number().describe('share of the score, 0..1'),
  words: z.string(),
  value: z.number().optional(),
  limit: z.number().optional(),
});

export const ranked = z.object({ name: z.string(), count: z.number() });

export const problem = z.object({ error: z.string().describe('what went wrong and what to do') });

export const done = z.object({ done: z.literal(true) });
