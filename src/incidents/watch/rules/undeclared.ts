import { type Finding, seenBy, type WatchRule } from '../finding.js';
import { type PeerRoute, standing } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** A network of the operator's announces what is somebody else's, or what was not declared. */
export const undeclared: WatchRule = (own, { declaration, validityOf, peers }) => {
  if (own.declared !== null) return [];
  const byNetwork = new Map<number, PeerRoute[]>();
  for (const [, route] of standing(own)) {
    const network = route.origins.find((as) => declaration.networks.has(as));
    if (network !== undefined) byNetwork.set(network, [...(byNetwork.get(network) ?? []), route]);
  }
  return [...byNetwork].flatMap(([network, routes]): Finding[] => {
    if (own.allowed.includes(network)) return [];
    const validity = validityOf(own.prefix, network);
    const foreign = own.holder !== 0;
    const rpki = validity === undefined || validity === 'not found' ? '' : `, RPKI ${validity}`;
    const whose = foreign ? `which AS${own.holder} holds` : 'which is not declared as yours';
    const { hops } = routes[0]!;
    return [
      {
        kind: foreign ? 'takes foreign' : 'undeclared',
        network,
        class: foreign ? 'hijack' : 'unknown',
        severity: validity === 'valid' ? 'minor' : foreign || validity === 'invalid' ? 'critical' : 'major',
        prefix: own.prefix,
        watched: `AS${network}`,
        ...declaration.groupOf(network),
        words: [
          `your AS${network} announces ${own.prefix}, ${whose}; ${seenBy(routes.length, peers)}${rpki}`,
          `path ${hops.join(' ')}; withdraw it, or add it to watch.prefixes`,
        ],
        peers: routes.length,
        path: hops,
        messages: messagesOf(own, routes),
        ...(foreign && { holders: [own.holder] }),
        ...(validity !== undefined && { rpki: validity }),
      },
    ];
  });
};
