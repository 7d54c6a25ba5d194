import { writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { Logger } from 'pino';
import { QueueStore } from '../../queues/store.js';
import type { Settings } from '../config/settings.js';
import type { Minute } from '../features/row.js';
import { SERVICES } from '../services/catalogue.js';
import { logPrinter } from '../services/logLines.js';
import { System } from '../services/system.js';
import { RisLiveServer } from '../simulation/risLiveServer.js';
import { demoScenario, type Scenario, worldOf } from '../simulation/scenario.js';
import { forgetStream } from '../storage/forgetStream.js';
import { listIncidents } from '../storage/incidents.js';
import { minuteToDate } from '../storage/minuteColumn.js';
import { openPool } from '../storage/pool.js';
import { type StoryCounts, storyCounts } from '../storage/statusQueries.js';
import { Pipeline } from './pipeline.js';

/** Simulated time begins here; a fixed date, so that the same seed gives the same story. */
export const STORY_START: Minute = Date.UTC(2026, 0, 5) / 60_000;
const STREAM = 'demo';
/** A minute closes when the feed's time is past its end by the grace period; the line is judged up to there. */
const OPEN_MINUTES = 2;
const AFTER_RELOAD_HOURS = 2;
/** With four times the traffic of another each, they double that of the eight sessions that were there. */
const JOINING_PEERS = 2;

export interface StoryOptions {
  settings: Settings;
  /** Written for commands in another terminal; none when left out. */
  settingsFile?: string;
  logger: Logger;
  showLogs: boolean;
  seed: number;
  /** Stay up after the story until the signal. */
  stay: boolean;
  say: (line: string) => void;
  signal: AbortSignal;
  scenario?: Scenario;
  /** Called when the system is up; tests disturb it through this. */
  onSystem?: (system: System) => void;
  /** Called after the story, while the database still runs. */
  beforeEnd?: () => Promise<void>;
}

export interface StoryEnd extends StoryCounts {
  /** Every model was retrained after the drift, and the new versions scored minutes. */
  complete: boolean;
}

/**
 * Plays the demo: the whole system against a simulated RIS Live. The simulated clock runs as fast as the line keeps up,
 * and waits at each whole hour until every stage, drift check and retraining of that hour is done. So each version
 * begins to serve at the same minute in every run, whatever happens to the processes meanwhile.
 *
 * @returns what was counted in the database, and whether the story came to its end
 */
export async function runStory(options: StoryOptions): Promise<StoryEnd> {
  const { say, signal } = options;
  const scenario =
    options.scenario ??
    demoScenario(STORY_START, { seed: options.seed, joiningPeers: JOINING_PEERS, driftLevel: 1, driftHours: 40 });
  const feed = new RisLiveServer({ world: worldOf(scenario), logger: options.logger, waitForSubscriber: true });
  const settings: Settings = { ...options.settings, feed: { ...options.settings.feed, url: await feed.listen() } };
  const onError = (error: Error) => options.logger.warn({ error: error.message }, 'connection problem');
  const lost = new AbortController();
  const stop = AbortSignal.any([signal, lost.signal]);
  say('Routewarden demo: a simulated Internet, the real system.');
  const system = await System.start({
    settings,
    fresh: true,
    logger: options.logger,
    // Drift is first looked at when the history is complete: see below.
    services: SERVICES.map(({ name }) => name).filter((name) => name !== 'drift-monitor'),
    onLine: options.showLogs ? logPrinter({ color: false, destination: 2, json: false }) : printFaults(say),
    // A database or a Redis of the user's may hold an earlier demo.
    beforeServices: async (databaseUrl) => {
      const earlier = openPool(databaseUrl, { name: 'demo', maximum: 1, onError });
      try {
        await forgetStream(earlier, STREAM);
        await clearQueues(settings, databaseUrl, onError);
      } finally {
        await earlier.end();
      }
    },
    onHopeless: (service, reason) => lost.abort(new Error(`${service} cannot run: ${reason}`)),
    onDatabaseLost: (code) => lost.abort(new Error(`the database ended by itself (exit code ${code})`)),
  }).catch(async (error) => {
    await feed.close();
    throw error;
  });
  const pool = openPool(system.database.databaseUrl, { name: 'demo', onError });
  const pipeline = new Pipeline(pool, STREAM, stop);
  try {
    options.onSystem?.(system);
    say(`  page       ${pageUrl(settings)}`);
    say(`  Bull Board ${pageUrl(settings)}queues`);
    if (options.settingsFile !== undefined) {
      await writeFile(options.settingsFile, settingsText(settings));
      say(`  commands   npx routewarden --config ${options.settingsFile} status`);
    }

    say(
      `\n1. History: ${days(scenario.liveMinute - scenario.startMinute)} of BGP updates arrive over a RIS Live socket.`,
    );
    // As after every hour below, some minutes more, so that the last hour of the history is whole.
    await history(feed, pipeline, scenario.startMinute, scenario.liveMinute, stop);

    say('\n2. The first models are trained on the last 7 days, each proven on held-back hours before it serves.');
    system.supervisor.start(['drift-monitor']);
    await pipeline.until('the first models', 180, async () =>
      Object.values(await pipeline.activations()).every((count) => count > 0),
    );
    await pipeline.until('the first round to end', 60, () => pipeline.checked());

    say('\n3. The feed goes on, faster than time, with scripted incidents:');
    for (const incident of scenario.incidents) say(`   ${clock(incident.startMinute)}  ${incident.class}`);
    const told = new Set<number>();
    const changes = new Set<number>();
    const normal = new Set<number>();
    const tellIncidents = async () => {
      for (const incident of (await listIncidents(pool, { stream: STREAM, open: true })).reverse()) {
        if (incident.detail.newNormal === undefined || changes.has(incident.id)) continue;
        changes.add(incident.id);
        say(
          `   since ${clock(incident.startedAt)}  ${incident.reasons[0]?.words ?? ''}\n` +
            `         ${pageUrl(settings)}incidents/${incident.id}`,
        );
      }
      for (const incident of (await listIncidents(pool, { stream: STREAM, open: false })).reverse()) {
        if (incident.detail.closedBy === 'new normal' && !normal.has(incident.id)) {
          normal.add(incident.id);
          say(`   ended ${clock(incident.endedAt ?? incident.lastMinute)}  ${incident.reasons[0]?.words ?? ''}`);
        }
        if (told.has(incident.id) || changes.has(incident.id)) continue;
        told.add(incident.id);
        say(
          `   found ${clock(incident.startedAt)}  ${incident.severity} ${incident.class}: ${incident.reasons[0]?.words ?? ''}\n` +
            `         ${pageUrl(settings)}incidents/${incident.id}`,
        );
      }
    };
    await live(feed, pipeline, scenario.liveMinute, scenario.driftMinute, stop, tellIncidents);

    say(
      `\n4. From ${clock(scenario.driftMinute)} on traffic is different for good${scenario.join ? `: ${scenario.join.peers} peers with full tables join` : ''}. Every hour the drift monitor compares; the models that no longer fit are retrained and reloaded.`,
    );
    let reloadedAt: Minute | null = null;
    for (let hour = scenario.driftMinute; hour < scenario.endMinute; hour += 60) {
      await live(feed, pipeline, hour, hour + 60, stop, tellIncidents);
      if (reloadedAt === null && Object.values(await pipeline.activations()).every((count) => count > 1)) {
        reloadedAt = hour + 60;
        say(`   ${clock(reloadedAt)}  every model is retrained, validated and serves`);
      }
      if (reloadedAt !== null && hour + 60 >= reloadedAt + AFTER_RELOAD_HOURS * 60) break;
    }

    const newest = await pipeline.watermark();
    const counts = await storyCounts(pool, STREAM, minuteToDate(newest ?? 0));
    say(
      `\nDone: ${counts.updates} updates, ${counts.minutes} minutes, ${counts.verdicts} verdicts, ${counts.incidents} incidents, ` +
        `${counts.drift_reports} drift reports, ${counts.retrains} retrainings, ${counts.reloads} reloads, ${counts.missed_minutes} minutes missed.`,
    );
    if (reloadedAt === null)
      say('Not every model was retrained and reloaded after the drift: `routewarden drift` and `models` say why.');
    await options.beforeEnd?.();
    if (options.stay) {
      say(`Look around: ${pageUrl(settings)}   Stop with Ctrl-C.`);
      await new Promise<void>((done) => {
        if (stop.aborted) done();
        else stop.addEventListener('abort', () => done(), { once: true });
      });
      if (lost.signal.aborted) throw lost.signal.reason;
    }
    return { ...counts, complete: reloadedAt !== null };
  } catch (error) {
    if (lost.signal.aborted) throw lost.signal.reason;
    throw error;
  } finally {
    await pool.end();
    await system.stop();
    await feed.close();
  }
}

async function history(
  feed: RisLiveServer,
  pipeline: Pipeline,
  from: Minute,
  until: Minute,
  signal: AbortSignal,
): Promise<void> {
  const minutes = until - from;
  const bar = new SingleBar({
    format: '   [{bar}] {percentage}% of {total} minutes, {eta_formatted} left',
    stream: process.stderr,
    noTTYOutput: false,
  });
  bar.start(minutes, 0);
  const played = feed.playUntil(until + OPEN_MINUTES + 1, { signal });
  played.catch(() => {}); // awaited below
  try {
    await pipeline.until('the history to arrive', 300, async () => {
      const newest = await pipeline.watermark();
      bar.update(newest === null ? 0 : Math.min(minutes, newest + 1 - from));
      return newest !== null && newest >= until - 1;
    });
    await played;
  } finally {
    bar.stop();
  }
}

/** Plays hour by hour and waits at each until the whole line has caught up. */
async function live(
  feed: RisLiveServer,
  pipeline: Pipeline,
  from: Minute,
  until: Minute,
  signal: AbortSignal,
  afterHour: () => Promise<void>,
): Promise<void> {
  for (let hour = from + 60; hour <= until; hour += 60) {
    // Some minutes more, so that the hour itself is whole.
    await feed.playUntil(hour + OPEN_MINUTES + 1, { signal });
    await pipeline.until(`the features of ${clock(hour)}`, 120, () => pipeline.featuresReach(hour - 1));
    await pipeline.until(`the verdicts of ${clock(hour)}`, 120, () => pipeline.judged());
    await pipeline.until(`the drift checks of ${clock(hour)}`, 180, () => pipeline.checked());
    await afterHour();
  }
}

async function clearQueues(settings: Settings, databaseUrl: string, onError: (error: Error) => void): Promise<void> {
  const store = new QueueStore({ ...settings, databaseUrl }, onError);
  try {
    for (const name of ['retrain', 'drift-check', 'retention']) await store.queue(name).obliterate({ force: true });
  } finally {
    await store.close();
  }
}

function printFaults(say: (line: string) => void) {
  return (service: string, line: string) => {
    if (!line.startsWith('{')) return say(`[${service}] ${line}`);
    const entry = JSON.parse(line) as { level: number; msg?: string; error?: string; err?: { message: string } };
    const said = [entry.msg, entry.err?.message ?? entry.error].filter((text) => text !== undefined);
    if (entry.level >= 50) say(`[${service}] ${said.join(': ')}`);
  };
}

/** What commands need to find this system. */
function settingsText(settings: Settings): string {
  const { dataDirectory, artifactDirectory, queuePrefix, streams, dashboard, feed } = settings;
  const { port } = dashboard;
  const { clock } = feed;
  return `${JSON.stringify({ dataDirectory, artifactDirectory, queuePrefix, streams, dashboard: { port }, feed: { clock } }, null, 2)}\n`;
}

function pageUrl(settings: Settings): string {
  return `http://${settings.dashboard.host}:${settings.dashboard.port}/`;
}

function clock(minute: Minute): string {
  return minuteToDate(minute).toISOString().slice(0, 16).replace('T', ' ');
}

function days(minutes: number): string {
  return `${Math.round(minutes / 144) / 10} days`;
}
