import type { Command } from 'commander';
import type { Pool } from 'pg';
import type { Settings } from '../config/settings.js';
import { MODEL_KINDS } from '../models/model.js';
import { recentDriftReports, type StoredDriftReport } from '../storage/driftReports.js';
import { newestRefusals } from '../storage/operationFacts.js';
import { alertsLastDay, type RaisedIncidents, raisedIncidents } from '../storage/raisedIncidents.js';
import { listServices, withoutReplaced } from '../storage/services.js';
import {
  type ModelStatus,
  modelStatus,
  type RecentRetrain,
  recentRetrains,
  type StreamStatus,
  streamStatus,
} from '../storage/statusQueries.js';
import { stuckModels } from '../storage/stuckModels.js';
import { plural } from '../words/plural.js';
import { age, minuteText, printJson, table } from './output.js';
import { lookAt } from './store.js';

/** A service whose heartbeat is older is not running, whatever its row says. */
const HEARTBEAT_SECONDS = 10;
/** Checks and retrainings that are shown. */
const RECENT = 6;

export interface Status {
  services: {
    name: string;
    instance: string;
    host: string;
    pid: number;
    state: string;
    heartbeat_age: number;
    restarts: number;
  }[];
  /** `lag_seconds`: how far the stored feed is behind the clock; null for one that is not live. */
  streams: (Omit<StreamStatus, 'log_age' | 'known_seconds'> & { lag_seconds: number | null })[];
  models: ModelStatus[];
  /** The newest checks and retrainings of all models. */
  reports: Pick<StoredDriftReport, 'modelKey' | 'windowEnd' | 'outcome' | 'reason'>[];
  retrains: RecentRetrain[];
  /** Incidents a day, beside the alerts a day that the operator is ready to read. */
  raised: { budget: number; alerts_last_day: number; rows: RaisedIncidents[] };
  /** Versions that wait for a person, and what to do with each. */
  held: {
    model: string;
    version: number | null;
    since: string | null;
    reasons: string[];
    accept: string;
    retrain: string;
  }[];
  /** Models that only a person can help: their serving version flags too much, and its successors were refused. */
  stuck: {
    model: string;
    state: string;
    version: number | null;
    champion: number;
    flagged: number;
    since: string;
    reasons: string[];
  }[];
}

export async function readStatus(
  pool: Pool,
  settings: Pick<Settings, 'feed' | 'incidents' | 'retraining'>,
): Promise<Status> {
  const services = withoutReplaced(await listServices(pool), HEARTBEAT_SECONDS)
    .filter((row) => row.state !== 'stopped' || row.heartbeatAge < 3_600)
    .map((row) => ({
      name: row.name,
      instance: row.instance,
      host: row.host,
      pid: row.pid,
      state: row.heartbeatAge > HEARTBEAT_SECONDS && row.state !== 'stopped' ? 'silent' : row.state,
      heartbeat_age: Math.round(row.heartbeatAge * 10) / 10,
      restarts: row.restarts,
    }));
  const reports = (await recentDriftReports(pool, undefined, RECENT)).map(
    ({ modelKey, windowEnd, outcome, reason }) => ({ modelKey, windowEnd, outcome, reason }),
  );
  const rows = await raisedIncidents(pool);
  const budget = settings.incidents.evidence.perDay;
  const live = settings.feed.clock === 'wall';
  const streams = (await streamStatus(pool)).map(({ log_age, known_seconds, ...stream }) => ({
    ...stream,
    lag_seconds: live ? log_age : null,
  }));
  return {
    services,
    streams,
    models: await modelStatus(pool),
    reports,
    retrains: await recentRetrains(pool, RECENT),
    raised: { budget, alerts_last_day: alertsLastDay(rows), rows },
    held: await heldVersions(pool),
    stuck: (await stuckModels(pool, settings.retraining.watchRate)).map((one) => ({
      model: one.modelKey,
      state: one.state,
      version: one.version,
      champion: one.champion,
      flagged: one.flagged,
      since: minuteText(one.since),
      reasons: one.reasons,
    })),
  };
}

