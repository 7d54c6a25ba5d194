import { type Finding, named, seenBy, type WatchRule } from '../finding.js';
import { type PeerRoute, standing } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** A network that may not originate the prefix does: a hijack, of the whole or of a part. */
export const origin: WatchRule = (own, { entry, declaration, validityOf, peers }) => {
  if (own.allowed.length === 0) return [];
  const allowed = new Set([...own.allowed, ...declaration.settings.origins]);
  const strangers = new Map<number, PeerRoute[]>();
  for (const [, route] of standing(own)) {
    // each member of an AS set may be the origin
    const network = route.origins.find((member) => !allowed.has(member));
    if (network !== undefined) strangers.set(network, [...(strangers.get(network) ?? []), route]);
  }
  return [...strangers].map(([network, routes]): Finding => {
    const validity = validityOf(own.prefix, network);
    const shared = routes.every(({ origins }) => origins.some((member) => allowed.has(member)));
    const set = shared ? `, in an AS set with AS${routes[0]!.origins.find((member) => allowed.has(member))}` : '';
    const part = entry !== undefined && entry.prefix !== own.prefix;
    const { hops } = routes[0]!;
    const rpki = validity === undefined || validity === 'not found' ? '' : `, RPKI ${validity}`;
    const expected = own.allowed.map((as) => `AS${as}`).join(', ');
    const forwards = hops.slice(0, -1).find((hop) => allowed.has(hop));
    return {
      kind: part ? 'more specific' : 'new origin',
      network,
      class: 'hijack',
      severity: validity === 'valid' ? 'minor' : shared ? 'major' : 'critical',
      prefix: own.prefix,
      watched: own.declared ?? own.prefix,
      words: [
        `your ${named(own.prefix, entry)} is announced by AS${network}${set}, ${seenBy(routes.length, peers)}${rpki}`,
        `only ${expected} may announce it; path ${hops.join(' ')}`,
        ...(forwards === undefined
          ? []
          : [`the path leads through AS${forwards}, which may: perhaps a customer of it`]),
      ],
      peers: routes.length,
      path: hops,
      messages: messagesOf(own, routes),
      holders: own.allowed.filter((network) => !declaration.settings.origins.includes(network)),
      ...(validity !== undefined && { rpki: validity }),
    };
  });
};
