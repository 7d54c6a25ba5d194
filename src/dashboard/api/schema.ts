/** What the HTTP API says and takes; the OpenAPI document and the page's types come from here. */
import { z } from 'zod';
import { MODEL_KINDS } from '../../models/model.js';

/** Milliseconds since 1970-01-01T00:00Z. */
const time = z.number().describe('milliseconds since 1970-01-01T00:00Z');
export const explanation = z.object({
  name: z.string(),
  share: z.number().describe('share of the score, 0..1'),
  words: z.string(),
  value: z.number().optional(),
  limit: z.number().optional(),
});
export const ranked = z.object({ name: z.string(), count: z.number() });

export const problem = z.object({ error: z.string().describe('what went wrong and what to do') });
export const done = z.object({ done: z.literal(true) });

export const session = z.object({
  signedIn: z.boolean(),
  loginNeeded: z.boolean(),
  actor: z.string().nullable(),
  role: z.enum(['operator', 'reader']).nullable(),
  live: z.boolean().describe('whether the feed runs at the pace of the wall clock'),
});

export const login = z.object({
  token: z.string().min(1).max(500),
  name: z.string().trim().max(60).default('').describe('who you are, for the audit log'),
});

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

export const verdict = z.object({
  minute: time,
  score: z.number(),
  threshold: z.number(),
  anomalous: z.boolean(),
  missing: z.array(z.string()),
  votes: z.array(
    z.object({
      kind: z.string(),
      anomalous: z.boolean(),
      surprise: z.number().nullable(),
      words: z.string().nullable(),
    }),
  ),
});

