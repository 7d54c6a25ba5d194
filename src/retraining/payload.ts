import { z } from 'zod';
import { parseModelKey } from '../models/modelKey.js';

/** What a retrain job carries; checked when it is enqueued and again when it is run. */
export const retrainPayload = z
  .strictObject({
    modelKey: z
      .string()
      .refine(
        (text) => {
          try {
            parseModelKey(text);
            return true;
          } catch {
            return false;
          }
        },
        { error: 'expected KIND@STREAM with KIND one of heuristic, isolation_forest, lstm, such as lstm@rrc00' },
      )
      .transform((text) => {
        const { kind, stream } = parseModelKey(text);
        return `${kind}@${stream}` as const;
      })
      .describe('Which model, such as lstm@rrc00'),
    trigger: z
      .discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('drift'),
          reportId: z.int().positive(),
          runaway: z.boolean().optional().describe('The version that serves does not fit the traffic at all'),
        }),
        z.strictObject({ kind: z.literal('manual'), actor: z.string().min(1).max(200) }),
        z.strictObject({ kind: z.literal('first') }),
        z.strictObject({
          kind: z.literal('growth'),
          since: z.int().positive().describe('First minute since the change, minutes since 1970'),
        }),
      ])
      .describe('Why: a drift report, a person, because there is no version yet, or because a new regime has grown'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional()
      .describe('Seed of the training; derived from the run when absent'),
    window: z
      .strictObject({
        from: z.int().positive().describe('First minute since 1970'),
        until: z.int().positive().describe('Minute after the last'),
      })
      .refine((window) => window.from < window.until, { error: 'window.from must be before window.until' })
      .optional()
      .describe('Training window; the newest training_days when absent'),
  })
  .describe('Payload of a retrain job');
export type RetrainPayload = z.infer<typeof retrainPayload>;
