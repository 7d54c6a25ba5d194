import type { UpdateBatch } from '../../src/bgp/updateBatch.js';
import type { Minute } from '../../src/features/row.js';
import type { Incident, IncidentChange } from '../../src/incidents/incident.js';
import { Declaration } from '../../src/incidents/watch/declaration.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { Watcher } from '../../src/incidents/watch/watcher.js';
import type { Watched } from './incidentLine.js';
import { STREAM } from './rows.js';

/** What the watch found of the operator's own routes. */
export interface WatchLine {
  /** Its first minute: from then on these routes are no business of the correlator. */
  since: Minute;
  incidents: Incident[];
  changes: IncidentChange[];
}

/** Gives the messages to the watch as its stage does, update by update; null when nothing is watched. */
export async function watchLine(batches: AsyncIterable<UpdateBatch>, watched: Watched): Promise<WatchLine | null> {
  const { prefixes, networks } = watched;
  const declaration = new Declaration(watchSettings.parse({ prefixes, asNumbers: networks }));
  if (declaration.empty) return null;
  const watcher = new Watcher({ stream: STREAM, declaration, validityOf: () => undefined });
  const incidents = new Map<string, Incident>();
  const changes: IncidentChange[] = [];
  for await (const batch of batches) {
    const { time } = batch.columns;
    if (time.length === 0) continue;
    watcher.take({ kind: 'updates', sinceMs: time[0]!, untilMs: time.at(-1)!, payload: batch.encode() });
    const drained = watcher.drain();
    changes.push(...drained.changes);
    for (const incident of drained.incidents) incidents.set(`${incident.startedAt} ${incident.subject}`, incident);
  }
  const since = Math.floor((watcher.sinceMs ?? 0) / 60_000);
  return { since, incidents: [...incidents.values()], changes };
}
