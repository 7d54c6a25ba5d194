import { z } from 'zod';
import { time } from './time.js';

export const alertsQuery = z.strictObject({
  open: z
    .enum(['yes', 'no'], 'expected yes or no')
    .transform((text) => text === 'yes')
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export const alertRow = z.object({
  id: z.number(),
  fingerprint: z.string(),
  kind: z.string(),
  severity: z.enum(['info', 'minor', 'major', 'critical']),
  title: z.string(),
  lines: z.array(z.string()),
  stream: z.string().nullable(),
  class: z.string().nullable(),
  watched: z.boolean().describe('touches the own networks'),
  history: z.boolean().describe('found in replayed or backfilled minutes; nobody was told'),
  raisedAt: time,
  resolvedAt: time.nullable(),
  channels: z.record(z.string(), z.string()).describe('sent, waiting or gave up, by channel'),
});

export type AlertRow = z.infer<typeof alertRow>;
