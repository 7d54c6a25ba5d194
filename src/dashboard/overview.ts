import type { Pool } from 'pg';
import { incidentFilter } from '../incidents/incidentFilter.js';
import { countOpenIncidents } from '../storage/incidents.js';
import { streamNames } from '../storage/streams.js';
import type { IncidentRow, Overview } from './api/schema.js';
import type { DashboardContext } from './context.js';
import { feedState, usableMinutes, watermark } from './queries/feed.js';
import { incidents } from './queries/incidents.js';
import { models } from './queries/models.js';
import { raisedOf } from './queries/raised.js';
import { newestVerdict } from './queries/scores.js';
import { services } from './queries/services.js';

/** A stream with many of them has other worries than the last of the list. */
const MOST_URGENT = 100;

type OverviewContext = Pick<DashboardContext, 'pool' | 'settings' | 'budget' | 'replayed'>;

/**
 * Everything that the first page shows of one stream, by default the first one.
 * @param now wall clock in milliseconds
 */
export async function overviewOf(
  { pool, settings, budget, replayed }: OverviewContext,
  wanted: string | undefined,
  now: number,
): Promise<Overview> {
  const streams = await streamNames(pool);
  const stream = wanted !== undefined && streams.includes(wanted) ? wanted : (streams[0] ?? null);
  const processes = services(pool, now, settings.staleAfter);
  const needed = settings.baselineDays * 1440;
  if (stream === null) {
    return {
      stream,
      streams,
      live: settings.live,
      replayed: false,
      now: null,
      feed: null,
      collected: { minutes: 0, needed },
      services: await processes,
      verdict: null,
      incidents: [],
      urgent: [],
      openIncidents: 0,
      raised: { budget, alertsLastDay: 0, rows: [] },
      models: [],
    };
  }
  const mark = await watermark(pool, stream);
  const isReplayed = replayed.includes(stream);
  const live = settings.live && !isReplayed;
  const [feed, minutes, verdict, list, urgent, openIncidents, raised, known] = await Promise.all([
    feedState(pool, stream, mark, live ? now : undefined, settings.staleAfter),
    usableMinutes(pool, stream, mark ?? 0, settings.baselineDays),
    newestVerdict(pool, stream),
    incidents(pool, incidentFilter.parse({ stream, limit: 20 })),
    urgentIncidents(pool, stream),
    countOpenIncidents(pool, stream),
    raisedOf(pool, budget, stream),
    models(pool, [stream], new Map([[stream, mark]])),
  ]);
  return {
    stream,
    streams,
    live,
    replayed: isReplayed,
    now: mark,
    feed,
    collected: { minutes, needed },
    services: await processes,
    verdict,
    incidents: list,
    urgent,
    openIncidents,
    raised,
    models: known,
  };
}

/**
 * What a person should look at, of all streams: open, grave or the operator's own, and acknowledged by nobody. What was
 * replayed or backfilled calls nobody, but in the stream that is looked at.
 */
async function urgentIncidents(pool: Pool, stream: string): Promise<IncidentRow[]> {
  const open = await incidents(pool, incidentFilter.parse({ state: 'open', sort: 'severity', limit: MOST_URGENT }));
  return open.filter(
    (one) =>
      !one.ordinary &&
      one.acknowledgedBy === null &&
      (one.mine || one.severity === 'critical' || one.severity === 'major') &&
      (!one.history || one.stream === stream),
  );
}
