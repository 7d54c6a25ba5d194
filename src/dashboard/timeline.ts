import type { MinuteEvidence } from '../features/row.js';
import { seenOf, seenWords } from '../incidents/seenBy.js';
import { plural } from '../words/plural.js';
import type { Gap, Incident, IncidentRow } from './api/schema.js';

const MINUTE = 60_000;
const MOST_OF_A_KIND = 6;
/** A prefix that so few peers had is ordinary churn when one of them withdraws it. */
const FEWEST_PEERS = 3;

/** A version that began to serve while the incident went on. */
export interface Activation {
  at: number;
  kind: string;
  version: number;
  reason: string;
}

/** What an incident's own row knows of its course. */
export interface Course {
  /** When the last of its routes was withdrawn or went back; null while one stands, or where that did not end it. */
  returnedAt: number | null;
  /** The first messages that led to it, oldest first. */
  messages: readonly { at: number; kind: string; prefix: string; path: readonly number[] }[];
}

/** What happened in an incident, in the order of the minutes, in words. Times in milliseconds. */
export function timelineOf(
  incident: IncidentRow,
  endingWords: string,
  acknowledgedAt: number | null,
  score: Incident['score'],
  evidence: readonly { minute: number; evidence: Partial<MinuteEvidence> }[],
  gaps: readonly Gap[],
  activations: readonly Activation[] = [],
  height: { at: number; words: string } | null = null,
  { returnedAt, messages }: Course = { returnedAt: null, messages: [] },
): Incident['timeline'] {
  const events: Incident['timeline'] = [{ at: incident.startedAt, kind: 'start', words: 'The incident begins' }];
  if (incident.foundAt > incident.startedAt) {
    const minutes = Math.round((incident.foundAt - incident.startedAt) / MINUTE);
    events.push({ at: incident.foundAt, kind: 'found', words: `Found, ${plural(minutes, 'minute')} after it began` });
  }
  if (incident.peakScore > 0) {
    events.push({ at: incident.peakMinute, kind: 'peak', words: `Highest score, ${incident.peakScore.toFixed(2)}` });
  }
  if (incident.endedAt !== null) {
    const after = (at: number) => `after ${plural(Math.round((at - incident.startedAt) / MINUTE), 'minute')}`;
    // Models go on flagging what the return of the routes moved: the incident ends with that, not with the routes.
    const early = returnedAt !== null && returnedAt >= incident.startedAt && returnedAt < incident.endedAt - MINUTE;
    if (early) events.push({ at: returnedAt, kind: 'return', words: `${endingWords}, ${after(returnedAt)}` });
    const words = early ? 'It ends: what models flagged of it has passed' : endingWords;
    events.push({ at: incident.endedAt, kind: 'end', words: `${words}, ${after(incident.endedAt)}` });
  }
  const seen = new Map<string, number>();
  /** Prefixes with the origins that took them. */
  const takers = new Set<string>();
  const holders = new Set<string>();
  /** The minute in which most went back. */
  let greatest: (ReturnType<typeof returns> & { minute: number }) | null = null;
  const add = (kind: string, key: string, at: number, words: string) => {
    if (seen.has(key)) return;
    seen.set(key, at);
    const alike = (seen.get(`count ${kind}`) ?? 0) + 1;
    seen.set(`count ${kind}`, alike);
    if (alike <= MOST_OF_A_KIND) events.push({ at, kind, words });
    else if (alike === MOST_OF_A_KIND + 1) events.push({ at, kind, words: 'More of the same follow' });
  };
  // Rows list what is new once a stream is warm; the watch sees the first message.
  for (const { at, kind, prefix, path } of messages) {
    const origin = path.at(-1);
    if (kind !== 'announcement' || origin === undefined) continue;
    // by its minute: it comes before what the row of that minute says
    const minute = Math.floor(at / MINUTE) * MINUTE;
    add('message', `message ${prefix} ${origin}`, minute, `AS${origin} announces ${prefix}: the first message of it`);
  }
  for (const { minute, evidence: found } of evidence) {
    for (const route of found.newOrigins ?? []) {
      takers.add(`${route.prefix} ${route.origin}`);
      const held = route.previousOrigins.map((origin) => `AS${origin}`).join(', ') || 'nobody';
      add(
        'origin',
        `origin ${route.prefix} ${route.origin}`,
        minute,
        `AS${route.origin} announces ${route.prefix}, until then announced by ${held}; ${sightWords(route)}`,
      );
    }
    for (const route of found.moreSpecifics ?? []) {
      const held = route.coveringOrigins.map((origin) => `AS${origin}`).join(', ');
      add(
        'origin',
        `specific ${route.prefix} ${route.origin}`,
        minute,
        `AS${route.origin} announces ${route.prefix}, inside ${route.covering} of ${held}; ${sightWords(route)}`,
      );
    }
    for (const link of found.newLinks ?? []) {
      add(
        'link',
        `link ${link.left} ${link.right}`,
        minute,
        `Paths cross AS${link.left} to AS${link.right} for the first time; ${plural(link.routes, 'route')}`,
      );
    }
    for (const { prefix, before, during } of found.paths ?? []) {
      const [left, taken] = [`${prefix} ${before.at(-1)}`, `${prefix} ${during.at(-1)}`];
      if (before.length === 0 || left === taken || takers.has(left) || holders.has(taken)) continue;
      holders.add(left);
      takers.add(taken);
    }
    const back = returns(found.paths ?? [], takers);
    if (back.routes > (greatest?.routes ?? 0)) greatest = { minute, ...back };
    for (const route of found.withdrawn ?? []) {
      if (minute < incident.startedAt || route.peersBefore < FEWEST_PEERS) continue;
      if (returnedAt !== null && minute > returnedAt) continue;
      if (route.peers * 2 < route.peersBefore) continue;
      add(
        'withdrawal',
        `withdrawal ${route.prefix}`,
        minute,
        `${route.prefix} of AS${route.origin} withdrawn by ${route.peers} of ${route.peersBefore} peers`,
      );
    }
    for (const reset of found.resets ?? []) {
      add(
        'session',
        `session ${reset.peer} ${reset.state}`,
        minute,
        `Session of peer ${reset.peer} (AS${reset.peerAs}) ${reset.state === 'down' ? 'went down' : 'came up'}`,
      );
    }
  }
  if (height !== null && height.at >= incident.startedAt) events.push({ ...height, kind: 'height' });
  if (greatest !== null) {
    const { minute, prefixes, routes } = greatest;
    const words = `${prefixes.size === 1 ? '1 prefix goes back to who held it' : `${prefixes.size} prefixes go back to who held them`}: ${plural(routes, 'route')} at once, such as of ${[...prefixes][0]}`;
    events.push({ at: minute, kind: 'return', words });
  }
  for (const { at, kind, version, reason } of activations) {
    // The rest of the reason is the gate's figures, which the model's page has.
    const why = reason.split(':')[0] ?? reason;
    events.push({
      at,
      kind: 'model',
      words: `Version ${version} of ${kind.replaceAll('_', ' ')} serves from here on: ${why}`,
    });
  }
  for (const gap of gaps) events.push({ at: gap.since, kind: 'gap', words: `The feed was away: ${gap.reason}` });
  if (acknowledgedAt !== null && acknowledgedAt >= incident.startedAt && score.times.length > 0) {
    const newest = score.times.at(-1) ?? 0;
    // Simulated dates and the wall clock do not share an axis.
    if (Math.abs(acknowledgedAt - newest) < 30 * 1440 * MINUTE) {
      events.push({
        at: acknowledgedAt,
        kind: 'note',
        words: `Acknowledged by ${incident.acknowledgedBy ?? 'somebody'}`,
      });
    }
  }
  return events.sort((a, b) => a.at - b.at);
}

/** In the numbers of the incident's reasons. */
function sightWords(route: Parameters<typeof seenOf>[0]): string {
  const { peers, routes } = seenOf(route);
  if (routes !== undefined) return `seen by ${seenWords({ peers, routes }, 0)}`;
  return `${plural(peers, 'peer')} ${peers === 1 ? 'sees' : 'see'} it`;
}

/** Recorded routes that leave an origin which took their prefix, and the prefixes. */
function returns(
  paths: NonNullable<MinuteEvidence['paths']>,
  takers: ReadonlySet<string>,
): { routes: number; prefixes: Set<string> } {
  const prefixes = new Set<string>();
  let routes = 0;
  for (const { prefix, before, during } of paths) {
    if (!takers.has(`${prefix} ${before.at(-1)}`) || takers.has(`${prefix} ${during.at(-1)}`)) continue;
    prefixes.add(prefix);
    routes++;
  }
  return { routes, prefixes };
}
