import type { Pool } from 'pg';
import { answering } from '../../queues/answering.js';
import { countOpenIncidents, incidentCounts } from '../storage/incidents.js';
import { noticeCounts } from '../storage/services.js';
import { streamHoldings } from '../storage/streamHoldings.js';
import { streamNames } from '../storage/streams.js';
import type { BoardQueue } from './board.js';
import { metric, type Sample } from './exposition.js';
import type { Judging } from './judging.js';
import { feedState, watermark } from './queries/feed.js';
import { models } from './queries/models.js';
import { raisedOf } from './queries/raised.js';
import { newestVerdict } from './queries/scores.js';
import { services } from './queries/services.js';
import type { DashboardSettings } from './settings.js';

const QUEUE_MILLISECONDS = 2_000;

/** What is known of a stream, in its aggregator's memory. */
const HELD = [
  { name: 'routewarden_routes', help: 'Routes known of the stream (bound: features.routes)', of: 'routes' },
  { name: 'routewarden_prefixes', help: 'Prefixes known of the stream', of: 'prefixes' },
  { name: 'routewarden_paths', help: 'AS paths that its routes have', of: 'paths' },
  { name: 'routewarden_peers', help: 'Peers known of the stream (bound: features.peers)', of: 'peers' },
  { name: 'routewarden_routes_evicted', help: 'Routes forgotten or left out at the bound', of: 'evictedRoutes' },
  { name: 'routewarden_routes_bytes', help: 'Memory of all that, about', of: 'bytes' },
] as const;

/**
 * The state of everything in the text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 * @param now wall clock in milliseconds
 * @param budget alerts a day that the operator is ready to read
 */
