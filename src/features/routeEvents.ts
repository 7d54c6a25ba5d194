import type { FollowedEvents } from './followedEvents.js';
import { LISTED, type OpenMinute, SAMPLE_PREFIXES } from './openMinute.js';
import type { OriginEvent } from './originEvent.js';
import type { RouteFacts } from './routeFacts.js';
import type { PrefixTable } from './routes/prefixTable.js';
import type { MinuteEvidence, NewTail, NewTransit } from './row.js';
import { byText } from './textOrder.js';

/** Route events are judged one by one, so the list is long: only a leaked full table exceeds it. */
export const LISTED_EVENTS = 400;
const LISTED_TRANSITS = 200;

/** New origins, parts of others' blocks and new networks before an origin: this minute's, and those of the minutes before that still spread. */
export function originEvents(
  open: OpenMinute,
  facts: RouteFacts,
  followed: FollowedEvents,
): Pick<MinuteEvidence, 'newOrigins' | 'moreSpecifics' | 'tails'> {
  const { prefixes } = facts.known;
  const before = pathsBefore(open);
  const begun = followed.beginnings();
  const from = (event: Omit<OriginEvent, 'above'> & { peers: number }) => ({
    ...event,
    // in later minutes the routes that went over already lead to the holders no more
    ...(begun(event) ?? facts.holding(event, before(event.prefix))),
  });
  const listed: (OriginEvent & { peers: number })[] = [
    ...listedEvents([...open.origins.values()], prefixes).map(({ previousOrigins, peers, ...event }) => ({
      ...event,
      holders: previousOrigins,
      covering: -1,
      peers: peers.length,
    })),
    ...listedEvents([...open.specifics.values()], prefixes).map(({ coveringOrigins, peers, ...event }) => ({
      ...event,
      holders: coveringOrigins,
      peers: peers.length,
    })),
    ...newTails(open, facts),
  ].map(from);
  const spreading = followed.spreading(open.minute, listed).map((event) => ({ ...event, peers: 0 }));
  followed.follow(listed, open.minute);
  const events = [...listed, ...spreading];
  const known = facts.ofOrigins(events);
  const newOrigins: MinuteEvidence['newOrigins'] = [];
  const moreSpecifics: MinuteEvidence['moreSpecifics'] = [];
  const tails: NewTail[] = [];
  for (const [at, event] of events.entries()) {
    const { prefix, origin, holders, covering, peers } = event;
    const path = event.forged ? facts.pathTo(event) : [...event.path];
    const route = { prefix: prefixes.text(prefix), origin, peers, path, facts: known[at]! };
    if (event.forged) {
      const block = covering < 0 ? {} : { covering: prefixes.text(covering) };
      tails.push({ ...route, ...block, holder: holders[0]!, prefixes: event.forged });
    } else if (covering < 0) newOrigins.push({ ...route, previousOrigins: [...holders] });
    else moreSpecifics.push({ ...route, covering: prefixes.text(covering), coveringOrigins: [...holders] });
  }
  return { newOrigins, moreSpecifics, ...(tails.length === 0 ? {} : { tails }) };
}

/** Networks that now appear before the origin in routes to its own prefixes, those that most peers see. */
function newTails(open: OpenMinute, facts: RouteFacts): (Omit<OriginEvent, 'above'> & { peers: number })[] {
  return [...open.transits.values()]
    .filter(({ from, peers, prefixes, origins }) => {
      return peers.length > 1 && prefixes.length > 0 && origins.every((origin) => origin === from);
    })
    .sort((a, b) => b.peers.length - a.peers.length || a.carrier - b.carrier || a.from - b.from)
    .slice(0, LISTED_EVENTS)
    .flatMap(({ carrier, from, peers, prefixes }) => {
      const event = facts.tail(carrier, from, prefixes);
      return event === null ? [] : [{ ...event, peers: peers.length }];
    });
}

/** Paths that a prefix had before this minute, of peers that went over to a new origin or link. */
function pathsBefore(open: OpenMinute): (prefix: number) => number[][] {
  const paths = new Map<number, number[][]>();
  for (const { prefix, before } of open.paths.values()) {
    const known = paths.get(prefix);
    if (known === undefined) paths.set(prefix, [before]);
    else known.push(before);
  }
  return (prefix) => paths.get(prefix) ?? [];
}

export function newTransits(open: OpenMinute, facts: RouteFacts): NewTransit[] {
  const { prefixes, links } = facts.known;
  const listed = [...open.transits.values()]
    .sort((a, b) => b.routes - a.routes || a.carrier - b.carrier || a.from - b.from)
    .filter(({ peers }, at) => at < LISTED || peers.length > 1)
    .slice(0, LISTED_TRANSITS);
  const acquaintance = facts.ofOrigins(
    listed.map(({ carrier, from, prefixes: ids }) => ({
      prefix: ids[0] ?? -1,
      origin: carrier,
      holders: [from],
      covering: -1,
      path: [],
      above: [],
    })),
  );
  return listed.map(({ carrier, from, to, routes, peers, prefixes: ids, origins }, at) => {
    const behind = [...new Set(ids)];
    const [first] = Object.entries(to).sort((a, b) => b[1] - a[1] || Number(a[0]) - Number(b[0]));
    const receiver = Number(first![0]);
    const link = links.find(carrier, from);
    return {
      carrier,
      from,
      to: receiver,
      routes,
      peers: peers.length,
      prefixes: behind.length,
      origins: new Set(origins).size,
      sample: behind.slice(0, SAMPLE_PREFIXES).map((id) => prefixes.text(id)),
      carrierFacts: facts.ofNetwork(carrier),
      fromFacts: facts.ofNetwork(from),
      toFacts: facts.ofNetwork(receiver),
      reverse: links.find(from, carrier) >= 0,
      shared: acquaintance[at]!.shared,
      alike: acquaintance[at]!.alike,
      near: acquaintance[at]!.near,
      linkFor: link < 0 ? 0 : open.minute - links.first(link),
    };
  });
}

/** Those that most peers saw. */
function listedEvents<T extends { prefix: number; origin: number; peers: number[] }>(
  events: T[],
  prefixes: PrefixTable,
): T[] {
  return events
    .map((event) => ({ event, text: prefixes.text(event.prefix) }))
    .sort(
      (a, b) =>
        b.event.peers.length - a.event.peers.length || byText(a.text, b.text) || a.event.origin - b.event.origin,
    )
    .slice(0, LISTED_EVENTS)
    .map(({ event }) => event);
}
