import type { Incident, IncidentChange } from '../incident.js';
import type { AlertRequest } from './alert.js';

const timeOf = (minute: number) => new Date(minute * 60_000).toISOString().slice(0, 16).replace('T', ' ');

export function incidentFingerprint(incident: Incident): string {
  return `incident/${incident.stream}/${new Date(incident.startedAt * 60_000).toISOString()}${incident.subject === '' ? '' : `/${incident.subject}`}`;
}

/** Who is to blame, shortest form: "AS64500, 192.0.2.0/24". */
function blamed({ subject, culprits, class: name }: Incident): string {
  const first = name === 'session reset' ? culprits.peers : culprits.origins;
  const who = subject === '' ? first[0]?.name : subject;
  return [who, culprits.prefixes[0]?.name].filter((text) => text !== undefined).join(', ');
}

/** A change of an incident as operators hear it. */
export function incidentAlert({ type, incident }: IncidentChange): AlertRequest {
  const { watched } = incident.detail;
  const end = incident.endedAt === null ? '' : ` until ${timeOf(incident.endedAt)}`;
  const what = incident.class === 'unknown' ? 'unusual routing' : incident.class;
  const who = blamed(incident);
  return {
    fingerprint: incidentFingerprint(incident),
    kind: `incident ${type}`,
    severity: incident.severity,
    title: `${watched.length > 0 ? 'yours: ' : ''}${what} on ${incident.stream}${who === '' ? '' : ` (${who})`}`,
    lines: [
      ...watched.map(({ words }) => words),
      ...incident.reasons.map(({ words }) => words),
      `since ${timeOf(incident.startedAt)}${end} UTC, peak ${incident.peakScore.toFixed(2)} at ${timeOf(incident.peakMinute)}, seen by ${incident.models.join(', ') || 'the ensemble'}`,
    ],
    grown: type === 'grown',
    stream: incident.stream,
    class: incident.class,
    watched: watched.length > 0,
    facts: {
      startedAt: new Date(incident.startedAt * 60_000).toISOString(),
      endedAt: incident.endedAt === null ? null : new Date(incident.endedAt * 60_000).toISOString(),
      peakScore: incident.peakScore,
      class: incident.class,
      subject: incident.subject,
      models: incident.models.join(','),
      origins: incident.culprits.origins.map(({ name }) => name).join(','),
      prefixes: incident.culprits.prefixes.map(({ name }) => name).join(','),
    },
  };
}
