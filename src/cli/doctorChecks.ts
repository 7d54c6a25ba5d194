import type { Pool } from 'pg';
import { boundWords } from '../collection/boundWatch.js';
import type { Settings } from '../config/settings.js';
import { MODEL_KINDS } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { SERVICES } from '../services/catalogue.js';
import { listAlerts } from '../storage/alerts.js';
import { feedStands } from '../storage/feedLink.js';
import { damagedActive, newestVersions } from '../storage/modelVersions.js';
import { failingRetrains } from '../storage/operationFacts.js';
import { failingWork, listServices } from '../storage/services.js';
import { modelStatus, type StreamStatus, streamStatus } from '../storage/statusQueries.js';
import { streamHoldings } from '../storage/streamHoldings.js';
import { plural } from '../words/plural.js';
import type { Finding } from './doctorStores.js';
import { age, minuteText } from './output.js';
import { readStatus } from './status.js';

const LARGEST_AGE_MINUTES = 5;
/** A first minute closes within this time: what remains of the minute it began in, a whole one, and the grace. */
const FIRST_MINUTE_SECONDS = 180;
const DAY_MILLISECONDS = 86_400_000;

/** Whether updates arrive, of a stream that is too young to have a whole minute. */
function isBeginning(status: StreamStatus | undefined): boolean {
  return status !== undefined && status.log_age !== null && status.known_seconds < FIRST_MINUTE_SECONDS;
}

/** How fresh each stream is that the settings name. */
export async function checkStreams(pool: Pool, settings: Settings): Promise<Finding[]> {
  const known = new Map((await streamStatus(pool)).map((status) => [status.stream, status]));
  const links = new Map((await feedStands(pool)).map(({ stream, link }) => [stream, link]));
  const live = settings.feed.clock === 'wall';
  return settings.streams.map(({ name, replay, host }) => {
    const watermark = known.get(name)?.watermark ?? null;
    if (replay) {
      const words =
        watermark === null ? 'nothing was replayed into it yet' : `is replayed, up to ${minuteText(watermark)}`;
      return { check: `stream ${name}`, ok: true, finding: words, remedy: '' };
    }
    const link = links.get(name) ?? null;
    const away = link === null || link.connected ? '' : `; the feed is not connected: ${link.reason ?? 'it is tried'}`;
    const isNew = watermark === null && isBeginning(known.get(name));
    const behind = watermark === null ? null : Math.round(Date.now() / 60_000 - watermark);
    return {
      check: `stream ${name}`,
      ok: isNew || (watermark !== null && (!live || behind! < LARGEST_AGE_MINUTES)),
      finding: isNew
        ? 'is new: its first minute is under way'
        : watermark === null
          ? `has no minute yet${away}`
          : `newest minute is ${age(behind! * 60)} old${away}`,
      remedy:
        known.get(name) === undefined
          ? 'start the system: routewarden start'
          : `see whether the collector and the aggregator run (routewarden status) and the feed can be reached${watermark === null && host !== undefined ? `, and whether RIS has a collector ${host}` : ''}`,
    };
  });
}

/** What each stream's aggregator holds, and whether it is at its bounds. */
export async function checkHoldings(pool: Pool, settings: Settings): Promise<Finding[]> {
  return (await streamHoldings(pool)).map((held) => {
    const bound = boundWords(held, settings.features);
    const known = [
      plural(held.routes, 'route'),
      plural(held.prefixes, 'prefix'),
      plural(held.paths, 'path'),
      plural(held.peers, 'peer'),
    ].join(', ');
    return {
      check: `routes of ${held.stream}`,
      ok: bound === null,
      finding: bound ?? `${known} in ${Math.ceil(held.bytes / 1e6)} MB, ${held.evictedRoutes} forgotten`,
      remedy: 'set the bound, with memory for it, and start again: routewarden config',
    };
  });
}

export async function checkServices(pool: Pool, settings: Settings): Promise<Finding> {
  const { services } = await readStatus(pool, settings);
  const running = new Set(services.filter(({ state }) => state === 'running').map(({ name }) => name));
  const missing = SERVICES.map(({ name }) => name).filter((name) => !running.has(name));
  const silent = services
    .filter(({ name, state }) => (state === 'silent' || state === 'failed') && !running.has(name))
    .map(({ name, host }) => `${name} on ${host}`);
  return {
    check: 'services',
    ok: missing.length === 0,
    finding:
      missing.length === 0
        ? `all ${SERVICES.length} run`
        : `not running: ${missing.join(', ')}${silent.length > 0 ? ` (without a heartbeat: ${silent.join(', ')})` : ''}`,
    remedy: 'start them with routewarden start, and see their log for why they ended',
  };
}

/** Work that fails again and again in services whose heartbeat goes on. */
export async function checkWork(pool: Pool): Promise<Finding> {
  const failing = await failingWork(pool);
  return {
    check: 'work',
    ok: failing.length === 0,
    finding:
      failing.length === 0
        ? 'no service fails its rounds'
        : failing
            .map(
              ({ name, host, what, failures, error }) =>
                `${name} on ${host}: ${what} failed ${failures} times: ${error}`,
            )
            .join('; '),
    remedy:
      "the service's log says more; what does not pass by itself is a fault of the rows it names, or of the program",
  };
}

