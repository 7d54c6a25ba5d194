import { z } from 'zod';
import { LONGEST_NAME, LONGEST_TEXT } from '../../../acts/limits.js';
import { explanation, ranked } from './basics.js';
import { time } from './time.js';

export const incidentRow = z.object({
  id: z.number(),
  stream: z.string(),
  subject: z.string().describe('the suspected network, such as AS64500; empty where no single one is behind it'),
  startedAt: time.describe('the first minute of what led to it'),
  foundAt: time.describe('the minute that made it certain'),
  endedAt: time.nullable(),
  lastMinute: time,
  peakMinute: time,
  peakScore: z.number(),
  severity: z.enum(['info', 'minor', 'major', 'critical']),
  class: z.string(),
  models: z.array(z.string()),
  headline: z.string(),
  acknowledgedBy: z.string().nullable(),
  assignedTo: z.string().nullable(),
  ordinary: z.boolean(),
  ending: z
    .enum(['open', 'resolved', 'no more news'])
    .describe('no more news: closed by silence, while its routes may still stand'),
  history: z.boolean().describe('found in replayed or backfilled minutes; no notices were sent'),
  mine: z.boolean().describe('touches the own networks'),
  prefixNames: z.array(z.string()).describe('the first few prefixes that stand out'),
});

export const silence = z.object({
  id: z.number(),
  stream: z.string().nullable(),
  class: z.string().nullable(),
  prefix: z.string().nullable(),
  asNumber: z.number().nullable(),
  startsAt: time,
  endsAt: time,
  reason: z.string(),
  actor: z.string(),
});

export const raised = z.object({
  budget: z.number().describe('`incidents.evidence.perDay`: alerts a day that the operator is ready to read'),
  alertsLastDay: z.number().describe('unwatched incidents of the last day that were at least major'),
  rows: z.array(
    z.object({
      stream: z.string(),
      class: z.string(),
      severity: z.enum(['info', 'minor', 'major', 'critical']),
      watched: z.boolean(),
      lastDay: z.number().describe('incidents that began in the last 24 hours of the stream'),
      perDay: z.number().describe('mean of its last seven days'),
    }),
  ),
});

export const incident = incidentRow.extend({
  advice: z.string().nullable().describe('what to do about it, where it touches the own networks, or is over'),
  confidence: z
    .object({ score: z.number(), words: z.string() })
    .nullable()
    .describe("the score of the class's rule, 0..1, and what it says in a word; null where no class was found"),
  reasons: z.array(z.object({ class: z.string(), weight: z.number(), words: z.string() })),
  explanations: z.array(z.object({ kind: z.string(), version: z.number().nullable(), reasons: z.array(explanation) })),
  prefixes: z.array(ranked),
  origins: z.array(ranked),
  peers: z.array(ranked),
  messages: z
    .array(
      z.object({
        at: time,
        peer: z.string(),
        kind: z.enum(['announcement', 'withdrawal', 'table dump']),
        prefix: z.string(),
        path: z.array(z.number()).describe('from the peer to the origin; of a withdrawal the path that was lost'),
      }),
    )
    .describe('the first BGP messages that led to it, at most 20; none where models or evidence opened it'),
  timeline: z.array(z.object({ at: time, words: z.string(), kind: z.string() })),
  related: z.array(incidentRow),
  newNormal: z
    .object({
      words: z.string(),
      speaksFor: z.array(z.string()),
      speaksAgainst: z.array(z.string()),
      versions: z.array(z.object({ model: z.string(), version: z.number(), report: z.number().nullable() })),
    })
    .nullable()
    .describe('it looks like a change that stays, or was one: what speaks for either, and the versions that learnt it'),
  acknowledgedAt: time.nullable(),
  comments: z.array(z.object({ at: time, author: z.string(), text: z.string() })).describe('oldest first'),
  note: z.string().nullable(),
  score: z.object({ times: z.array(time), score: z.array(z.number().nullable()), threshold: z.number().nullable() }),
});

export const commentBody = z.object({ text: z.string().trim().min(1).max(LONGEST_TEXT) });

export const assignBody = z.object({
  to: z.string().trim().min(1).max(LONGEST_NAME).nullable().describe('null: nobody'),
});

export const noteBody = z.object({ text: z.string().trim().max(LONGEST_TEXT) });

export const ordinaryBody = z.object({ ordinary: z.boolean() });

export type SilenceRow = z.infer<typeof silence>;
export type Raised = z.infer<typeof raised>;
export type IncidentRow = z.infer<typeof incidentRow>;
export type Incident = z.infer<typeof incident>;
