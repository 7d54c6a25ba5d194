import type { FollowedEvents } from './followedEvents.js';
import type { FollowedLosses } from './followedLosses.js';
import { LostLines } from './lostLines.js';
import type { ChangedPath } from './minuteRecords.js';
import { LISTED, type OpenMinute } from './openMinute.js';
import type { KnownRoutes } from './originEvent.js';
import type { Withdrawals, WithdrawnPrefix } from './recentWithdrawals.js';
import { LISTED_EVENTS, newTransits, originEvents } from './routeEvents.js';
import { RouteFacts } from './routeFacts.js';
import type { PeerTable } from './routes/peerTable.js';
import type { PrefixTable } from './routes/prefixTable.js';
import type { MinuteEvidence } from './row.js';
import { Tally } from './tally.js';
import { byText, decimalTextOrder } from './textOrder.js';

/** Changed paths are listed route by route: a few hundred make a picture of an incident whole, and come in no other minute. */
const LISTED_PATHS = 300;
/** Path changes of a prefix within a minute from which it is listed: one or two are any route's change. */
const CHANGING = 3;
/** Fewest repeated routes, and share of a peer's table, that count as sending the table anew. */
const REANNOUNCED_ROUTES = 20;
const REANNOUNCED_SHARE = 0.3;

/** What is watched over minutes. */
export interface Followed {
  readonly events: FollowedEvents;
  readonly losses: FollowedLosses;
}

/** What the minute's row says of routes, once the minute has closed. */
export function evidenceOf(open: OpenMinute, known: KnownRoutes, followed: Followed): MinuteEvidence {
  const { peers, prefixes } = known;
  const facts = new RouteFacts(known, open.minute);
  const prefixText = (id: number) => prefixes.text(id);
  const prefixOrder = (id: number) => prefixes.textOrder(id);
  const newLinks = [...open.links.values()].sort((a, b) => b.routes - a.routes || a.left - b.left || a.right - b.right);
  const evidence: MinuteEvidence = {
    prefixes: open.prefixRoutes.top(LISTED, prefixText, prefixOrder),
    origins: open.originRoutes.top(LISTED, String, decimalTextOrder),
    peers: open.peerRoutes.top(LISTED, (id) => peers.text(id)),
    ...originEvents(open, facts, followed.events),
    newLinks: newLinks.slice(0, LISTED).map((link) => ({ ...link, prefixes: link.prefixes.map(prefixText) })),
    withdrawn: withdrawnPrefixes(open, prefixes),
    resets: open.resets
      .slice(0, LISTED)
      .map(({ peer, state, routes }) => ({ peer: peers.text(peer), peerAs: peers.as[peer]!, state, routes })),
  };
  evidence.known = facts.announcedPrefixes();
  if (evidence.newOrigins.length + evidence.moreSpecifics.length + (evidence.tails?.length ?? 0) > 0)
    evidence.habits = facts.habits();
  const { ended, standing } = followed.events.look(facts);
  if (ended.length > 0) evidence.ended = ended;
  if (standing.length > 0) evidence.standing = standing;
  followed.events.transits.follow(open.transits.values(), open.minute);
  const carried = followed.events.transits.look(facts);
  if (carried.length > 0) evidence.carried = carried;
  const transits = newTransits(open, facts);
  if (transits.length > 0) evidence.transits = transits;
  const losses = followed.losses.losses(withdrawnPaths(open), withdrawalsOf(open), speaking(open), facts);
  if (losses.length > 0) evidence.losses = losses;
  const reannouncing = reannouncingPeers(open, peers);
  if (reannouncing.length > 0) evidence.reannouncing = reannouncing;
  const changing = open.pathChanges.top(LISTED, prefixText, prefixOrder, CHANGING);
  if (changing.length > 0) evidence.changing = changing;
  const paths = changedPaths(open, peers, prefixes);
  if (paths.length > 0) evidence.paths = paths;
  return evidence;
}

function speaking(open: OpenMinute): number[] {
  return [...open.peerRoutes.entries()].map(([peer]) => peer).sort((a, b) => a - b);
}

function withdrawalsOf({ losers, lines }: OpenMinute): Map<number, Withdrawals> {
  return new Map(
    [...losers].map(([origin, peers]) => [origin, { peers, lines: lines.get(origin) ?? new LostLines() }]),
  );
}

function* withdrawnPaths(open: OpenMinute): Generator<WithdrawnPrefix> {
  for (const [prefix] of open.withdrawn.entries()) {
    const before = open.peersBefore.get(prefix);
    const held = Math.max(0, before - open.freshBefore.get(prefix));
    yield { prefix, before, held, path: open.lostPaths.get(prefix) ?? [] };
  }
}

/** The most withdrawn, and all beyond them that most of their peers withdrew. */
function withdrawnPrefixes(open: OpenMinute, prefixes: PrefixTable): MinuteEvidence['withdrawn'] {
  const net = new Tally();
  for (const [prefix, count] of open.withdrawn.entries()) {
    const left = count - open.announcedAgain.get(prefix);
    if (left > 0) net.add(prefix, left);
  }
  const ids = new Map<string, number>();
  const named = (id: number) => {
    const text = prefixes.text(id);
    ids.set(text, id);
    return text;
  };
  const top = net.top(LISTED_EVENTS, named, (id) => prefixes.textOrder(id));
  return top
    .map(({ name, count }) => {
      const id = ids.get(name)!;
      const peersBefore = Math.max(count, open.peersBefore.get(id));
      return { prefix: name, peers: count, peersBefore, origin: prefixes.lastOrigin(id) };
    })
    .filter(({ peers, peersBefore }, at) => at < LISTED || (peersBefore >= 2 && peers * 2 >= peersBefore));
}

function reannouncingPeers(open: OpenMinute, peers: PeerTable): NonNullable<MinuteEvidence['reannouncing']> {
  const result: NonNullable<MinuteEvidence['reannouncing']> = [];
  for (const [peer, routes] of open.peerRepeats.entries()) {
    if (routes < REANNOUNCED_ROUTES || routes < peers.activeRoutes[peer]! * REANNOUNCED_SHARE) continue;
    result.push({ peer: peers.text(peer), peerAs: peers.as[peer]!, routes, of: peers.activeRoutes[peer]! });
  }
  result.sort((a, b) => b.routes - a.routes || byText(a.peer, b.peer));
  return result.slice(0, LISTED);
}

function changedPaths(open: OpenMinute, peers: PeerTable, prefixes: PrefixTable): NonNullable<MinuteEvidence['paths']> {
  const byPrefix = new Map<string, ChangedPath[]>();
  for (const path of open.paths.values()) {
    const text = prefixes.text(path.prefix);
    byPrefix.set(text, [...(byPrefix.get(text) ?? []), path]);
  }
  return [...byPrefix]
    .sort((a, b) => b[1].length - a[1].length || byText(a[0], b[0]))
    .flatMap(([prefix, changed]) =>
      changed
        .map(({ peer, before, during }) => ({
          peer: peers.text(peer),
          peerAs: peers.as[peer]!,
          prefix,
          before,
          during,
        }))
        .sort((a, b) => byText(a.peer, b.peer)),
    )
    .slice(0, LISTED_PATHS);
}
