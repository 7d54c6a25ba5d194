import { z } from 'zod';
import { time } from './time.js';

export const gap = z.object({
  since: time,
  until: time,
  reason: z.string(),
  healedAt: time.nullable(),
});

export const feed = z.object({
  stream: z.string(),
  watermark: time.nullable().describe('end of the last whole minute: the "now" of this stream'),
  lastMessage: time.nullable().describe('event time up to which the collector has written'),
  receivedAt: time.nullable().describe('wall clock of its last write'),
  lagSeconds: z.number().nullable().describe('how far the feed is behind the wall clock; null for a simulated feed'),
  stale: z.boolean(),
  link: z
    .object({
      connected: z.boolean(),
      reason: z.string().nullable().describe('why it is not connected, where that is known'),
    })
    .nullable()
    .describe("the collector's connection; null where no collector of the stream runs"),
  updatesPerMinute: z.number().nullable(),
  gaps: z.array(gap),
  known: z
    .object({
      routes: z.number(),
      prefixes: z.number(),
      paths: z.number(),
      peers: z.number(),
      bytes: z.number().describe('of memory, about'),
      evictedRoutes: z.number().describe('routes forgotten because features.routes was reached'),
    })
    .nullable()
    .describe('what the aggregator holds of the stream in memory; null where none runs'),
});

export const service = z.object({
  instance: z.string(),
  name: z.string(),
  host: z.string(),
  pid: z.number(),
  state: z.string(),
  restarts: z.number(),
  startedAt: time,
  heartbeatAt: time,
  secondsSilent: z.number(),
  healthy: z.boolean(),
});

export type Feed = z.infer<typeof feed>;
export type Gap = z.infer<typeof gap>;
export type Service = z.infer<typeof service>;
