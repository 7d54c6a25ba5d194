import type { Pool } from 'pg';
import type { FeatureBlock, Minute } from '../features/row.js';
import { busiestPeers, minutesOfPeer, type PeerMinute } from '../storage/peerRoutes.js';

/** With fewer peers one of them is always large, and there is nothing to compare it with. */
const LEAST_PEERS = 4;
/** Largest share of a window's minutes that is left out for the sake of one peer. */
const MOST_LEFT_OUT = 0.25;

/** What one peer, whoever can announce to it or through it, has to do with a window. */
export interface OnePeer {
  peer: string;
  /** Its share of the window's routes before anything was left out, and after. */
  share: number;
  shareAfter: number;
  limit: number;
  /** Minutes that were left out. */
  leftOut: number;
}

/**
 * Which minutes go so that one peer has at most `limit` of the routes of those that stay: those first in which it has the
 * most over its limit, so that few go. The feature rows are sums over peers and cannot be taken apart again; what a
 * flood from one peer looks like must not become the idea of ordinary for all.
 */
export function minutesOverLimit(
  minutes: readonly PeerMinute[],
  limit: number,
): { minutes: Set<Minute>; share: number; shareAfter: number } {
  let ofPeer = 0;
  let routes = 0;
  for (const minute of minutes) {
    ofPeer += minute.ofPeer;
    routes += minute.routes;
  }
  const share = routes === 0 ? 0 : ofPeer / routes;
  const over = ({ ofPeer: own, routes: all }: PeerMinute): number => own - limit * all;
  const leftOut = new Set<Minute>();
  const most = Math.floor(MOST_LEFT_OUT * minutes.length);
  for (const minute of [...minutes].sort((a, b) => over(b) - over(a) || a.minute - b.minute)) {
    if (ofPeer <= limit * routes || leftOut.size >= most || over(minute) <= 0) break;
    leftOut.add(minute.minute);
    ofPeer -= minute.ofPeer;
    routes -= minute.routes;
  }
  return { minutes: leftOut, share, shareAfter: routes === 0 ? 0 : ofPeer / routes };
}

/** The block with some of its minutes unusable. */
function without(block: FeatureBlock, minutes: ReadonlySet<Minute>): FeatureBlock {
  return { ...block, usable: block.usable.map((usable, row) => (minutes.has(block.minutes[row]!) ? 0 : usable)) };
}

/**
 * Keeps one peer from dominating a window: its busiest minutes become unusable.
 * @returns the block, and what was done; null where no peer is over the limit or too few peers are known
 */
export async function boundPeer(
  pool: Pool,
  stream: string,
  block: FeatureBlock,
  limit: number,
): Promise<{ block: FeatureBlock; onePeer: OnePeer | null }> {
  const rows = block.minutes.length;
  if (rows === 0 || limit >= 1) return { block, onePeer: null };
  const [from, until] = [block.minutes[0]!, block.minutes[rows - 1]! + 1];
  const peers = await busiestPeers(pool, stream, from, until);
  const routes = peers.reduce((sum, peer) => sum + peer.routes, 0);
  if (peers.length < LEAST_PEERS || peers[0]!.routes <= limit * routes) return { block, onePeer: null };
  const { peer } = peers[0]!;
  const over = minutesOverLimit(await minutesOfPeer(pool, stream, peer, from, until), limit);
  const { share, shareAfter } = over;
  return {
    block: without(block, over.minutes),
    onePeer: { peer, share, shareAfter, limit, leftOut: over.minutes.size },
  };
}
