import type { Pool } from 'pg';
import { incidentFilter } from '../incidents/incidentFilter.js';
import { countOpenIncidents } from '../storage/incidents.js';
import { streamNames } from '../storage/streams.js';
import type { Overview } from './api/schema.js';
import { feedState, usableMinutes, watermark } from './queries/feed.js';
import { incidents } from './queries/incidents.js';
import { models } from './queries/models.js';
import { raisedOf } from './queries/raised.js';
import { newestVerdict } from './queries/scores.js';
import { services } from './queries/services.js';
import type { DashboardSettings } from './settings.js';

/**
 * Everything that the first page shows of one stream, by default the first one.
 * @param now wall clock in milliseconds
 * @param budget alerts a day that the operator is ready to read
 */
export async function overviewOf(
  pool: Pool,
  settings: DashboardSettings,
  wanted: string | undefined,
  now: number,
  budget: number,
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
      now: null,
      feed: null,
      collected: { minutes: 0, needed },
      services: await processes,
      verdict: null,
      incidents: [],
      openIncidents: 0,
      raised: { budget, alertsLastDay: 0, rows: [] },
      models: [],
    };
  }
  const mark = await watermark(pool, stream);
  const [feed, minutes, verdict, list, openIncidents, raised, known] = await Promise.all([
    feedState(pool, stream, mark, settings.live ? now : undefined, settings.staleAfter),
    usableMinutes(pool, stream, mark ?? 0, settings.baselineDays),
    newestVerdict(pool, stream),
    incidents(pool, incidentFilter.parse({ stream, limit: 20 })),
    countOpenIncidents(pool, stream),
    raisedOf(pool, budget, stream),
    models(pool, [stream], new Map([[stream, mark]])),
  ]);
  return {
    stream,
    streams,
    live: settings.live,
    now: mark,
    feed,
    collected: { minutes, needed },
    services: await processes,
    verdict,
    incidents: list,
    openIncidents,
    raised,
    models: known,
  };
}
