import { z } from 'zod';
import { gap } from './feed.js';
import { time } from './time.js';

export const curve = z.object({
  name: z.string(),
  low: z.array(z.number().nullable()),
  high: z.array(z.number().nullable()),
  threshold: z.array(z.number().nullable()),
  anomalous: z.array(z.union([z.literal(0), z.literal(1)])),
});

export const scoreSeries = z.object({
  stream: z.string(),
  from: time,
  until: time,
  stepMinutes: z.number().describe('minutes joined in one point; lowest and highest are kept'),
  times: z.array(time),
  curves: z.array(curve),
  gaps: z.array(gap),
  incidents: z.array(z.object({ id: z.number(), from: time, until: time, severity: z.string() })),
});

export const featureSeries = z.object({
  from: time,
  until: time,
  times: z.array(time),
  features: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      unit: z.string(),
      values: z.array(z.number().nullable()),
      usual: z.number().nullable().describe('median before the incident'),
    }),
  ),
});

export type ScoreSeries = z.infer<typeof scoreSeries>;
export type Curve = z.infer<typeof curve>;
export type FeatureSeries = z.infer<typeof featureSeries>;
