import type { BatchColumns } from '../../src/bgp/batchColumns.js';
import { NONE, ORIGIN_IGP } from '../../src/bgp/batchColumns.js';
import { UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import type { Random } from '../../src/random/random.js';
import type { DrawnRoute } from './event.js';
import type { RouteView } from './routeView.js';

/** A BGP update to be written into the recording; prefixes and peer are indices of the view. */
export interface InjectedMessage {
  timeMs: number;
  peer: number;
  /** null where it withdraws. */
  path: number[] | null;
  prefixes: number[];
}

/** Prefixes of one path that fit into a message of 4,096 bytes. */
const MOST_PREFIXES = 400;
/** Mean and most of a peer's own delay, seconds. */
const PEER_DELAY = 6;
const LONGEST_DELAY = 40;
/** Header, lengths, ORIGIN, NEXT_HOP and the head of AS_PATH, bytes. */
const FIXED_BYTES = 43;

/** Routes as messages: what a peer tells of one path goes together; the groups of a peer spread evenly. */
export function messagesOf(
  routes: readonly DrawnRoute[],
  startMs: number,
  spreadSeconds: number,
  random: Random,
): InjectedMessage[] {
  const byPeer = new Map<number, Map<string, InjectedMessage[]>>();
  for (const { peer, prefix, path } of routes) {
    const groups = byPeer.get(peer) ?? new Map<string, InjectedMessage[]>();
    byPeer.set(peer, groups);
    const key = path === null ? '' : path.join(' ');
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    const last = group.at(-1);
    if (last === undefined || last.prefixes.length === MOST_PREFIXES) {
      group.push({ timeMs: startMs, peer, path, prefixes: [prefix] });
    } else last.prefixes.push(prefix);
  }
  const messages: InjectedMessage[] = [];
  for (const groups of byPeer.values()) {
    const own = [...groups.values()].flat();
    const delay = Math.min(LONGEST_DELAY, random.exponential(PEER_DELAY));
    for (const [n, message] of own.entries()) {
      message.timeMs = Math.round(startMs + 1000 * (delay + (spreadSeconds * n) / own.length));
      messages.push(message);
    }
  }
  return messages.sort((a, b) => a.timeMs - b.timeMs || a.peer - b.peer);
}

/** The messages as a batch of the decoder's form. */
export function batchOf(messages: readonly InjectedMessage[], view: RouteView): BatchColumns {
  const builder = new UpdateBatchBuilder();
  const { peers, addresses, prefixes } = view;
  for (const { timeMs, peer, path, prefixes: list } of messages) {
    const address = peers.words[peer * 4]!;
    builder.words.set(addresses.words.subarray(address * 4, address * 4 + 4));
    const own = builder.address(addresses.shapes[address]!);
    const from = builder.peer(own, peers.words[peer * 4 + 1]!);
    builder.begin();
    for (const prefix of list) {
      builder.words.set(prefixes.words.subarray(prefix * 4, prefix * 4 + 4));
      const index = builder.prefix(prefixes.shapes[prefix]!);
      if (path === null) builder.withdraw(index, 0);
      else builder.announce(index, own, 0);
    }
    for (const hop of path ?? []) builder.paths.push(hop, 0);
    const hops = path === null ? NONE : builder.paths.close();
    const bytes = FIXED_BYTES + 4 * (path?.length ?? 0) + 4 * list.length;
    builder.commitUpdate(timeMs, from, bytes, ORIGIN_IGP, hops);
  }
  return builder.takeColumns();
}

/** Messages [from, to) of a batch, whose elements are [first, last); the dictionaries are shared. */
export function sliceColumns(
  columns: BatchColumns,
  from: number,
  to: number,
  first: number,
  last: number,
): BatchColumns {
  return {
    ...columns,
    kind: columns.kind.subarray(from, to),
    time: columns.time.subarray(from, to),
    peer: columns.peer.subarray(from, to),
    size: columns.size.subarray(from, to),
    origin: columns.origin.subarray(from, to),
    path: columns.path.subarray(from, to),
    withdrawn: columns.withdrawn.subarray(from, to),
    announced: columns.announced.subarray(from, to),
    prefix: columns.prefix.subarray(first, last),
    nextHop: columns.nextHop.subarray(first, last),
    pathId: columns.pathId.length === 0 ? columns.pathId : columns.pathId.subarray(first, last),
  };
}
