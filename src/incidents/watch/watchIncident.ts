import type { Minute } from '../../features/row.js';
import { baselineOf } from '../baseline.js';
import { type IncidentEvidence, noEvidence } from '../evidence.js';
import type { Incident, IncidentDetail, WatchedRoute } from '../incident.js';
import { atLeast, severityRank } from '../severity.js';
import type { Finding } from './finding.js';
import { mergedMessages } from './routeMessage.js';

/** How an incident of the operator's own names itself in `models` and `openedBy`. */
export const WATCH = 'watch';

const gravest = (a: Finding, b: Finding) =>
  severityRank(b.severity) - severityRank(a.severity) || b.peers - a.peers || (a.prefix < b.prefix ? -1 : 1);

function watchedRoute(finding: Finding): WatchedRoute {
  const { kind, watched, group, words, prefix, network, peers, holders, rpki } = finding;
  return {
    kind,
    watched,
    ...(group !== undefined && { group }),
    words: words[0]!,
    prefix,
    origin: network,
    peers,
    ...(holders !== undefined && { holders: [...holders] }),
    ...(rpki !== undefined && { rpki }),
  };
}

/** What was once found stays, with its newest words. */
function mergedRoutes(kept: readonly WatchedRoute[], fresh: readonly WatchedRoute[]): WatchedRoute[] {
  const routes = new Map([...kept, ...fresh].map((route) => [`${route.kind} ${route.prefix}`, route]));
  return [...routes.values()].map((route) => {
    const before = kept.find(({ kind, prefix }) => kind === route.kind && prefix === route.prefix);
    // the words with most peers are the ones to read
    return before !== undefined && (before.peers ?? 0) > (route.peers ?? 0) ? before : route;
  });
}

/** Origin claims in the form in which other parts of the system read them. */
function claims(group: readonly Finding[], minute: Minute): IncidentEvidence['newOrigins'] {
  return group
    .filter(({ class: name }) => name === 'hijack')
    .map(({ prefix, network, peers, path }) => ({
      prefix,
      origin: network,
      previousOrigins: [],
      peers,
      path: [...path],
      minute,
    }));
}

function told({ severity, class: name, detail }: Incident): IncidentDetail['told'] {
  return { severity, class: name, watched: detail.watched.length };
}

export function opened(stream: string, subject: string, group: readonly Finding[], minute: Minute): Incident {
  const incident: Incident = {
    stream,
    subject,
    startedAt: minute,
    endedAt: null,
    lastMinute: minute,
    peakMinute: minute,
    peakScore: 0,
    severity: 'info',
    class: group[0]!.class,
    reasons: [],
    models: [WATCH],
    culprits: { prefixes: [], origins: [], peers: [] },
    detail: {
      openedBy: WATCH,
      quiet: 0,
      evidence: noEvidence(minute, baselineOf([])),
      scores: { [group[0]!.class]: 1 },
      watched: [],
      told: { severity: 'info', class: 'unknown', watched: 0 },
      explanations: {},
    },
  };
  return grown(incident, group, minute);
}

/** The incident with what holds now; what held before is kept in its list of touched prefixes. */
export function grown(before: Incident, group: readonly Finding[], minute: Minute): Incident {
  const sorted = [...group].sort(gravest);
  const [first] = sorted;
  const watched = mergedRoutes(before.detail.watched, sorted.map(watchedRoute));
  const networks = [...new Set(sorted.map(({ network }) => network).filter((network) => network !== 0))];
  const incident: Incident = {
    ...before,
    lastMinute: minute,
    severity: atLeast(first!.severity, before.severity),
    reasons: [...together(watched), ...sorted.flatMap(({ words }, at) => (at === 0 ? words : words.slice(0, 1)))].map(
      (words) => ({ class: before.class, weight: 1, words }),
    ),
    culprits: {
      prefixes: watched.map(({ prefix, peers }) => ({ name: prefix!, count: peers ?? 0 })),
      origins: networks.map((network) => ({ name: `AS${network}`, count: countOf(watched, network) })),
      peers: [],
    },
    detail: {
      ...before.detail,
      watched,
      messages: sorted.reduce((all, { messages }) => mergedMessages(all, messages), before.detail.messages ?? []),
      evidence: { ...before.detail.evidence, until: minute, newOrigins: claims(sorted, minute) },
    },
  };
  return { ...incident, detail: { ...incident.detail, told: told(incident) } };
}

/** Of several prefixes the one that most peers saw, and how many there are, before each has its own line. */
function together(watched: readonly WatchedRoute[]): string[] {
  const prefixes = new Set(watched.map(({ prefix }) => prefix)).size;
  if (prefixes < 2) return [];
  const widest = watched.reduce((most, route) => ((route.peers ?? 0) > (most.peers ?? 0) ? route : most));
  return [`${widest.words}; ${prefixes} prefixes in all`];
}

/** Prefixes that a network touched. */
function countOf(watched: readonly WatchedRoute[], network: number): number {
  return new Set(watched.filter(({ origin }) => origin === network).map(({ prefix }) => prefix)).size;
}

/** The words of a route without how many peers saw it. */
const claimOf = (words: string) => words.split(', seen by ')[0];

/** What is over is described as it was at its height, not by the last peer that still had it. */
function atHeight({ reasons, detail }: Incident): Incident['reasons'] {
  return reasons.map((reason) => {
    const route = detail.watched.find(({ words }) => claimOf(words) === claimOf(reason.words));
    return route === undefined ? reason : { ...reason, words: route.words };
  });
}

export function closed(
  open: Incident,
  last: Minute,
  closedBy: NonNullable<IncidentDetail['closedBy']>,
  words: string,
): Incident {
  const summary = together(open.detail.watched);
  return {
    ...open,
    endedAt: last + 1,
    lastMinute: last,
    reasons: [
      ...[words, ...summary].map((text) => ({ class: open.class, weight: 1, words: text })),
      ...atHeight(open).slice(summary.length),
    ],
    detail: { ...open.detail, closedBy },
  };
}