async function heldVersions(pool: Pool): Promise<Status['held']> {
  const refusals = await newestRefusals(pool, MODEL_KINDS);
  return refusals
    .filter(({ state, over }) => state === 'held' && !over)
    .map(({ modelKey, detail }) => {
      const version = typeof detail.version === 'number' ? detail.version : null;
      return {
        model: modelKey,
        version,
        since: typeof detail.watermark === 'number' ? minuteText(detail.watermark) : null,
        reasons: Array.isArray(detail.reasons) ? detail.reasons.map(String) : [],
        accept: `routewarden accept ${modelKey} ${version ?? 'VERSION'}`,
        retrain: `routewarden retrain ${modelKey}`,
      };
    });
}

function raisedInWords({ budget, alerts_last_day, rows }: Status['raised']): string {
  const counts = table(
    ['stream', 'class', 'severity', 'yours', 'last 24 h', 'a day'],
    rows.map((row) => [
      row.stream,
      row.class,
      row.severity,
      row.watched ? 'yes' : 'no',
      row.lastDay,
      row.perDay.toFixed(1),
    ]),
  );
  return (
    `${counts}\n${plural(alerts_last_day, 'incident')} of major or more outside your networks in the last 24 h; ` +
    `you want at most ${budget} a day (incidents.evidence.perDay)`
  );
}

export function register(program: Command): void {
  program
    .command('status')
    .description(
      'Show services, streams, models with their age, retrainings under way, and the newest checks and retrainings.',
    )
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  routewarden status\n  routewarden status --json')
    .action(async (options: { json?: boolean }) => {
      const status = await lookAt(program, ({ pool, settings }) => readStatus(pool, settings));
      if (options.json) return printJson(status);
      const services = table(
        ['service', 'state', 'pid', 'host', 'heartbeat', 'restarts'],
        status.services.map((row) => [
          row.name,
          row.state,
          row.pid,
          row.host,
          `${age(row.heartbeat_age)} ago`,
          row.restarts,
        ]),
      );
      const streams = table(
        ['stream', 'watermark', 'lag', 'minutes', 'gap minutes', 'verdicts', 'incidents'],
        status.streams.map((row) => [
          row.stream,
          minuteText(row.watermark),
          row.lag_seconds === null ? '-' : age(row.lag_seconds),
          row.minutes,
          row.gap_minutes,
          row.verdicts,
          row.incidents,
        ]),
      );
      const models = table(
        ['model', 'version', 'shadow', 'serves from', 'data age', 'last check', 'outcome', 'last retrain'],
        status.models.map((row) => [
          row.model,
          row.version,
          row.shadow,
          minuteText(row.from_minute),
          row.age_minutes === null ? null : age(row.age_minutes * 60),
          minuteText(row.last_check),
          row.outcome,
          row.retrain,
        ]),
      );
      const parts = [
        status.services.length > 0 ? services : 'no service has run yet: start them with `routewarden start`',
        status.streams.length > 0 ? streams : 'no stream yet',
        status.models.length > 0
          ? models
          : 'no model yet: the first are trained once a stream has a whole first window',
      ];
      if (status.raised.rows.length > 0) parts.push(raisedInWords(status.raised));
      if (status.reports.length > 0) {
        parts.push(
          table(
            ['recent check', 'model', 'outcome', 'why'],
            status.reports.map((row) => [minuteText(row.windowEnd), row.modelKey, row.outcome, row.reason]),
          ),
        );
      }
      if (status.retrains.length > 0) {
        parts.push(
          table(
            ['recent retrain', 'model', 'state'],
            status.retrains.map((row) => [row.at.toISOString().slice(0, 19).replace('T', ' '), row.model, row.state]),
          ),
        );
      }
      for (const { model, state, version, champion, flagged, since } of status.stuck) {
        parts.push(
          `${model} needs a decision: version ${version ?? '?'} was ${state}, and version ${champion} has flagged too much since ${since}` +
            ` (${(100 * flagged).toFixed(0)} % of the last six hours)\n` +
            `  accept ${version ?? 'it'}, keep ${champion}, or retrain without these days: on the page of the model`,
        );
      }
      for (const { model, version, since, reasons, accept, retrain } of status.held) {
        parts.push(
          `${model}: version ${version ?? '?'} is held since ${since ?? 'its training'}, the one before it goes on serving\n` +
            `  ${reasons.join('; ')}\n  let it serve: \`${accept}\`; train anew: \`${retrain}\``,
        );
      }
      process.stdout.write(`${parts.join('\n\n')}\n`);
    });
}
