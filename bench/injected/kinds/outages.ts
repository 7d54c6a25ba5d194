import { type Draft, type Draw, type DrawContext, isStable, stablePrefix } from '../event.js';

const LEAST_PREFIXES = 10;
const MOST_PREFIXES = 3000;
/** A transit takes at least so many single-homed networks with it. */
const LEAST_CUSTOMERS = 3;

function withdrawn({ view, peers }: DrawContext, networks: number[], prefixes: number[]): Draft {
  const routes = prefixes.flatMap((prefix) =>
    peers.filter((peer) => view.hasRoute(peer, prefix)).map((peer) => ({ peer, prefix, path: null })),
  );
  const holders = [...new Set(prefixes.map((prefix) => view.holder(prefix)))].filter((network) => network !== 0);
  return { networks, holders, prefixes, routes, spreadSeconds: 20, end: 'restored' };
}

const wellKnown = (context: DrawContext, prefixes: readonly number[]) =>
  prefixes.filter((prefix) => isStable(context, prefix)).length;

/** All prefixes of one network go. */
export const outageOfNetwork: Draw = (context) => {
  const { view } = context;
  const first = stablePrefix(context);
  if (first === null) return null;
  const network = view.holder(first);
  const own = view.prefixesOf(network);
  if (wellKnown(context, own) < LEAST_PREFIXES || own.length > MOST_PREFIXES) return null;
  // the lists are some minutes old, in which a part of it may have come back
  return withdrawn(context, [network], view.heldNow([network]));
};

/** A network goes with those that are reached through it alone. */
export const outageOfTransit: Draw = (context) => {
  const { view, random, taken } = context;
  const network = random.pick(view.graph.transits(LEAST_CUSTOMERS));
  if (taken.networks.has(network)) return null;
  const alone = [...view.graph.downstreams(network)].filter((other) => view.graph.upstreams(other).size === 1);
  const behind = alone.filter((other) => wellKnown(context, view.prefixesOf(other)) > 0);
  if (behind.length < LEAST_CUSTOMERS) return null;
  const lost = [network, ...alone].flatMap((other) => view.prefixesOf(other));
  if (wellKnown(context, lost) < LEAST_PREFIXES || lost.length > MOST_PREFIXES) return null;
  return withdrawn(context, [network], view.heldNow([network, ...alone]));
};
