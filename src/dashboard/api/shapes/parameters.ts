import { z } from 'zod';
import { MODEL_KINDS } from '../../../models/model.js';

export const modelKeyParameter = z.object({
  key: z
    .string()
    .regex(
      new RegExp(`^(${MODEL_KINDS.join('|')})@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`),
      `expected a model such as lstm@rrc00: ${MODEL_KINDS.join(', ')}, @ and the name of a stream`,
    ),
});

export const versionParameter = modelKeyParameter.extend({ version: z.coerce.number().int().positive() });

export const comparisonQuery = z.strictObject({
  left: z.coerce.number().int().positive(),
  right: z.coerce.number().int().positive(),
});

export const idParameter = z.object({ id: z.coerce.number().int().positive() });

export const streamName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected the name of a stream, such as rrc00');

export const streamQuery = z.strictObject({ stream: streamName.optional() });

export const seriesQuery = streamQuery.extend({
  hours: z.coerce
    .number()
    .positive()
    .max(24 * 31)
    .default(24),
  points: z.coerce.number().int().min(50).max(2_000).default(720),
});

export const pathsQuery = z.strictObject({ prefix: z.string().max(60).optional() });

export const rollbackBody = z.object({ version: z.int().positive() });

export const pinBody = z.object({ pinned: z.boolean() });

export const reasonBody = z.object({ reason: z.string().trim().min(1).max(1_000) });

export const acceptBody = z.object({ version: z.int().positive() });

export const retrainQueued = z.object({ jobId: z.string() });
