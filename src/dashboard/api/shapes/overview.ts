import { z } from 'zod';
import { feed, service } from './feed.js';
import { incidentRow, raised } from './incident.js';
import { modelRow } from './model.js';
import { needs } from './needs.js';
import { time } from './time.js';
import { verdict } from './verdict.js';

export const overview = z.object({
  stream: z.string().nullable(),
  streams: z.array(z.string()),
  live: z.boolean().describe('whether this stream runs at the pace of the clock'),
  replayed: z.boolean().describe('filled by `routewarden replay`'),
  now: time.nullable(),
  feed: feed.nullable(),
  collected: z
    .object({ minutes: z.number(), needed: z.number() })
    .describe('minutes since the first one, and how many the first training waits for'),
  services: z.array(service),
  verdict: verdict.nullable(),
  incidents: z.array(incidentRow),
  needs,
  openIncidents: z.number(),
  raised,
  models: z.array(modelRow),
});

export type Overview = z.infer<typeof overview>;