export const incidentRow = z.object({
  id: z.number(),
  stream: z.string(),
  subject: z.string().describe('the suspected network, such as AS64500; empty where no single one is behind it'),
  startedAt: time,
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

export const runState = z.object({
  run: z.string(),
  modelKey: z.string(),
  jobId: z.string().nullable(),
  state: z.string(),
  fraction: z.number().nullable(),
  message: z.string().nullable(),
  at: time,
  startedAt: time,
  finished: z.boolean(),
});

export const modelRow = z.object({
  key: z.string(),
  kind: z.string(),
  stream: z.string(),
  version: z.number().nullable().describe('the active one'),
  pinned: z.boolean(),
  threshold: z.number().nullable(),
  createdAt: time.nullable(),
  dataUntil: time.nullable(),
  ageMinutes: z.number().nullable().describe('stream time since the newest minute it was trained on'),
  drift: z.object({ id: z.number(), outcome: z.string(), reason: z.string(), windowEnd: time }).nullable(),
  run: runState.nullable().describe('a retrain under way'),
  approval: z
    .object({
      reason: z.string(),
      requestedAt: time,
      expiresAt: time,
      onExpiry: z.enum(['approve', 'decline']),
    })
    .nullable()
    .describe('a retraining that waits for a person'),
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

export const overview = z.object({
  stream: z.string().nullable(),
  streams: z.array(z.string()),
  live: z.boolean(),
  now: time.nullable(),
  feed: feed.nullable(),
  collected: z
    .object({ minutes: z.number(), needed: z.number() })
    .describe('usable minutes so far, and how many a first baseline needs'),
  services: z.array(service),
  verdict: verdict.nullable(),
  incidents: z.array(incidentRow),
  openIncidents: z.number(),
  raised,
  models: z.array(modelRow),
});

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

export const pathGraph = z.object({
  height: time.nullable().describe('the minute in which most peers of known path went over new links or origins'),
  prefix: z.string().nullable(),
  prefixes: z.array(z.string()),
  minutes: z.array(time),
  routes: z
    .array(z.object({ peer: z.string(), since: time.nullable(), path: z.array(z.string()) }))
    .describe("each peer's path to the prefix, from a minute on; null: before the incident"),
  nodes: z.array(z.object({ id: z.string(), label: z.string(), kind: z.enum(['peer', 'as', 'origin', 'prefix']) })),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      before: z.boolean().describe('known before the incident'),
      since: time.nullable().describe('minute in which it was first seen'),
      isNew: z.boolean(),
      words: z.string(),
    }),
  ),
});

export const network = z.object({
  asNumber: z.number(),
  name: z.string().nullable().describe('from `incidents.asNames`'),
});
export const victims = z.object({
  rows: z
    .array(
      z.object({
        prefix: z.string(),
        covering: z.string().nullable().describe('the known block around it, where the prefix itself is new'),
        holders: z.array(network),
        by: network.nullable().describe('who announces it now, where somebody else does'),
        peers: z.number().nullable().describe('that saw it, or lost it'),
        rpki: z
          .enum(['valid', 'invalid', 'not found'])
          .nullable()
          .describe('of the new route, RFC 6811; null: not judged'),
        mine: z.boolean(),
      }),
    )
    .describe('those that most peers tell of first; at most 400'),
  of: z.number().describe('prefixes hit, named or not'),
  names: z.record(z.string(), z.string()).describe('names of the networks that stand out, by AS number'),
});

export const incident = incidentRow.extend({
  confidence: z
    .object({ score: z.number(), words: z.string() })
    .nullable()
    .describe("the score of the class's rule, 0..1, and what it says in a word; null where no class was found"),
  reasons: z.array(z.object({ class: z.string(), weight: z.number(), words: z.string() })),
  explanations: z.array(z.object({ kind: z.string(), version: z.number().nullable(), reasons: z.array(explanation) })),
  prefixes: z.array(ranked),
  origins: z.array(ranked),
  peers: z.array(ranked),
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

export const version = z.object({
  version: z.number(),
  state: z.enum(['published', 'rejected', 'held', 'shadow']),
  active: z.boolean(),
  pinned: z.boolean(),
  parent: z.number().nullable(),
  dataFrom: time,
  dataUntil: time,
  samples: z.number(),
  threshold: z.number(),
  seed: z.number(),
  codeVersion: z.string(),
  /** What the gate measured: shares of held-back minutes found anomalous, and of the exam's anomalies found. */
  gate: z.object({
    anomalous: z.number(),
    championAnomalous: z.number().nullable(),
    recall: z.number().nullable(),
    firstRecall: z.number().nullable(),
    seconds: z.number(),
    reasons: z.array(z.string()),
  }),
  provisional: z
    .object({ since: time, minutes: z.number() })
    .nullable()
    .describe('made for a new regime of which it has seen only so many minutes, since its begin'),
  createdAt: time,
});

export const comparedVersion = z.object({
  version: z.number(),
  state: z.enum(['published', 'rejected', 'held', 'shadow']),
  active: z.boolean(),
  dataFrom: time,
  dataUntil: time,
  samples: z.number(),
  threshold: z.number(),
  seed: z.number(),
  codeVersion: z.string(),
  createdAt: time,
  seconds: z.number().nullable(),
  flagged: z.number().nullable().describe('share of held-back, ordinary minutes that it flags'),
  exam: z
    .object({ recall: z.number(), byClass: z.array(z.object({ class: z.string(), found: z.number() })) })
    .nullable()
    .describe('share of injected anomalies found'),
  losses: z.array(z.number()).describe('loss on held-back windows after each epoch'),
  parameters: z.array(z.object({ name: z.string(), value: z.string() })),
  reasons: z.array(z.string()),
  drift: z.array(z.object({ outcome: z.string(), checks: z.number() })).describe('drift checks since it serves'),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});
export const comparison = z.object({ left: comparedVersion, right: comparedVersion });

export const distribution = z.object({
  edges: z.array(z.number()),
  baseline: z.array(z.number()),
  current: z.array(z.number()),
});

export const driftReport = z.object({
  id: z.number(),
  windowEnd: time,
  outcome: z.string(),
  version: z.number().nullable(),
  reason: z.string(),
  currentFrom: time,
  baselineFrom: time,
  /** Those of scores and rates, and of the inputs those over their limit. */
  criteria: z.array(
    z.object({
      name: z.string(),
      baseline: z.number(),
      current: z.number(),
      change: z.number(),
      limit: z.number(),
      exceeded: z.boolean(),
    }),
  ),
  distribution: distribution.nullable(),
});

export const driftDetail = z.object({
  id: z.number(),
  model: z.string(),
  version: z.number().nullable(),
  outcome: z.string(),
  reason: z.string(),
  windowEnd: time,
  currentFrom: time,
  baselineFrom: time,
  criteria: z.array(z.object({ name: z.string(), words: z.string(), exceeded: z.boolean() })),
  scores: distribution.nullable(),
  features: z
    .array(
      z.object({
        name: z.string(),
        label: z.string(),
        unit: z.string(),
        before: z.number().describe('mean of the baseline'),
        now: z.number(),
        words: z.string(),
        psi: z.number().describe('population stability index'),
        statistics: z.record(z.string(), z.number()),
        distribution: distribution.nullable().describe('null in reports of older versions'),
      }),
    )
    .describe('the ten inputs with the strongest evidence, those that changed most first'),
});

export const stuck = z.object({
  state: z.enum(['held', 'rejected']),
  version: z.number().nullable().describe('the version that was refused last'),
  champion: z.number(),
  reasons: z.array(z.string()),
  refusedAt: time.nullable(),
  flagged: z.number().describe('share of the last six hours that the serving version finds anomalous'),
  since: time,
});

export const model = modelRow.extend({
  stuck: stuck
    .nullable()
    .describe('set when only a person can help: see the three actions accept, keep and retrain-without'),
  versions: z.array(version),
  activations: z.array(
    z.object({ version: z.number(), fromMinute: time, reason: z.string(), actor: z.string(), at: time }),
  ),
  reports: z.array(driftReport),
  runs: z.array(runState.extend({ steps: z.array(z.object({ state: z.string(), at: time, words: z.string() })) })),
});

export const auditRow = z.object({
  id: z.number(),
  at: time,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.string().describe('what else was said, such as a version; empty when nothing was'),
});

export const modelKeyParameter = z.object({
  key: z
    .string()
    .regex(new RegExp(`^(${MODEL_KINDS.join('|')})@[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`), 'is not a model key'),
});
export const versionParameter = modelKeyParameter.extend({ version: z.coerce.number().int().positive() });
export const comparisonQuery = z.object({
  left: z.coerce.number().int().positive(),
  right: z.coerce.number().int().positive(),
});
export const idParameter = z.object({ id: z.coerce.number().int().positive() });
export const streamName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not a stream name');
export const streamQuery = z.object({ stream: streamName.optional() });
export const seriesQuery = streamQuery.extend({
  hours: z.coerce
    .number()
    .positive()
    .max(24 * 31)
    .default(24),
  points: z.coerce.number().int().min(50).max(2_000).default(720),
});
export const pathsQuery = z.object({ prefix: z.string().max(60).optional() });
export const rollbackBody = z.object({ version: z.int().positive() });
export const pinBody = z.object({ pinned: z.boolean() });
export const reasonBody = z.object({ reason: z.string().trim().min(1).max(1_000) });
export const acceptBody = z.object({ version: z.int().positive() });
export const commentBody = z.object({ text: z.string().trim().min(1).max(4_000) });
export const assignBody = z.object({ to: z.string().trim().min(1).max(100).nullable().describe('null: nobody') });
export const noteBody = z.object({ text: z.string().trim().max(4_000) });
export const ordinaryBody = z.object({ ordinary: z.boolean() });
export const retrainQueued = z.object({ jobId: z.string() });

export type Session = z.infer<typeof session>;
export type Overview = z.infer<typeof overview>;
export type Feed = z.infer<typeof feed>;
export type Gap = z.infer<typeof gap>;
export type Service = z.infer<typeof service>;
export type Verdict = z.infer<typeof verdict>;
export type SilenceRow = z.infer<typeof silence>;
export type Raised = z.infer<typeof raised>;
export type DriftDetail = z.infer<typeof driftDetail>;
export type IncidentRow = z.infer<typeof incidentRow>;
export type Incident = z.infer<typeof incident>;
export type ModelRow = z.infer<typeof modelRow>;
export type Stuck = z.infer<typeof stuck>;
export type Model = z.infer<typeof model>;
export type ModelVersion = z.infer<typeof version>;
export type Comparison = z.infer<typeof comparison>;
export type ComparedVersion = z.infer<typeof comparedVersion>;
export type DriftReport = z.infer<typeof driftReport>;
export type RunState = z.infer<typeof runState>;
export type ModelRun = Model['runs'][number];
export type ScoreSeries = z.infer<typeof scoreSeries>;
export type Curve = z.infer<typeof curve>;
export type FeatureSeries = z.infer<typeof featureSeries>;
export type PathGraph = z.infer<typeof pathGraph>;
export type Victims = z.infer<typeof victims>;
