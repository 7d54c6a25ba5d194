import { anyNetwork, type Draft, type Draw, type DrawContext, type DrawnRoute } from '../event.js';

/** Share of the peers that a leak reaches at least. */
const LEAST_PEERS = 0.2;
/** Peers that a large leak is written for: each repeats all routes. */
const MOST_PEERS = 12;
const CANDIDATES = 60;

/** What stands behind a network in a path, itself first and prepending left out; null when it is not in it. */
function tailFrom(path: readonly number[], network: number): number[] | null {
  const at = path.lastIndexOf(network);
  return at < 0 ? null : path.slice(at);
}

/** Routes through `provider`, as the peer with the fullest table sees them: prefix and path from the provider on. */
function routesThrough(
  { view, peers, random }: DrawContext,
  provider: number,
  without: readonly number[],
  size: number,
) {
  const fullest = [...peers].sort((a, b) => view.routesHeld(b) - view.routesHeld(a)).slice(0, 3);
  const found = new Map<number, number[]>();
  const { held } = view.lists();
  const start = random.integer(held.length);
  for (const peer of fullest) {
    for (let n = 0; n < held.length && found.size < size; n++) {
      const prefix = held[(start + n) % held.length]!;
      if (found.has(prefix) || !view.hasRoute(peer, prefix)) continue;
      const tail = tailFrom(view.path(peer, prefix) ?? [], provider);
      if (tail !== null && tail.length > 1 && !without.some((network) => tail.includes(network)))
        found.set(prefix, tail);
    }
  }
  return found;
}

/** By upstream of a network, the peers that reach the network's own prefixes through it. */
function reachedBy({ view, peers }: DrawContext, network: number): Map<number, Map<number, number[]>> {
  const by = new Map<number, Map<number, number[]>>();
  for (const [peer, path] of view.pathsTo(network, peers)) {
    const upstream = path[path.indexOf(network) - 1];
    if (upstream === undefined) continue;
    const own = by.get(upstream) ?? new Map<number, number[]>();
    by.set(upstream, own.set(peer, path.slice(0, path.indexOf(network) + 1)));
  }
  return by;
}

/** A network with two upstreams gives what it learns from one to the other, which passes it on. */
function leak(context: DrawContext, size: number): Draft | null {
  const { view, random, peers, taken } = context;
  const least = Math.max(2, Math.ceil(LEAST_PEERS * peers.length));
  for (let draw = 0; draw < CANDIDATES; draw++) {
    const network = anyNetwork(context);
    if (taken.networks.has(network) || view.graph.upstreams(network).size < 2) continue;
    for (const [receiver, heads] of reachedBy(context, network)) {
      if (heads.size < least) continue;
      const providers = [...view.graph.upstreams(network)].filter((other) => other !== receiver);
      for (const provider of random.sample(providers, 2)) {
        // whose routes it has passed on all along is its customer, and nothing new to anybody
        if (view.passesOn(network, provider)) continue;
        const usable = [...heads].filter(([, head]) => !head.includes(provider)).slice(0, MOST_PEERS);
        if (usable.length < least) continue;
        const tails = routesThrough(context, provider, [network, receiver], size);
        if (tails.size < size) continue;
        const routes = usable.flatMap(([peer, head]) =>
          [...tails]
            .filter(([, tail]) => !tail.some((hop) => head.includes(hop)))
            .map(([prefix, tail]): DrawnRoute => ({ peer, prefix, path: [...head, ...tail] })),
        );
        const prefixes = [...tails.keys()];
        return { networks: [network], holders: [], prefixes, routes, spreadSeconds: size / 100, end: 'restored' };
      }
    }
  }
  return null;
}

export const leakOfThousand: Draw = (context) => leak(context, 1000);
export const leakOfTwentyThousand: Draw = (context) => leak(context, 20_000);