export async function metricsText(
  pool: Pool,
  queues: readonly BoardQueue[],
  settings: DashboardSettings,
  now: number,
  budget: number,
  judging: Judging,
  replayed: readonly string[] = [],
): Promise<string> {
  const streams = await streamNames(pool);
  await judging.look(pool, streams);
  const watermarks = new Map(
    await Promise.all(streams.map(async (stream) => [stream, await watermark(pool, stream)] as const)),
  );
  const [holdings, feeds, verdicts, open, counts, raised, known, processes, notices, jobs] = await Promise.all([
    streamHoldings(pool),
    Promise.all(
      streams.map((stream) =>
        feedState(
          pool,
          stream,
          watermarks.get(stream) ?? null,
          settings.live && !replayed.includes(stream) ? now : undefined,
          settings.staleAfter,
        ),
      ),
    ),
    Promise.all(streams.map((stream) => newestVerdict(pool, stream))),
    Promise.all(streams.map((stream) => countOpenIncidents(pool, stream))),
    incidentCounts(pool),
    raisedOf(pool, budget, undefined),
    models(pool, streams, watermarks),
    services(pool, now, settings.staleAfter),
    noticeCounts(pool),
    Promise.all(queues.map(async (queue) => ({ name: queue.name, counts: await countsOf(queue) }))),
  ]);
  const ofStream = (values: (number | null | undefined)[]): Sample[] =>
    streams.flatMap((stream, index) => {
      const value = values[index];
      return value === null || value === undefined ? [] : [{ labels: { stream }, value }];
    });
  const ofModel = (value: (model: (typeof known)[number]) => number | null): Sample[] =>
    known.flatMap((model) => {
      const sample = value(model);
      return sample === null ? [] : [{ labels: { model: model.key }, value: sample }];
    });
  return [
    metric(
      'routewarden_watermark_seconds',
      'End of the last whole minute of the stream, Unix time',
      ofStream(streams.map((stream) => seconds(watermarks.get(stream)))),
    ),
    metric(
      'routewarden_feed_lag_seconds',
      'How far a live feed is behind the wall clock',
      ofStream(feeds.map((feed) => feed.lagSeconds)),
    ),
    metric(
      'routewarden_updates_per_minute',
      'Announcements and withdrawals, mean of the last five minutes',
      ofStream(feeds.map((feed) => feed.updatesPerMinute)),
    ),
    ...HELD.map(({ name, help, of }) =>
      metric(
        name,
        help,
        holdings.map((one) => ({ labels: { stream: one.stream }, value: one[of] })),
      ),
    ),
    metric(
      'routewarden_verdict_score',
      "The ensemble's newest score",
      ofStream(verdicts.map((verdict) => verdict?.score)),
    ),
    metric(
      'routewarden_verdict_threshold',
      "The ensemble's threshold",
      ofStream(verdicts.map((verdict) => verdict?.threshold)),
    ),
    metric(
      'routewarden_verdict_anomalous',
      'Whether the newest minute is anomalous',
      ofStream(verdicts.map((verdict) => (verdict === null ? null : Number(verdict.anomalous)))),
    ),
    metric(
      'routewarden_verdict_missing_models',
      'Models that had no vote in the newest minute',
      ofStream(verdicts.map((verdict) => verdict?.missing.length)),
    ),
    metric('routewarden_incidents_open', 'Incidents that have not ended', ofStream(open)),
    metric(
      'routewarden_incidents',
      'All incidents kept',
      counts.map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    metric(
      'routewarden_incidents_last_day',
      'Incidents that began in the last 24 hours of the stream',
      raised.rows.map(({ stream, class: name, severity, watched, lastDay }) => ({
        labels: { stream, class: name, severity, watched: String(watched) },
        value: lastDay,
      })),
    ),
    metric(
      'routewarden_incidents_per_day',
      'Incidents a day, mean of the last seven days of the stream',
      raised.rows.map(({ stream, class: name, severity, watched, perDay }) => ({
        labels: { stream, class: name, severity, watched: String(watched) },
        value: perDay,
      })),
    ),
    metric('routewarden_incidents_day_budget', 'Alerts a day that the operator is ready to read', [
      { labels: {}, value: raised.budget },
    ]),
    metric(
      'routewarden_model_version',
      'The active version',
      ofModel((model) => model.version),
    ),
    metric(
      'routewarden_model_age_seconds',
      'Stream time since the newest minute that the active version was trained on',
      ofModel((model) => (model.ageMinutes === null ? null : model.ageMinutes * 60)),
    ),
    metric(
      'routewarden_model_drifted',
      'Whether the last check found drift',
      ofModel((model) => (model.drift === null ? null : Number(model.drift.outcome === 'drifted'))),
    ),
    metric(
      'routewarden_retrain_active',
      'Whether a retrain is under way',
      ofModel((model) => Number(model.run !== null)),
    ),
    metric(
      'routewarden_service_up',
      'Whether the service beats',
      processes.map(({ name, instance, healthy }) => ({ labels: { service: name, instance }, value: Number(healthy) })),
    ),
    metric(
      'routewarden_service_restarts_total',
      'Restarts of the service',
      processes.map(({ name, instance, restarts }) => ({ labels: { service: name, instance }, value: restarts })),
      'counter',
    ),
    metric(
      'routewarden_notices_total',
      'Notices by channel since its alerter began; each failed try counts',
      notices.flatMap(({ instance, channel, sent, failed }) => [
        { labels: { channel, instance, outcome: 'sent' }, value: sent },
        { labels: { channel, instance, outcome: 'failed' }, value: failed },
      ]),
      'counter',
    ),
    metric(
      'routewarden_queue_jobs',
      'Jobs by queue and state',
      jobs.flatMap(({ name, counts: states }) =>
        Object.entries(states ?? {}).map(([state, value]) => ({ labels: { queue: name, state }, value })),
      ),
    ),
    metric(
      'routewarden_queue_up',
      '1 while the store of the queue answers',
      jobs.map(({ name, counts: states }) => ({ labels: { queue: name }, value: Number(states !== null) })),
    ),
    judging.text(),
  ].join('');
}

/** Null while the queue's store does not answer: nothing else of the page is to wait for it. */
async function countsOf(queue: BoardQueue): Promise<Record<string, number> | null> {
  try {
    await answering(queue, QUEUE_MILLISECONDS);
    return await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  } catch {
    return null;
  }
}

function seconds(milliseconds: number | null | undefined): number | null {
  return milliseconds === null || milliseconds === undefined ? null : milliseconds / 1000;
}
