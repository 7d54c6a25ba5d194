import { hopsToLink } from './descent.js';
import type { AnnouncedPrefixes } from './routes/announcedPrefixes.js';
import type { LinkTable } from './routes/linkTable.js';
import type { NetworkTable } from './routes/networkTable.js';
import type { PathTable } from './routes/pathTable.js';
import type { PeerTable } from './routes/peerTable.js';
import type { PrefixTable } from './routes/prefixTable.js';
import { type RouteTable, WITHDRAWN } from './routes/routeTable.js';

/** Minutes after which what was learnt counts as known before an event: its first news came with the event itself. */
export const SETTLED = 30;

/** What a stream has learnt of the world's routes. */
export interface KnownRoutes {
  readonly peers: PeerTable;
  readonly prefixes: PrefixTable;
  readonly announced: AnnouncedPrefixes;
  readonly paths: PathTable;
  readonly routes: RouteTable;
  readonly links: LinkTable;
  readonly networks: NetworkTable;
}

/** A prefix and a network that began to originate it, or a part of what others hold. */
export interface OriginEvent {
  prefix: number;
  origin: number;
  holders: readonly number[];
  /** The holders' block around the prefix, -1 for the prefix itself. */
  covering: number;
  /** A path to it, from the peer to the origin. */
  path: readonly number[];
  /** Networks through which routes came down to the holders when the event began. */
  above: readonly number[];
  /** Routes that led to the holders then. Absent in events of older snapshots. */
  reach?: number;
  /** The holder itself is still at the end of the path, behind the origin of this event: so many of its prefixes are. */
  forged?: number;
}

/** Present routes to the event's prefix, those of them that lead to a holder, and to the new origin. */
export function routesTo(
  { routes, paths, peers }: KnownRoutes,
  { prefix, origin, holders, forged }: Omit<OriginEvent, 'path' | 'covering' | 'above'>,
): { routes: number; held: number; taken: number } {
  const counts = { routes: 0, held: 0, taken: 0 };
  for (let peer = 0; peer < peers.high; peer++) {
    const route = routes.find(peer, prefix, 0);
    const path = route < 0 ? WITHDRAWN : routes.path(route);
    if (path === WITHDRAWN) continue;
    counts.routes++;
    const end = paths.origin(path);
    if (forged ? end === holders[0] && hopsToLink(paths.tokensOf(path), origin, end) >= 0 : end === origin)
      counts.taken++;
    else if (holders.includes(end)) counts.held++;
  }
  return counts;
}
