import { parseAddressBlock } from '../../addressBlock.js';
import { named, seenBy, type WatchRule } from '../finding.js';
import { standing } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** A part that is longer than declared, by a network that may announce it: most often a slip of one's own. */
export const maximumLength: WatchRule = (own, { entry, peers }) => {
  if (entry?.maximumLength === undefined) return [];
  const length = parseAddressBlock(own.prefix)?.length ?? 0;
  const routes = standing(own).filter(([, { origins }]) => origins.some((as) => own.allowed.includes(as)));
  if (length <= entry.maximumLength || routes.length === 0) return [];
  const [, { origins, hops }] = routes[0]!;
  return [
    {
      kind: 'too long',
      network: origins[0]!,
      class: 'unknown',
      severity: 'major',
      prefix: own.prefix,
      watched: entry.prefix,
      words: [
        `${named(own.prefix, entry)} is announced by AS${origins[0]}, longer than the declared /${entry.maximumLength}, ${seenBy(routes.length, peers)}`,
        `path ${hops.join(' ')}`,
      ],
      peers: routes.length,
      path: hops,
      messages: messagesOf(
        own,
        routes.map(([, route]) => route),
      ),
    },
  ];
};
