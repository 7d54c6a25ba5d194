import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import { lockCorrelatorCursor, moveCorrelatorCursor } from '../storage/correlatorCursor.js';
import { incidentHistory, openIncidents } from '../storage/incidents.js';
import { minuteInputs, verdictWatermark, watermarkWithoutModels } from '../storage/minuteInputs.js';
import { type CorrelatorContext, correlate, recentMinutes } from './correlator.js';
import type { IncidentChange } from './incident.js';
import { storeFindings } from './storeFindings.js';

export interface CorrelationOptions extends CorrelatorContext {
  /** Most minutes taken in one transaction. */
  batch?: number;
  /** When alerts count as raised. */
  now: () => Date;
  /** Minutes before this one are history now: what they show is stored, and told to nobody. None when left out. */
  historyBefore?: () => Minute;
}

/**
 * Correlates the next verdicts of a stream: incidents, alerts and the cursor move in one transaction, so a process
 * killed at any point repeats nothing and loses nothing. Call again while `minutes` is not 0.
 */
export async function correlateNext(
  pool: Pool,
  stream: string,
  options: CorrelationOptions,
): Promise<{ minutes: number; until: number | null; changes: IncidentChange[] }> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    let watermark = await verdictWatermark(client, stream);
    // What touches our own networks must not wait a week for the first models: the routes speak for themselves.
    if (watermark === null && !options.watchList.empty) watermark = await watermarkWithoutModels(client, stream);
    const cursor = await lockCorrelatorCursor(client, stream);
    const inputs =
      watermark === null ? [] : await minuteInputs(client, stream, cursor ?? -1, watermark, options.batch ?? 500);
    if (inputs.length === 0) {
      await client.query('ROLLBACK');
      return { minutes: 0, until: cursor, changes: [] };
    }
    const from = inputs[0]!.minute;
    const width = recentMinutes(options.settings);
    const recent = cursor === null ? [] : await minuteInputs(client, stream, cursor - width, cursor, width);
    const open = await openIncidents(client, stream);
    const history = await incidentHistory(client, stream, from);
    const { state, changes, incidents } = correlate({ stream, open, recent, ...history }, inputs, options);
    const until = state.recent.at(-1)!.minute;
    await storeFindings(client, stream, { incidents, changes, until }, options);
    await moveCorrelatorCursor(client, stream, until);
    await client.query('COMMIT');
    return { minutes: inputs.length, until, changes };
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release(broken);
  }
}
