import {
  canBeCut,
  type Draft,
  type Draw,
  type DrawContext,
  type DrawnRoute,
  isPublic,
  isStable,
  stablePrefix,
  unannouncedPart,
} from '../event.js';

/** Networks with more downstreams are carriers, not customers. */
const CUSTOMER = 3;
const MOST_PEERING_ROUTES = 300;
/** Neighbours of a network that may sell scrubbing: known well, and no carrier of half of the world. */
const SCRUBBER = [20, 200] as const;

const share = ({ random }: DrawContext, least: number) => least + random.next() * (0.95 - least);

/** By peer the path to a network, of so large a share of the peers; null when too few reach it. */
function pathsOf(context: DrawContext, network: number, part: number): [number, number[]][] | null {
  const { view, random, peers, taken } = context;
  if (!isPublic(network) || taken.networks.has(network)) return null;
  const paths = [...view.pathsTo(network, peers)];
  const wanted = Math.ceil(part * peers.length);
  return paths.length < wanted ? null : random.sample(paths, wanted);
}

const announced = (paths: readonly [number, number[]][], prefixes: readonly number[], behind: number[] = []) =>
  paths.flatMap(([peer, path]) => prefixes.map((prefix): DrawnRoute => ({ peer, prefix, path: [...path, ...behind] })));

function draft(
  networks: number[],
  holders: number[],
  prefixes: number[],
  routes: DrawnRoute[],
  end: Draft['end'],
): Draft {
  return { networks, holders, prefixes, routes, spreadSeconds: 0, end };
}

/** A customer announces a part of its provider's block, as it was assigned. */
export const customerInProvider: Draw = (context) => {
  const { view, random } = context;
  const block = stablePrefix(context, (prefix) => canBeCut(view, prefix));
  if (block === null) return null;
  const provider = view.holder(block);
  const customers = [...view.graph.downstreams(provider)].filter(
    (network) => view.graph.downstreams(network).size <= CUSTOMER && view.prefixesOf(network).length > 0,
  );
  if (customers.length === 0) return null;
  const customer = random.pick(customers);
  const part = unannouncedPart(context, block);
  const paths = pathsOf(context, customer, share(context, 0.5));
  if (part === null || paths === null) return null;
  return draft([customer], [provider], [part], announced(paths, [part]), 'stays');
};

/** A network next to the holder, or behind the same provider: what siblings of one owner look like from outside. */
function relative({ view, random }: DrawContext, holder: number): number | null {
  const { graph } = view;
  const near = [...graph.upstreams(holder), ...graph.downstreams(holder)];
  const around = [...graph.upstreams(holder)].flatMap((provider) => [...graph.downstreams(provider)]);
  const list = (random.integer(10) < 6 ? near : around).filter(
    (network) => network !== holder && view.prefixesOf(network).length > 0,
  );
  return list.length === 0 ? null : random.pick(list);
}

/** All of a few prefixes go over to a relative, for good. */
export const siblingTakesOver: Draw = (context) => {
  const { view, random } = context;
  const first = stablePrefix(context);
  if (first === null) return null;
  const holder = view.holder(first);
  const sibling = relative(context, holder);
  const paths = sibling === null ? null : pathsOf(context, sibling, share(context, 0.6));
  if (sibling === null || paths === null) return null;
  const more = view.prefixesOf(holder).filter((prefix) => prefix !== first && isStable(context, prefix));
  const prefixes = [first, ...random.sample(more, random.integer(3))];
  return draft([sibling], [holder], prefixes, announced(paths, prefixes), 'stays');
};

/** A second origin beside the first, for good; some of the peers are nearer to it. */
export const anycast: Draw = (context) => {
  const { view } = context;
  const prefix = stablePrefix(context, (candidate) => view.isIpv6(candidate) || view.length(candidate) === 24);
  if (prefix === null) return null;
  const second = relative(context, view.holder(prefix));
  const paths = second === null ? null : pathsOf(context, second, share(context, 0.3));
  if (second === null || paths === null) return null;
  return draft([second], [view.holder(prefix)], [prefix], announced(paths, [prefix]), 'stays');
};

/** One service draws the traffic of a part of a block to itself, and brings it to the holder; of neighbours it is the origin. */
export const scrubbing: Draw = (context) => {
  const { view, random, taken, scrubber } = context;
  if (scrubber.network === null) {
    const fit = view.graph
      .transits(SCRUBBER[0])
      .filter((network) => view.graph.downstreams(network).size <= SCRUBBER[1] && !taken.networks.has(network));
    const found = random
      .sample(fit, 40)
      .find((network) => view.pathsTo(network, context.peers).size >= context.peers.length * 0.8);
    if (found === undefined) return null;
    scrubber.network = found;
  }
  const service = scrubber.network;
  const block = stablePrefix(context, (prefix) => canBeCut(view, prefix) && view.holder(prefix) !== service);
  if (block === null) return null;
  const holder = view.holder(block);
  const part = unannouncedPart(context, block);
  const paths = [...view.pathsTo(service, context.peers)].filter(([, path]) => !path.includes(holder));
  if (part === null || paths.length < context.peers.length / 2) return null;
  const asOrigin = view.graph.areNeighbours(service, holder) && random.integer(2) === 0;
  return draft([service], [holder], [part], announced(paths, [part], asOrigin ? [] : [holder]), 'restored');
};

/** Two networks meet, and the one's own and its customers' routes run through the other, for good: as valleys go, none. */
export const newPeering: Draw = (context) => {
  const { view, random, peers } = context;
  const transits = view.graph.transits(5);
  const [left, right] = random.sample(transits, 2);
  if (left === undefined || right === undefined || view.graph.areNeighbours(left, right)) return null;
  const paths = pathsOf(context, left, 0.3);
  if (paths === null) return null;
  const customers = [...view.graph.downstreams(right)].filter((n) => view.graph.downstreams(n).size <= CUSTOMER);
  const tails = new Map<number, number[]>(view.prefixesOf(right).map((prefix) => [prefix, [right]]));
  for (const customer of customers)
    for (const prefix of view.prefixesOf(customer)) tails.set(prefix, [right, customer]);
  const chosen = random.sample([...tails], 5 + random.integer(MOST_PEERING_ROUTES - 5));
  if (chosen.length < 5 || peers.length === 0) return null;
  const routes = paths.flatMap(([peer, path]) =>
    chosen
      .filter(([, tail]) => !tail.some((hop) => path.includes(hop)))
      .map(([prefix, tail]): DrawnRoute => ({ peer, prefix, path: [...path, ...tail] })),
  );
  const prefixes = chosen.map(([prefix]) => prefix);
  return draft([left, right], [right], prefixes, routes, 'stays');
};

/** A network moves into a block of a provider that is new to it; its old prefix goes when the event ends. */
export const renumbering: Draw = (context) => {
  const { view } = context;
  const old = stablePrefix(context);
  const block = stablePrefix(
    context,
    (prefix) => canBeCut(view, prefix) && view.graph.downstreams(view.holder(prefix)).size > CUSTOMER,
  );
  if (old === null || block === null) return null;
  const network = view.holder(old);
  const provider = view.holder(block);
  if (network === provider || view.graph.areNeighbours(network, provider)) return null;
  const part = unannouncedPart(context, block);
  const paths = pathsOf(context, provider, share(context, 0.5))?.filter(([, path]) => !path.includes(network)) ?? null;
  if (part === null || paths === null) return null;
  const gone = context.peers
    .filter((peer) => view.hasRoute(peer, old))
    .map((peer) => ({ peer, prefix: old, path: null }));
  return draft([network], [provider], [part, old], announced(paths, [part], [network]), gone);
};
