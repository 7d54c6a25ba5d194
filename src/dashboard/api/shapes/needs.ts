import { z } from 'zod';
import { feed } from './feed.js';
import { incidentRow } from './incident.js';

const ofModel = z.object({ key: z.string(), kind: z.string(), stream: z.string() });

export const needs = z
  .object({
    incidents: z.array(incidentRow).describe('open, grave or yours, acknowledged by nobody'),
    feeds: z
      .array(feed.pick({ stream: true, receivedAt: true, stale: true, link: true }))
      .describe('live feeds that are late, or without a connection'),
    approvals: z.array(ofModel).describe('models whose retraining waits for a decision'),
    stuck: z
      .array(ofModel)
      .describe('models whose new versions were held or rejected while the old one no longer fits'),
  })
  .describe('what waits for a person, of all streams');

export type Needs = z.infer<typeof needs>;
