import { z } from 'zod';
import { dashboardSettings } from '../dashboard/settings.js';
import { driftSettings } from '../drift/settings.js';
import { alertSettings } from '../incidents/alerts/settings.js';
import { incidentSettings, rpkiSettings } from '../incidents/settings.js';
import { watchSettings } from '../incidents/watch/settings.js';
import { retrainingSettings } from '../retraining/settings.js';

const url = (schemes: string[]) =>
  z.string().refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)), {
    error: `expected a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

export const streamSettings = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'expected letters, digits, dots, dashes; such as rrc00')
    .describe('Name of the stream; the second half of its model keys'),
  host: z
    .string()
    .regex(/^rrc\d\d$/, 'expected a RIS collector, such as rrc00')
    .optional()
    .describe('RIS collector to subscribe to; absent: all of them'),
  replay: z
    .boolean()
    .optional()
    .describe('No live feed: filled by `routewarden replay`, scored by the services as it comes'),
});

const feedSettings = z.strictObject({
  url: url(['ws', 'wss']).default('wss://ris-live.ripe.net/v1/ws/?client=routewarden').describe('RIS Live WebSocket'),
  clock: z
    .enum(['wall', 'feed'])
    .default('wall')
    .describe("wall: a live feed, this machine's clock counts silent minutes; feed: a replay, only messages move time"),
  stallSeconds: z.number().positive().default(60).describe('No message for this long: the feed has stalled'),
  checkRaw: z
    .boolean()
    .default(false)
    .describe('Decode the raw BGP message too, and count where it differs from the JSON'),
  graceSeconds: z.number().min(0).max(600).default(30).describe('How long a minute stays open for late messages'),
  flushMilliseconds: z
    .int()
    .min(10)
    .max(60_000)
    .default(250)
    .describe('Longest time before received updates are stored'),
  flushMessages: z.int().min(1).max(100_000).default(5_000).describe('Updates that are stored in one batch at most'),
});

const archiveSettings = z.strictObject({
  url: url(['http', 'https'])
    .optional()
    .describe('Archive to backfill and heal from; absent: that of RIPE RIS or Route Views'),
  heal: z.boolean().default(true).describe('Fetch the minutes that the feed lost from the archive'),
  table: z
    .boolean()
    .default(true)
    .describe("Begin a new stream with the archive's newest table dump: then nothing warms up"),
  delayMinutes: z.number().min(0).max(1_440).default(15).describe('How long after a gap its files are looked for'),
  intervalSeconds: z.number().positive().max(3_600).default(30).describe('How often gaps are looked for, seconds'),
  attempts: z.int().min(1).max(50).default(8).describe('How often a gap is tried, with doubling waits'),
});

const featureSettings = z.strictObject({
  routes: z
    .int()
    .min(1_000)
    .max(100_000_000)
    .default(4_000_000)
    .describe('Most routes that are known of a stream; beyond, the least used go. A full table has a million'),
  peers: z.int().min(1).max(32_768).default(16_384).describe('Most peers that are known of a stream'),
});

const retentionSettings = z.strictObject({
  updateBatchHours: z
    .number()
    .positive()
    .default(24)
    .describe('How long raw update batches are kept once they are aggregated'),
  featureDays: z
    .number()
    .positive()
    .default(400)
    .describe("How long feature rows, scores and verdicts are kept; at least what models' windows need"),
  incidentDays: z.number().positive().default(400).describe('How long ended incidents and settled alerts are kept'),
  historyDays: z
    .number()
    .positive()
    .default(400)
    .describe('How long the history of retrainings and the audit are kept'),
  intervalMinutes: z.number().positive().max(10_000).default(30).describe('How often old rows are deleted, minutes'),
});

/** Every setting there is. `npx routewarden config` prints the values in force and where each came from. */
export const settingsSchema = z.strictObject({
  databaseUrl: url(['postgres', 'postgresql'])
    .optional()
    .describe('PostgreSQL of yours; absent: Routewarden starts its own'),
  redisUrl: url(['redis', 'rediss']).optional().describe('Redis for the queues; absent: PostgreSQL holds them'),
  dataDirectory: z.string().min(1).default('.routewarden').describe('Where the own PostgreSQL lives'),
  artifactDirectory: z.string().min(1).default('model_artifacts').describe('Copies of model versions; drift reports'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severity that is logged'),
  lstmEngine: z.enum(['auto', 'tfjs', 'fused']).default('auto').describe('What trains and runs the LSTM'),
  queuePrefix: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'expected small letters, digits and dashes')
    .default('routewarden')
    .describe('Start of the names of queues in the store'),
  seed: z.int().min(0).default(1).describe('Seed of everything random'),
  driftCheckIntervalSeconds: z.number().positive().default(3600).describe('How often drift is checked'),
  ensembleWaitSeconds: z
    .number()
    .positive()
    .default(30)
    .describe('How long a verdict waits for a detector before it votes without it'),
  ensembleFalseAlarmsPerDay: z
    .number()
    .positive()
    .max(100)
    .default(0.5)
    .describe('Wanted false alarms a day of the verdicts; in force with the next minute'),
  trainerConcurrency: z.int().min(1).max(16).default(1).describe('Trainings at once in one training worker'),
  streams: z
    .array(streamSettings)
    .min(1)
    .refine((streams) => new Set(streams.map(({ name }) => name)).size === streams.length, {
      error: 'two streams have the same name',
    })
    .default([{ name: 'rrc00', host: 'rrc00' }])
    .describe('Views of the feed'),
  feed: feedSettings.prefault({}),
  archive: archiveSettings.prefault({}),
  features: featureSettings.prefault({}),
  retention: retentionSettings.prefault({}),
  drift: driftSettings.prefault({}),
  retraining: retrainingSettings.prefault({}),
  incidents: incidentSettings,
  watch: watchSettings,
  rpki: rpkiSettings,
  alerts: alertSettings,
  dashboard: dashboardSettings.prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;
