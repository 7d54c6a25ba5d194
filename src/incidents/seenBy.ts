import type { OriginFacts } from '../features/row.js';

/** A claim as it was seen: who has the new route, and of whom. */
export interface Seen {
  peers: number;
  /** Of all peers that have a route to the prefix, where it is not a part of a block that nobody had before. */
  routes?: number;
}

/** What the table held when the minute closed: while routes spread, more peers may have shown one than kept it. */
export function seenOf(route: { peers: number; facts?: OriginFacts; covering?: string }): Seen {
  const { peers, facts, covering } = route;
  if (facts === undefined) return { peers };
  return covering === undefined ? { peers: facts.taken, routes: facts.routes } : { peers: facts.taken };
}

/** "12 of the 78 peers that have a route to it", or of all peers where that says more. */
export function seenWords({ peers, routes }: Seen, all: number): string {
  if (routes !== undefined) return `${peers} of the ${Math.max(peers, routes)} peers that have a route to it`;
  return `${peers} of ${Math.max(peers, all)} peers`;
}
