import { incidentFilter } from '../incidents/incidentFilter.js';
import { collectedMinutes } from '../storage/features.js';
import { countOpenIncidents } from '../storage/incidents.js';
import { streamNames } from '../storage/streams.js';
import type { Overview } from './api/schema.js';
import type { DashboardContext } from './context.js';
import { feedState, watermark } from './queries/feed.js';
import { incidents } from './queries/incidents.js';
import { models } from './queries/models.js';
import { needsOf } from './queries/needs.js';
import { raisedOf } from './queries/raised.js';
import { newestVerdict } from './queries/scores.js';
import { services } from './queries/services.js';

type OverviewContext = Pick<
  DashboardContext,
  'pool' | 'settings' | 'budget' | 'replayed' | 'watchRate' | 'trainingDays'
>;

/**
 * Everything that the first page shows of one stream, by default the first one.
 * @param now wall clock in milliseconds
 */
export async function overviewOf(context: OverviewContext, wanted: string | undefined, now: number): Promise<Overview> {
  const { pool, settings, budget, replayed, trainingDays } = context;
  const streams = await streamNames(pool);
  const stream = wanted !== undefined && streams.includes(wanted) ? wanted : (streams[0] ?? null);
  const processes = services(pool, now, settings.staleAfter);
  const needed = trainingDays * 1440;
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
      needs: { incidents: [], feeds: [], approvals: [], stuck: [] },
      openIncidents: 0,
      raised: { budget, alertsLastDay: 0, rows: [] },
      models: [],
    };
  }
  const mark = await watermark(pool, stream);
  const isReplayed = replayed.includes(stream);
  const live = settings.live && !isReplayed;
  const [feed, minutes, verdict, list, needs, openIncidents, raised, known] = await Promise.all([
    feedState(pool, stream, mark, live ? now : undefined, settings.staleAfter),
    collectedMinutes(pool, stream, needed),
    newestVerdict(pool, stream),
    incidents(pool, incidentFilter.parse({ stream, limit: 20 })),
    needsOf(context, stream, now),
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
    needs,
    openIncidents,
    raised,
    models: known,
  };
}
