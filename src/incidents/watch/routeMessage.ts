import type { RouteMessage } from '../incident.js';
import type { OwnPrefix, PeerRoute } from './ownPrefix.js';

/** Messages that are kept of an incident: the first ones, which led to it. */
export const MESSAGES = 20;

const byTime = (a: RouteMessage, b: RouteMessage) =>
  a.at < b.at ? -1 : a.at > b.at ? 1 : a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : a.prefix < b.prefix ? -1 : 1;

/** What the peers said that have, or have lost, these routes of one prefix; the earliest ones. */
export function messagesOf({ prefix, routes }: OwnPrefix, chosen: readonly PeerRoute[]): RouteMessage[] {
  const wanted = new Set(chosen);
  return [...routes]
    .filter(([, route]) => wanted.has(route))
    .map(([peer, { hops, sinceMs, lostMs, fromTable }]): RouteMessage => {
      const kind = lostMs !== null ? 'withdrawal' : fromTable === true ? 'table dump' : 'announcement';
      return { at: new Date(lostMs ?? sinceMs).toISOString(), peer, kind, prefix, path: [...hops] };
    })
    .sort(byTime)
    .slice(0, MESSAGES);
}

/** The earliest of both, each once. */
export function mergedMessages(kept: readonly RouteMessage[], fresh: readonly RouteMessage[]): RouteMessage[] {
  const all = [...kept, ...fresh].map((one) => [`${one.at} ${one.peer} ${one.kind} ${one.prefix}`, one] as const);
  return [...new Map(all).values()].sort(byTime).slice(0, MESSAGES);
}

/** One line for people: "00:01:00 192.0.2.1 announcement 198.51.100.0/24, path 64496 65000 64666". */
export function messageWords({ at, peer, kind, prefix, path }: RouteMessage): string {
  const words = kind === 'withdrawal' ? 'path before' : 'path';
  return `${at.slice(11, 19)} ${peer} ${kind} ${prefix}, ${words} ${path.join(' ')}`;
}
