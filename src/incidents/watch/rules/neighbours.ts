import { type Finding, named, seenBy, type WatchRule } from '../finding.js';
import { type PeerRoute, standing, withoutPrepends } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** Who comes before and behind the operator's network in a path; without one, who comes before the origin. */
export function neighboursIn(
  hops: readonly number[],
  networks: ReadonlySet<number>,
): { own: number; upstream: number | undefined; downstream: number | undefined } {
  const path = withoutPrepends(hops);
  const first = path.findIndex((hop) => networks.has(hop));
  const at = first < 0 ? path.length - 1 : first;
  let last = at;
  while (last + 1 < path.length && networks.has(path[last + 1]!)) last++;
  return { own: path[at]!, upstream: path[at - 1], downstream: path[last + 1] };
}

/** A network passes the prefix on that should not: a leak, or a hijack with a forged origin. */
export const neighbours: WatchRule = (own, { entry, declaration, peers }) => {
  const { settings, networks } = declaration;
  const upstreams = entry?.upstreams ?? settings.upstreams;
  const downstreams = entry?.downstreams ?? settings.downstreams;
  if ((upstreams === undefined && downstreams === undefined) || own.allowed.length === 0) return [];
  const found = new Map<string, { network: number; side: 'upstream' | 'downstream'; routes: PeerRoute[] }>();
  const note = (network: number, side: 'upstream' | 'downstream', route: PeerRoute) => {
    const key = `${side} ${network}`;
    const known = found.get(key) ?? { network, side, routes: [] };
    known.routes.push(route);
    found.set(key, known);
  };
  for (const [, route] of standing(own)) {
    // who may not originate it is a finding of its own
    if (route.hops.length === 0 || !route.origins.some((as) => own.allowed.includes(as))) continue;
    const { upstream, downstream } = neighboursIn(route.hops, networks);
    if (upstream !== undefined && upstreams?.includes(upstream) === false) {
      note(upstream, 'upstream', route);
    }
    if (downstream !== undefined && downstreams?.includes(downstream) === false) {
      note(downstream, 'downstream', route);
    }
  }
  return [...found.values()].map(({ network, side, routes }): Finding => {
    const { hops } = routes[0]!;
    const expected = (side === 'upstream' ? upstreams : downstreams)?.map((as) => `AS${as}`).join(', ') || 'none';
    return {
      kind: side === 'upstream' ? 'new upstream' : 'new downstream',
      network,
      class: side === 'upstream' ? 'hijack' : 'leak',
      severity: 'major',
      prefix: own.prefix,
      watched: own.declared ?? own.prefix,
      words: [
        `your ${named(own.prefix, entry)} has AS${network} as ${side}, ${seenBy(routes.length, peers)}`,
        `expected: ${expected}; path ${hops.join(' ')}${side === 'upstream' ? '; the origin may be forged' : ''}`,
      ],
      peers: routes.length,
      path: hops,
      messages: messagesOf(own, routes),
    };
  });
};
