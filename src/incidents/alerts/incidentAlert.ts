import { ownAdvice } from '../advice.js';
import { closingOf, endingOf, endingWords } from '../ending.js';
import type { Incident, IncidentChange } from '../incident.js';
import type { NewNormal } from '../newNormal.js';
import { newNormalWords } from '../newNormalRule.js';
import { sightOf } from '../sight.js';
import { isNeighbourhood, networkOfSubject } from '../subject.js';
import type { AlertRequest } from './alert.js';

const timeOf = (minute: number) => new Date(minute * 60_000).toISOString().slice(0, 16).replace('T', ' ');
/** Prefixes of the operator's own that the alert lists for programs. */
const OWN = 20;

export function incidentFingerprint(incident: Incident): string {
  return `incident/${incident.stream}/${new Date(incident.startedAt * 60_000).toISOString()}${incident.subject === '' ? '' : `/${incident.subject}`}`;
}

function networkOf({ subject, culprits, class: name, detail }: Incident): string | undefined {
  // of an incident of the operator's own the subject says what it did, too
  if (subject !== '' && detail.openedBy !== 'watch') return networkOfSubject(subject);
  return (name === 'session reset' ? culprits.peers : culprits.origins)[0]?.name;
}

/** Who is to blame, shortest form: "AS64500, 192.0.2.0/24". */
function blamed(incident: Incident): string {
  return [networkOf(incident), incident.culprits.prefixes[0]?.name].filter((text) => text !== undefined).join(', ');
}

/** "your 192.0.2.0/24 and 2 more: hijack by AS64666 on rrc00"; without anything of yours "hijack on rrc00 (AS64666)". */
function titleOf(incident: Incident, own: readonly string[]): string {
  const what = incident.class === 'unknown' ? 'unusual routing' : incident.class;
  if (own.length === 0) {
    if (incident.detail.closedBy === 'new normal') return `${what} on ${incident.stream} is the new normal`;
    if (looksNormal(incident) !== undefined)
      return `${what} on ${incident.stream}: ${newNormalWords(looksNormal(incident)!)}`;
    const who = blamed(incident);
    return `${what} on ${incident.stream}${who === '' ? '' : ` (${who})`}`;
  }
  if (isNeighbourhood(incident.subject) && incident.class === 'unknown') {
    const neighbours = new Set(incident.detail.watched.map(({ origin }) => origin)).size;
    return `your ${networkOf(incident)} has ${neighbours === 1 ? 'a new neighbour' : `${neighbours} new neighbours`} on ${incident.stream}`;
  }
  const more = own.length === 1 ? '' : ` and ${own.length - 1} more`;
  const network = networkOf(incident);
  // the prefix is not the operator's: the network that announces it is
  if (incident.detail.watched.every(({ kind }) => kind === 'takes foreign' || kind === 'undeclared')) {
    return `your ${network} ${incident.class === 'hijack' ? 'takes' : 'announces'} ${own[0]}${more} on ${incident.stream}`;
  }
  const by = network === undefined || network === own[0] || incident.class === 'outage' ? '' : ` by ${network}`;
  return `your ${own[0]}${more}: ${what}${by} on ${incident.stream}`;
}

/** Of an open incident; else it has passed. */
function looksNormal({ endedAt, detail }: Incident): NewNormal | undefined {
  return endedAt === null ? detail.newNormal : undefined;
}

/** What the reader should do first. */
function advised(incident: Incident, own: string | undefined): string {
  if (own !== undefined || looksNormal(incident) === undefined)
    return ownAdvice({ name: incident.class, watched: incident.detail.watched, own, who: networkOf(incident) });
  return 'if the change is meant to stay, nothing: the models learn it within a day; else ask whoever runs the collector and the peers named here';
}

/** A change of an incident as operators hear it. `id` is the incident's, for the link. */
export function incidentAlert({ type, incident }: IncidentChange, id?: number): AlertRequest {
  const { watched, closedBy, messages } = incident.detail;
  const own = [...new Set(watched.map((route) => route.prefix ?? route.watched))];
  const closing = closingOf(incident);
  const end = incident.endedAt === null ? '' : ` until ${timeOf(incident.endedAt)}`;
  return {
    fingerprint: incidentFingerprint(incident),
    kind: `incident ${type}`,
    severity: incident.severity,
    title: titleOf(incident, own),
    lines: [
      ...(incident.endedAt === null ? [] : [endingWords(closing), 'While it lasted:']),
      ...new Set([...watched, ...incident.reasons].map(({ words }) => words)),
      `since ${timeOf(incident.startedAt)}${end} UTC, ${sightOf(incident, timeOf)}`,
      ...(endingOf(closing) === 'resolved' ? [] : [`what to do: ${advised(incident, own[0])}`]),
    ],
    grown: type === 'grown',
    stream: incident.stream,
    class: incident.class,
    watched: watched.length > 0,
    ...(messages !== undefined && { messages }),
    facts: {
      ...(id === undefined ? {} : { incident: id }),
      startedAt: new Date(incident.startedAt * 60_000).toISOString(),
      endedAt: incident.endedAt === null ? null : new Date(incident.endedAt * 60_000).toISOString(),
      ending: endingOf(closing),
      peakScore: incident.peakScore,
      class: incident.class,
      subject: incident.subject,
      newNormal: closedBy === 'new normal' || looksNormal(incident) !== undefined,
      models: incident.models.join(','),
      origins: incident.culprits.origins.map(({ name }) => name).join(','),
      prefixes: incident.culprits.prefixes.map(({ name }) => name).join(','),
      groups: [...new Set(watched.flatMap(({ group }) => group ?? []))].join('\n'),
      watchedPrefixes: watched
        .flatMap(({ prefix }) => prefix ?? [])
        .slice(0, OWN)
        .join(','),
    },
  };
}
