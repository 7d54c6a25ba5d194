import type { Incident, IncidentClass, WatchedRoute } from './incident.js';

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
        : `if it was not planned, ${announcing(own)}, and call the upstreams of ${them}, which its paths name`;
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

/** The same for what the declaration alone decides, where the class says too little; undefined: as for any of the class. */
function declaredAdvice({ kind, prefix, origin }: WatchedRoute): string | undefined {
  const [what, network] = [prefix ?? 'the prefix', `AS${origin}`];
  switch (kind) {
    case 'takes foreign':
      return `if it was not planned, withdraw ${what} on your routers in ${network} now, and tell its holder; else add it to watch.prefixes`;
    case 'undeclared':
      return `if it was not planned, withdraw ${what} on your routers in ${network}; else add it to watch.prefixes`;
    case 'too long':
      return `if it was not planned, withdraw ${what} on your routers in ${network}; else raise its maximumLength`;
    case 'new neighbour':
      return `if ${network} is a new provider, peer or customer of yours, add it to watch.neighbours; else ask it where its route to ${what} comes from`;
    case 'new upstream':
      return `ask ${network} where its route to ${what} comes from: a leak, or a forged origin; if it is a new upstream of yours, add it to upstreams`;
    case 'new downstream':
      return `filter what ${network} announces to you, and call it; if it is a new customer of yours, add it to downstreams`;
    case 'path':
      return `look with your upstreams why ${what} is reached that way; if it is meant, change the rule under path`;
    default:
      return undefined;
  }
}

/** What advice depends on. */
export interface Case {
  name: IncidentClass;
  watched: Incident['detail']['watched'];
  /** A prefix or network of the operator's, if it hit one. */
  own: string | undefined;
  /** The network behind it, where one is known. */
  who: string | undefined;
}

/** What is left to do once it is over, in one sentence. */
export function adviceAfter({ name, watched, own, who }: Case): string {
  const [first] = watched;
  const network = `AS${first?.origin}`;
  switch (first?.kind) {
    case 'takes foreign':
    case 'undeclared':
    case 'too long':
      return `it is over; if it was planned, declare it, and it is not raised again; else find out how ${network} came to announce it`;
    case 'new neighbour':
      return `it is over; if ${network} is a provider, peer or customer of yours, add it to watch.neighbours`;
    case 'new upstream':
    case 'new downstream':
      return `it is over; if ${network} is meant, declare it; else ask it how the routes came about`;
    case 'path':
      return 'it is over; if the path was meant, change the rule under path';
    default:
  }
  switch (name) {
    case 'hijack':
    case 'moas':
      return own === undefined
        ? 'nothing now, it is over; if it was planned, mark it as ordinary'
        : `it is over; if it was not planned, ask ${who ?? 'the new origin'} how it came about, and its upstreams why they took it`;
    case 'leak':
      return own === undefined
        ? 'nothing now, it is over'
        : `it is over; ask ${who ?? 'the network in the middle'} which filter failed`;
    case 'outage':
      return own === undefined ? 'nothing now, it is over' : `it is over; find out what failed at ${own}`;
    case 'instability':
    case 'session reset':
      return 'nothing now, it is over';
    default:
      return 'nothing now, it is over; if it was planned, mark it as ordinary';
  }
}

/** What to do about an incident of the operator's own. */
export function ownAdvice({ name, watched, own, who }: Case): string {
  const [first] = watched;
  return (first === undefined ? undefined : declaredAdvice(first)) ?? adviceOf(name, own, who);
}
