import { z } from 'zod';
import { time } from './time.js';

export const auditRow = z.object({
  id: z.number(),
  at: time,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.string().describe('what else was said, such as a version; empty when nothing was'),
});
