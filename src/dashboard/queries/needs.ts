import type { Pool } from 'pg';
import { incidentFilter } from '../../incidents/incidentFilter.js';
import type { ModelKey } from '../../models/model.js';
import { parseModelKey } from '../../models/modelKey.js';
import { approvals } from '../../storage/approvals.js';
import { feedStands } from '../../storage/feedLink.js';
import { stuckModels } from '../../storage/stuckModels.js';
import type { IncidentRow, Needs } from '../api/schema.js';
import type { DashboardContext } from '../context.js';
import { isStale } from './feed.js';
import { incidents } from './incidents.js';

/** A stream with many of them has other worries than the last of the list. */
const MOST_URGENT = 100;

/**
 * What a person should look at, of all streams.
 * @param stream the one that is looked at
 * @param now wall clock in milliseconds
 */
export async function needsOf(
  { pool, settings, replayed, watchRate }: Pick<DashboardContext, 'pool' | 'settings' | 'replayed' | 'watchRate'>,
  stream: string,
  now: number,
): Promise<Needs> {
  const [urgent, feeds, waiting, stuck] = await Promise.all([
    urgentIncidents(pool, stream),
    settings.live ? feedStands(pool) : [],
    approvals(pool, { waiting: true }),
    stuckModels(pool, watchRate),
  ]);
  return {
    incidents: urgent,
    feeds: feeds
      // of a stream that no collector runs, those who look at it alone need to hear: it may be long given up
      .filter((feed) => !replayed.includes(feed.stream) && (feed.link !== null || feed.stream === stream))
      .map((feed) => ({
        stream: feed.stream,
        receivedAt: feed.receivedAt?.getTime() ?? null,
        stale: isStale(feed.untilMs, now, settings.staleAfter),
        link: feed.link,
      }))
      .filter(({ receivedAt, stale, link }) => stale || receivedAt === null || link?.connected === false),
    approvals: waiting.map(({ modelKey }) => ofModel(modelKey)),
    stuck: stuck.map(({ modelKey }) => ofModel(modelKey)),
  };
}

function ofModel(key: ModelKey): { key: string; kind: string; stream: string } {
  return { key, ...parseModelKey(key) };
}

/** What was replayed or backfilled calls nobody, but in the stream that is looked at. */
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