export async function checkModels(pool: Pool, settings: Settings): Promise<Finding> {
  const keys = settings.streams.flatMap(({ name }) => MODEL_KINDS.map((kind) => modelKey(kind, name)));
  const serving = new Set(
    (await modelStatus(pool)).filter(({ version }) => version !== null).map(({ model }) => model),
  );
  const dead = (await failingRetrains(pool)).filter((model) => model.dead);
  const waiting = keys.filter((key) => !serving.has(key));
  const refused = new Set((await newestVersions(pool, waiting)).map((version) => version.modelKey));
  const first = [
    ...(refused.size > 0 ? [`the first version of ${[...refused].join(', ')} was refused`] : []),
    ...(refused.size < waiting.length
      ? [`the first come once a stream has ${settings.retraining.trainingDays} days of minutes`]
      : []),
  ].join('; ');
  return {
    check: 'models',
    ok: dead.length === 0,
    finding:
      dead.length > 0
        ? `retraining was given up: ${dead.map(({ modelKey: key, lastError }) => `${key} (${lastError})`).join('; ')}`
        : `${keys.length - waiting.length} of ${keys.length} serve${waiting.length > 0 ? `; ${first}` : ''}`,
    remedy: `fix what the error names, then: routewarden retrain ${dead[0]?.modelKey ?? 'MODEL'} --clear`,
  };
}

/** Whether what serves is whole in the database: a detector that has it in memory goes on with it until it starts afresh. */
export async function checkArtifacts(pool: Pool): Promise<Finding> {
  const damaged = await damagedActive(pool);
  const words = damaged.map(({ modelKey: key, version, files }) =>
    files.length === 0
      ? `version ${version} of ${key} has no files`
      : `${files.join(', ')} of version ${version} of ${key} differs from its SHA-256`,
  );
  const first = damaged[0]?.modelKey ?? 'MODEL';
  return {
    check: 'artifacts',
    ok: damaged.length === 0,
    finding: damaged.length === 0 ? 'what serves is whole' : `damaged while it serves: ${words.join('; ')}`,
    remedy: `routewarden rollback ${first}, or routewarden retrain ${first}; and look at the disk of PostgreSQL`,
  };
}

/** What could not be sent within the last day. */
export async function checkAlerts(pool: Pool, settings: Settings): Promise<Finding> {
  const channels = settings.alerts.channels.map(({ name }) => name);
  const since = Date.now() - DAY_MILLISECONDS;
  const faults = new Map<string, string>();
  const unreadable: string[] = [];
  const took = new Set<string>();
  for (const { id, delivered, raisedAt } of await listAlerts(pool, { limit: 200 })) {
    if (delivered.error !== undefined && raisedAt.getTime() >= since)
      unreadable.push(`alert ${id} cannot be read (${delivered.error})`);
    for (const [channel, { state, error, at }] of Object.entries(delivered.channels ?? {})) {
      const told = at === undefined || Date.parse(at) >= since;
      if (state === 'sent' && told) took.add(channel);
      if (state !== 'sent' && error !== undefined && told && !faults.has(channel)) faults.set(channel, error);
    }
  }
  const failing = channels.filter((channel) => faults.has(channel));
  return {
    check: 'alerts',
    ok: failing.length + unreadable.length === 0,
    finding:
      failing.length + unreadable.length > 0
        ? [...failing.map((channel) => `${channel}: ${faults.get(channel)}`), ...unreadable].join('; ')
        : channels.length === 0
          ? 'no channel is set: they are only listed (routewarden alerts list)'
          : took.size === 0
            ? `${channels.join(', ')}: nothing had to be sent within the last day`
            : `${channels.filter((channel) => took.has(channel)).join(', ')} took all that was sent within the last day`,
    remedy:
      failing.length > 0
        ? `correct the channel in the settings, then: routewarden alerts test ${failing[0]}`
        : 'see those rows of the table "alerts"',
  };
}

interface RpkiDetail {
  vrps: number;
  readAt: string | null;
  /** Absent where an older version runs. */
  expired?: number;
  generatedAt?: string | null;
  old?: boolean;
  error?: string | null;
}

/** Whether the correlator has the VRPs that the settings name. */
export async function checkRpki(pool: Pool, settings: Settings): Promise<Finding[]> {
  if (settings.rpki.vrps === undefined) return [];
  const correlators = (await listServices(pool)).filter(
    ({ name, state }) => name === 'correlator' && state === 'running',
  );
  const states = correlators.map(({ detail }) => detail.rpki as RpkiDetail | undefined);
  const read = states.find((state) => state !== undefined && state.vrps > 0 && state.readAt !== null);
  const refused = states.find((state) => typeof state?.error === 'string')?.error;
  const age = read === undefined ? null : (Date.now() - Date.parse(read.readAt!)) / 1000;
  const made = read?.generatedAt == null ? '' : `, made ${read.generatedAt}`;
  const expired = (read?.expired ?? 0) > 0 ? `, ${read!.expired} of them expired` : '';
  const known =
    read === undefined
      ? 'no VRPs have been read: validity is unknown'
      : `${read.vrps} VRPs${expired}, read ${Math.round(age! / 60)} min ago${made}`;
  return [
    {
      check: 'rpki',
      ok: age !== null && age < 3 * settings.rpki.refreshSeconds && refused === undefined && read!.old !== true,
      finding: `${known}${read?.old === true ? ': the list is old' : ''}${refused === undefined ? '' : `; the newest list was refused: ${refused}`}`,
      remedy:
        "the correlator's log says why rpki.vrps cannot be read; the file must be JSON of rpki-client or Routinator",
    },
  ];
}
