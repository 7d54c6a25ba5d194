import type { Minute } from '../../src/features/row.js';
import { incidentAlert } from '../../src/incidents/alerts/incidentAlert.js';
import { type CorrelatorContext, correlate, freshState } from '../../src/incidents/correlator.js';
import type { Incident, IncidentChange, Severity } from '../../src/incidents/incident.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { incidentSettings } from '../../src/incidents/settings.js';
import { severityRank } from '../../src/incidents/severity.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import { WatchList } from '../../src/incidents/watchList.js';
import { withoutOurs } from '../../src/incidents/withoutOurs.js';
import type { IncidentSpan } from '../../src/storage/streamHistory.js';
import { STREAM } from './rows.js';
import type { WatchLine } from './watchLine.js';

/** The operator's own networks, for recordings that hold them. */
export interface Watched {
  prefixes: string[];
  networks: string[];
}

export const NOTHING_WATCHED: Watched = { prefixes: [], networks: [] };

/** The incident engine with default settings, without RPKI data. */
export function engineContext({ prefixes, networks }: Watched): CorrelatorContext {
  return {
    settings: incidentSettings.parse({}),
    watchList: new WatchList(watchSettings.parse({ prefixes, asNumbers: networks })),
    validityOf: () => undefined,
  };
}

export interface IncidentLine {
  incidents: Incident[];
  changes: IncidentChange[];
  /** Minutes that incidents take from drift and training. */
  stained: IncidentSpan[];
  correlatorSeconds: number;
}

/** @param watch what the watch found, where something is watched */
export function incidentLine(
  inputs: readonly MinuteInput[],
  watched: Watched,
  watch: WatchLine | null = null,
): IncidentLine {
  const context = engineContext(watched);
  const others = watch === null ? inputs : inputs.map((input) => withoutOurs(input, watch.since, context.watchList));
  const started = performance.now();
  const found = correlate(freshState(STREAM), others, context);
  const correlatorSeconds = (performance.now() - started) / 1000;
  const incidents = [...found.incidents, ...(watch?.incidents ?? [])];
  const changes = [...found.changes, ...(watch?.changes ?? [])].sort((a, b) => a.minute - b.minute);
  incidents.sort((a, b) => a.startedAt - b.startedAt);
  return { incidents, changes, stained: stainedSpans(incidents), correlatorSeconds };
}

/** What the alert channels send by default: incidents that reached `major`, counted once each, at their highest. */
export const ALERTED: Severity = 'major';

export function alertsOf(changes: readonly IncidentChange[]): { class: string; severity: Severity }[] {
  const alerts = new Map<string, { class: string; severity: Severity }>();
  for (const change of changes) {
    if (change.type === 'closed') continue;
    const { fingerprint, severity } = incidentAlert(change);
    const before = alerts.get(fingerprint);
    if (severityRank(severity) < severityRank(ALERTED)) continue;
    if (before !== undefined && severityRank(before.severity) >= severityRank(severity)) continue;
    alerts.set(fingerprint, { class: change.incident.class, severity });
  }
  return [...alerts.values()];
}

/** The minute after an incident; of one that is open, after its last active minute. */
export const endOf = ({ endedAt, lastMinute }: Incident): Minute => endedAt ?? lastMinute + 1;

/** Minutes that incidents take from drift and training: as `streamHistory` reads them. */
function stainedSpans(incidents: readonly Incident[]): IncidentSpan[] {
  const stains = ({ detail }: Incident) => detail.evidence.anomalousMinutes > 0;
  return incidents.filter(stains).map((incident) => ({
    from: incident.startedAt,
    until: Math.min(incident.endedAt ?? incident.lastMinute, incident.lastMinute + 1) + 1,
  }));
}

export function coveredMinutes(spans: readonly IncidentSpan[]): number {
  let covered = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { from, until } of [...spans].sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, until - Math.max(from, reached));
    reached = Math.max(reached, until);
  }
  return covered;
}
