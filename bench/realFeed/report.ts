import { MINUTES_PER_DAY, type Ranked } from '../../src/features/row.js';
import { INCIDENT_CLASSES, type Incident, SEVERITIES } from '../../src/incidents/incident.js';
import { severityRank } from '../../src/incidents/severity.js';
import type { BenchResult } from '../result.js';
import type { DriftCounts } from './driftLine.js';
import { alertsOf, coveredMinutes, endOf, type IncidentLine } from './incidentLine.js';
import type { AggregatedRows } from './rows.js';

/** An incident as the bench prints it; times in ISO 8601, `endedAt` null while it is open. */
export interface PrintedIncident {
  class: string;
  severity: string;
  startedAt: string;
  endedAt: string | null;
  headline: string;
  reasons: string[];
  culprits: Record<string, string[]>;
}

const GOALS = { hijack: 2, leak: 2, outage: 2 } as const;
const CRITICAL_GOAL = 1;
const STAINED_GOAL = 0.02;
const SPEED_GOAL = 100_000;

const iso = (minute: number) => new Date(minute * 60_000).toISOString();
const isMajor = ({ severity }: Incident) => severityRank(severity) >= severityRank('major');
const isWatched = ({ detail }: Incident) => detail.watched.length > 0;

export function printed(incident: Incident): PrintedIncident {
  const first = incident.reasons.find((reason) => reason.class === incident.class) ?? incident.reasons[0];
  // as in an alert, what touches the operator's own comes first
  const own = incident.detail.openedBy === 'watch' ? [] : incident.detail.watched;
  return {
    class: incident.class,
    severity: incident.severity,
    startedAt: iso(incident.startedAt),
    endedAt: incident.endedAt === null ? null : iso(incident.endedAt),
    headline: (own[0] ?? first)?.words ?? '',
    reasons: [...new Set([...own, ...incident.reasons].map(({ words }) => words))],
    culprits: Object.fromEntries(
      (Object.entries(incident.culprits) as [string, Ranked[]][]).map(([sort, ranked]) => [
        sort,
        ranked.map(({ name }) => name),
      ]),
    ),
  };
}

/** At most so many a day and the like: 1 or more where the goal is met, and at most 10. */
function atMost(what: string, ours: number, goal: number, unit: string): BenchResult {
  const ratio = goal === 0 ? 1 / (1 + ours) : Math.min(10, goal / ours);
  return {
    what,
    ours: round(ours),
    yardstick: goal,
    yardstick_name: 'the goal',
    unit,
    ratio: round(ratio),
    goal: `<= ${goal}`,
  };
}

function told(what: string, ours: number, unit: string): BenchResult {
  return { what, ours: round(ours), yardstick: null, yardstick_name: 'none', unit, ratio: null, goal: '' };
}

const round = (value: number) => Number(value.toPrecision(4));

/** The lines of the bench, first those with a goal. */
export function resultsOf(aggregate: AggregatedRows, line: IncidentLine, drift: DriftCounts): BenchResult[] {
  const minutes = aggregate.rows.length;
  const days = minutes / MINUTES_PER_DAY;
  const results: BenchResult[] = [];
  const unwatched = line.incidents.filter((incident) => !isWatched(incident));
  for (const [name, goal] of Object.entries(GOALS)) {
    const found = unwatched.filter((incident) => incident.class === name && isMajor(incident)).length;
    results.push(atMost(`unwatched ${name} incidents at or over major`, found / days, goal, 'a day'));
  }
  const critical = unwatched.filter(({ severity }) => severity === 'critical').length;
  results.push(atMost('unwatched critical incidents', critical / days, CRITICAL_GOAL, 'a day'));
  const stained = coveredMinutes(line.stained);
  results.push(atMost('share of minutes taken from drift and training', stained / minutes, STAINED_GOAL, 'share'));
  results.push(atMost(`drift checks suppressed, of ${drift.checks}`, drift.suppressed, 0, 'checks'));
  const seconds = aggregate.aggregatorSeconds + line.correlatorSeconds;
  const speed = aggregate.messages / seconds;
  results.push({
    what: 'aggregator and correlator together, one core',
    ours: Math.round(speed),
    yardstick: SPEED_GOAL,
    yardstick_name: 'the goal',
    unit: 'messages/s',
    ratio: round(speed / SPEED_GOAL),
    goal: `>= ${SPEED_GOAL}`,
  });

  const major = line.incidents
    .filter(isMajor)
    .map((incident) => ({ from: incident.startedAt, until: endOf(incident) }));
  results.push(told('share of minutes inside an incident at or over major', coveredMinutes(major) / minutes, 'share'));
  results.push(told('drift checks that found drift', drift.drifted, 'checks'));
  if (aggregate.peakBytes > 0) results.push(told('greatest resident set', aggregate.peakBytes / 2 ** 20, 'MiB'));
  const tables: [string, readonly { class: string; severity: string }[]][] = [
    ['incidents', line.incidents],
    ['alerts', alertsOf(line.changes)],
  ];
  for (const [what, list] of tables) {
    results.push(told(what, list.length / days, 'a day'));
    for (const name of INCIDENT_CLASSES) {
      for (const severity of SEVERITIES) {
        const found = list.filter((entry) => entry.class === name && entry.severity === severity).length;
        if (found > 0) results.push(told(`${what}: ${name}, ${severity}`, found / days, 'a day'));
      }
    }
  }
  return results;
}
