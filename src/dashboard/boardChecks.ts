import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { By } from '../acts/act.js';

/** What Bull Board says of a queue, and the JSON schema that helps to fill in a job's payload by hand. */
export interface QueueHelp {
  description?: string;
  jobDataSchema?: Record<string, unknown>;
  /** Refuses a payload that is typed by hand. @throws Error in words, or ZodError */
  check?: (data: unknown) => void;
  /** What promoting a job of this queue means, where that is an act with a row of its own. @throws ActRefused */
  promote?: (data: unknown, by: By) => Promise<unknown>;
}

const DAY_MILLISECONDS = 86_400_000;
const kept = z.union([z.boolean(), z.int().min(0).max(10_000), z.object({ count: z.int().min(0).max(10_000) })]);

/** What a job that is added by hand may ask for: bounded, so that none is tried a thousand million times. */
const jobOptions = z
  .strictObject({
    attempts: z.int().min(1).max(10),
    delay: z
      .number()
      .min(0)
      .max(7 * DAY_MILLISECONDS),
    priority: z.int().min(0).max(10_000),
    lifo: z.boolean(),
    backoff: z.union([
      z.int().min(0).max(DAY_MILLISECONDS),
      z.strictObject({ type: z.enum(['fixed', 'exponential']), delay: z.int().min(0).max(DAY_MILLISECONDS) }),
    ]),
    jobId: z.string().min(1).max(100),
    removeOnComplete: kept,
    removeOnFail: kept,
    keepLogs: z.int().min(0).max(10_000),
    stackTraceLimit: z.int().min(0).max(100),
    sizeLimit: z.int().min(0).max(1_000_000),
  })
  .partial();

const added = z.looseObject({
  name: z.string().min(1, 'a job needs a name').max(100),
  data: z.unknown(),
  options: jobOptions.nullish(),
});

/** The act that promoting jobs means in this queue; undefined for all else that is asked of Bull Board. */
export function promotionOf(
  request: FastifyRequest,
  help: Readonly<Record<string, QueueHelp>>,
): { promote: NonNullable<QueueHelp['promote']>; queueName: string; jobId: string | undefined } | undefined {
  const route = request.routeOptions.url ?? '';
  const { queueName = '', jobId } = request.params as { queueName?: string; jobId?: string };
  const promote = help[queueName]?.promote;
  if (promote === undefined || request.method === 'GET') return undefined;
  return /\/api\/queues\/:queueName(\/:jobId)?\/promote$/.test(route) ? { promote, queueName, jobId } : undefined;
}

/** Why a job that is added or changed in Bull Board cannot be taken; null when it can, or when that is not asked for. */
export function refusalOf(request: FastifyRequest, help: Readonly<Record<string, QueueHelp>>): string | null {
  const route = request.routeOptions.url ?? '';
  const body = request.body as Record<string, unknown> | null | undefined;
  const { queueName = '' } = request.params as { queueName?: string };
  const check = help[queueName]?.check;
  try {
    if (route.endsWith('/api/queues/:queueName/add')) {
      const { data } = added.parse(body);
      check?.(data);
    } else if (route.endsWith('/:jobId/update-data')) check?.(body?.jobData);
    return null;
  } catch (error) {
    return error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
  }
}
