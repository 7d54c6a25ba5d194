import { named, type WatchRule } from '../finding.js';
import { standing } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** The prefix was withdrawn by many of the peers that had it, and has stayed so. */
export const visibility: WatchRule = (own, { entry }) => {
  if (!own.lost) return [];
  const gone = [...own.routes.values()].filter(({ lostMs }) => lostMs !== null);
  const left = standing(own).length;
  const path = gone[0]?.hops ?? [];
  const network = gone[0]?.origins[0] ?? own.allowed[0] ?? 0;
  return [
    {
      kind: 'withdrawn',
      network,
      class: 'outage',
      severity: 'critical',
      prefix: own.prefix,
      watched: own.declared ?? `AS${network}`,
      words: [
        `your ${named(own.prefix, entry)} is losing visibility: ${gone.length} of ${gone.length + left} peers withdrew it`,
        ...(path.length === 0 ? [] : [`path before: ${path.join(' ')}`]),
      ],
      peers: gone.length,
      path,
      messages: messagesOf(own, gone),
    },
  ];
};
