import type { IncidentClass } from './incident.js';

/** The longest prefixes that most networks accept from others, in bits (RFC 7454, section 6.1.3). */
const LONGEST = { 4: 24, 6: 48 };

/** How the holder gets traffic back: longer parts win, unless they would be too long to spread. */
function announcing(own: string): string {
  const longest = LONGEST[own.includes(':') ? 6 : 4];
  const length = Number(own.split('/')[1] ?? longest);
  return length < longest
    ? `announce more-specifics of ${own}`
    : `make sure that you announce ${own} yourself (longer prefixes do not spread)`;
}

/** What the reader of a notice should do first, in one sentence. `who` is the network behind it, where one is known. */
export function adviceOf(name: IncidentClass, own: string | undefined, who: string | undefined): string {
  const them = who ?? 'the new origin';
  switch (name) {
    case 'hijack':
    case 'moas':
      return own === undefined
        ? 'if the prefixes are those of a customer, call the upstreams of the new origin; else there is nothing to do'
        : `if it was not planned, ${announcing(own)}, and call the upstreams of ${them}: the page shows the paths`;
    case 'leak':
      return own === undefined
        ? 'if your routes go that way, filter that neighbour until it is fixed'
        : `call ${who ?? 'the network in the middle'} and the networks that accepted its routes to ${own}; filter it until it is fixed`;
    case 'outage':
      return own === undefined
        ? 'check whether you can reach the networks, and ask their upstreams'
        : `check your routers and sessions for ${own}, then ask your upstreams`;
    case 'instability':
      return own === undefined
        ? 'look who stands out: many networks at once share a link or an exchange'
        : `look whether a session or link of ${own} flaps`;
    case 'session reset':
      return 'nothing in the networks themselves: look whether the peer of the collector stays up';
    default:
      return own === undefined ? 'look at the charts on the page' : `check ${own}, and look at the charts on the page`;
  }
}
