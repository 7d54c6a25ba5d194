import type { Minute } from '../features/row.js';
import { adaptationsOf, linkAdaptation } from '../storage/adaptations.js';
import { lockCorrelatorCursor, moveCorrelatorCursor } from '../storage/correlatorCursor.js';
import { incidentHistory, openIncidents } from '../storage/incidentHistory.js';
import { minuteInputs, verdictWatermark, watermarkWithoutModels } from '../storage/minuteInputs.js';
import { inTransactionUnlessNull, type Pool, type PoolClient } from '../storage/pool.js';
import { watchBegun } from '../storage/watchStates.js';
import { tellArrived } from './arrivals.js';
import { type CorrelatorContext, correlate, recentMinutes } from './correlator.js';
import type { IncidentChange } from './incident.js';
import type { MinuteInput } from './minuteInput.js';
import { storeFindings } from './storeFindings.js';
import { withoutOurs } from './withoutOurs.js';

export interface CorrelationOptions extends CorrelatorContext {
  /** Most minutes taken in one transaction. */
  batch?: number;
  /** When alerts count as raised. */
  now: () => Date;
  /** Minutes before this one are history now: what they show is stored without a notice. None when left out. */
  historyBefore?: () => Minute;
}

interface Correlated {
  minutes: number;
  /** The last of them. */
  until: Minute | null;
  changes: IncidentChange[];
}

/**
 * Correlates the next verdicts of a stream: incidents, alerts and the cursor move in one transaction, so a process
 * killed at any point repeats nothing and loses nothing. Call again while `minutes` is not 0.
 */
export async function correlateNext(pool: Pool, stream: string, options: CorrelationOptions): Promise<Correlated> {
  const done = await inTransactionUnlessNull(pool, (client) => correlateIn(client, stream, options));
  return done ?? { minutes: 0, until: null, changes: [] };
}

/** @returns null when there is nothing to judge */
async function correlateIn(
  client: PoolClient,
  stream: string,
  options: CorrelationOptions,
): Promise<Correlated | null> {
  // A hijack must not wait a week for the first models: the routes speak for themselves.
  const watermark = (await verdictWatermark(client, stream)) ?? (await watermarkWithoutModels(client, stream));
  const cursor = await lockCorrelatorCursor(client, stream);
  const judged =
    watermark === null ? [] : await minuteInputs(client, stream, cursor ?? -1, watermark, options.batch ?? 500);
  const watch = options.watchList.empty ? { since: null, begins: false } : await watchBegun(client, stream);
  const withoutWatched = (minutes: readonly MinuteInput[]) =>
    minutes.map((input) => withoutOurs(input, watch.since, options.watchList));
  const inputs = withoutWatched(judged);
  // what the watch has yet to read for the first time is not judged twice
  if (inputs.length === 0 || watch.begins) return null;
  const from = inputs[0]!.minute;
  const width = recentMinutes(options.settings);
  const recent =
    cursor === null ? [] : withoutWatched(await minuteInputs(client, stream, cursor - width, cursor, width));
  const open = await openIncidents(client, stream);
  const history = await incidentHistory(client, stream, from);
  const adaptations = await adaptationsOf(client, stream, from - Math.ceil(options.settings.maximumHours * 60));
  const context = { ...options, adaptations };
  const { state, changes, incidents } = correlate({ stream, open, recent, ...history }, inputs, context);
  const until = state.recent.at(-1)!.minute;
  await storeFindings(client, stream, { incidents, changes, until }, options);
  for (const adaptation of adaptations.filter(({ minute }) => minute >= from && minute <= until))
    await linkAdaptation(client, stream, adaptation);
  if (until >= (options.historyBefore?.() ?? until)) await tellArrived(client, stream, until, options.now());
  await moveCorrelatorCursor(client, stream, until);
  return { minutes: inputs.length, until, changes };
}
