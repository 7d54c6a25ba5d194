import type { Pool, PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import { lockCorrelatorCursor } from '../storage/correlatorCursor.js';
import { endsBySubject } from '../storage/incidentHistory.js';
import { isLateFor, lateMinutes, removeLateMinutes } from '../storage/lateMinutes.js';
import { minuteInputs } from '../storage/minuteInputs.js';
import { inTransaction } from '../storage/pool.js';
import { streamHistory } from '../storage/streamHistory.js';
import type { CorrelationOptions } from './correlationStep.js';
import { correlate, freshState, recentMinutes } from './correlator.js';
import type { IncidentChange } from './incident.js';
import type { MinuteInput } from './minuteInput.js';
import { storeFindings } from './storeFindings.js';

/** The correlator as a stage of late minutes. */
export const CORRELATOR = 'correlator';
const MINUTES_A_STEP = 500;

/**
 * Looks for incidents in minutes that were judged after the correlator had passed them: healed gaps. What it finds is
 * an ended incident of its own; minutes that lie in an incident already known, and that incident, stay as they are.
 *
 * @param earlierStages the stages that must have looked at a minute first
 */
export async function correlateLate(
  pool: Pool,
  stream: string,
  earlierStages: readonly string[],
  options: CorrelationOptions,
): Promise<{ minutes: number; changes: IncidentChange[] }> {
  return inTransaction(pool, async (client) => {
    const cursor = await lockCorrelatorCursor(client, stream);
    if (cursor === null) return { minutes: 0, changes: [] };
    const ready: Minute[] = [];
    for (const minute of await lateMinutes(client, stream, CORRELATOR, cursor, MINUTES_A_STEP)) {
      if (await isLateFor(client, stream, earlierStages, minute)) break;
      ready.push(minute);
    }
    if (ready.length === 0) return { minutes: 0, changes: [] };
    const changes: IncidentChange[] = [];
    for (const stretch of stretches(ready)) changes.push(...(await stretchChanges(client, stream, stretch, options)));
    await removeLateMinutes(client, stream, CORRELATOR, ready);
    return { minutes: ready.length, changes };
  });
}

interface Stretch {
  from: Minute;
  last: Minute;
}

function stretches(minutes: readonly Minute[]): Stretch[] {
  const found: Stretch[] = [];
  for (const minute of minutes) {
    const last = found.at(-1);
    if (last !== undefined && minute === last.last + 1) last.last = minute;
    else found.push({ from: minute, last: minute });
  }
  return found;
}

async function stretchChanges(
  client: PoolClient,
  stream: string,
  { from, last }: Stretch,
  options: CorrelationOptions,
): Promise<IncidentChange[]> {
  const width = recentMinutes(options.settings);
  const known = await streamHistory(client).incidents(stream, from - width, last + 1);
  const unknown = ({ minute }: MinuteInput) => !known.some((span) => minute >= span.from && minute < span.until);
  const inputs = (await minuteInputs(client, stream, from - 1, last, last - from + 1)).filter(unknown);
  if (inputs.length === 0) return [];
  const recent = await minuteInputs(client, stream, from - 1 - width, from - 1, width);
  const ends = await endsBySubject(client, stream, from);
  const result = correlate({ ...freshState(stream), recent, ends }, inputs, options);
  const { open } = result.state;
  const incidents = result.incidents.filter((incident) => !open.includes(incident));
  const { changes } = result;
  for (const incident of open) {
    const detail = { ...incident.detail, closedBy: 'gap' as const };
    const closed = { ...incident, endedAt: incident.lastMinute + 1, detail };
    incidents.push(closed);
    changes.push({ type: 'closed', minute: last, incident: closed });
  }
  await storeFindings(client, stream, { incidents, changes, until: last }, options);
  return changes;
}
