import {
  anyNetwork,
  type Draft,
  type Draw,
  type DrawContext,
  type DrawnRoute,
  isPublic,
  isStable,
  stablePrefix,
  unannouncedPart,
} from '../event.js';

/** Most prefixes of one holder that a hijack takes. */
const MOST_PREFIXES = 4;

interface Attack {
  victim: number;
  prefixes: number[];
  network: number;
  /** By peer, its real path to the attacker. */
  paths: Map<number, number[]>;
}

/** A network without relation to the victim, reached by all peers that are to see it, and some of the victim's prefixes. */
function attack(context: DrawContext, wanted: number, part: boolean): Attack | null {
  const { view, random, peers, taken } = context;
  const first = stablePrefix(context);
  if (first === null) return null;
  const victim = view.holder(first);
  const others = random.sample(view.prefixesOf(victim), 8).filter((p) => p !== first && isStable(context, p));
  const count = random.integer(2) === 0 ? 1 : 1 + random.integer(MOST_PREFIXES);
  const targets = [first, ...others].slice(0, count);
  const prefixes = part ? targets.map((p) => unannouncedPart(context, p)).filter((p) => p !== null) : targets;
  if (prefixes.length === 0) return null;
  const network = anyNetwork(context);
  if (!isPublic(network) || network === victim || taken.networks.has(network)) return null;
  if (view.graph.areNeighbours(network, victim)) return null;
  const paths = new Map([...view.pathsTo(network, peers)].filter(([, path]) => !path.includes(victim)));
  return paths.size < wanted ? null : { victim, prefixes, network, paths };
}

/** Peers that are nearer to the attacker than to the victim go over to it first. */
function swayed({ view }: DrawContext, { paths, prefixes }: Attack, wanted: number): number[] {
  const nearer = ([peer, path]: [number, number[]]) =>
    path.length - (view.path(peer, prefixes[0]!)?.length ?? path.length);
  return [...paths]
    .sort((a, b) => nearer(a) - nearer(b) || a[0] - b[0])
    .slice(0, wanted)
    .map(([peer]) => peer);
}

function hijack(context: DrawContext, share: number, part: boolean, forged: boolean): Draft | null {
  const wanted = Math.max(1, Math.ceil(share * context.peers.length));
  const drawn = attack(context, wanted, part);
  if (drawn === null) return null;
  const { victim, network, prefixes, paths } = drawn;
  const routes = swayed(context, drawn, wanted).flatMap((peer): DrawnRoute[] => {
    const path = forged ? [...paths.get(peer)!, victim] : paths.get(peer)!;
    return prefixes.map((prefix) => ({ peer, prefix, path }));
  });
  return { networks: [network], holders: [victim], prefixes, routes, spreadSeconds: 0, end: 'restored' };
}

const half = ({ random }: DrawContext) => 0.5 + random.next() * 0.45;
const FEW = 0.1;

export const exactHijack: Draw = (context) => hijack(context, half(context), false, false);
export const subPrefixHijack: Draw = (context) => hijack(context, half(context), true, false);
export const exactFewPeers: Draw = (context) => hijack(context, FEW, false, false);
export const subPrefixFewPeers: Draw = (context) => hijack(context, FEW, true, false);
/** The attacker puts the lawful origin behind itself; one in two is for a part of the prefix. */
export const forgedOrigin: Draw = (context) => hijack(context, half(context), context.random.integer(2) === 0, true);
