import { z } from 'zod';

export const session = z.object({
  signedIn: z.boolean(),
  loginNeeded: z.boolean(),
  actor: z.string().nullable(),
  role: z.enum(['operator', 'reader']).nullable(),
  live: z.boolean().describe('whether the feed runs at the pace of the wall clock'),
});

export const login = z.object({
  token: z.string().min(1).max(500),
  name: z.string().trim().max(60).default('').describe('who you are, for the audit log'),
});

export type Session = z.infer<typeof session>;
