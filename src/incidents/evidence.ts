import type { FeedHabits, Minute, MinuteEvidence, NewTail, NewTransit, OriginFacts, Ranked } from '../features/row.js';
import { emptyEvidence } from '../features/row.js';
import type { Baseline } from './baseline.js';
import type { Culprits } from './culprits.js';
import { mergedEntries, mergedRanks } from './keptEntries.js';
import { joinedLoss, type KeptLoss, keptLoss } from './keptLoss.js';
import type { MinuteInput } from './minuteInput.js';
import { ROW } from './rowColumns.js';
import type { Validity } from './rpki/validity.js';

type NewOrigin = MinuteEvidence['newOrigins'][number] & { minute: Minute; validity?: Validity };
type MoreSpecific = MinuteEvidence['moreSpecifics'][number] & { minute: Minute; validity?: Validity };
type Tail = NewTail & { minute: Minute; validity?: Validity };
type NewLink = MinuteEvidence['newLinks'][number] & { minute: Minute };
/**
 * `peers` of `peersBefore` in the minute in which most had it. `returns` counts later minutes in which more than half of
 * those had it again, only to withdraw it once more; what is left of path exploration, with few peers, is not a return.
 */
type Withdrawn = MinuteEvidence['withdrawn'][number] & { minute: Minute; returns: number };

/** What is kept of an incident's minutes. Every list is bounded, so an incident of days is as small as one of minutes. */
export interface IncidentEvidence {
  /** The first minute whose evidence is here: up to the look-back before the incident's start. */
  since: Minute;
  until: Minute;
  /** Minutes that were not gaps, that models flagged, and gaps. */
  observedMinutes: number;
  anomalousMinutes: number;
  gapMinutes: number;
  /** Minutes with twice the ordinary updates or more. */
  busyMinutes: number;
  /** Announced and withdrawn prefixes of those minutes; absent in incidents that an older version opened. */
  busyUpdates?: number;
  baseline: Baseline;
  /** Distinct peers known to feed this stream. */
  peersSeen: number;
  totals: { announcements: number; withdrawals: number; announced: number; withdrawn: number; duplicates: number };
  peaks: { updates: number; withdrawn: number; pathLength: number; editDistance: number };
  prefixes: Ranked[];
  origins: Ranked[];
  peers: Ranked[];
  /** The same of the busy minutes alone: who makes the noise, without what was there before and after. */
  busy: Culprits;
  newOrigins: NewOrigin[];
  moreSpecifics: MoreSpecific[];
  newLinks: NewLink[];
  /** Absent, as the next two, in incidents that an older version opened. */
  transits?: (NewTransit & { minute: Minute })[];
  losses?: KeptLoss[];
  /** Absent in incidents that an older version opened. */
  tails?: Tail[];
  /** Prefixes that the stream knows; undefined where rows list no facts. */
  known?: number;
  habits?: FeedHabits;
  withdrawn: Withdrawn[];
  /** `routes` is the most that the peer had announced when its session went down or came up. */
  resets: { peer: string; peerAs: number; downs: number; ups: number; routes: number }[];
  /** Peers that repeated much of their table. */
  reannouncing: { peer: string; peerAs: number; routes: number; of: number }[];
}

export const KEPT = {
  ranked: 100,
  routes: 200,
  links: 60,
  losses: 60,
  withdrawn: 200,
  resets: 60,
  linkPrefixes: 10,
} as const;

export type ValidityOf = (prefix: string, origin: number) => Validity | undefined;

export function noEvidence(since: Minute, baseline: Baseline): IncidentEvidence {
  return {
    since,
    until: since,
    observedMinutes: 0,
    anomalousMinutes: 0,
    gapMinutes: 0,
    busyMinutes: 0,
    busyUpdates: 0,
    baseline,
    peersSeen: baseline.peers,
    totals: { announcements: 0, withdrawals: 0, announced: 0, withdrawn: 0, duplicates: 0 },
    peaks: { updates: 0, withdrawn: 0, pathLength: 0, editDistance: 0 },
    prefixes: [],
    origins: [],
    peers: [],
    busy: { prefixes: [], origins: [], peers: [] },
    newOrigins: [],
    moreSpecifics: [],
    newLinks: [],
    withdrawn: [],
    resets: [],
    reannouncing: [],
  };
}

/** Origins are bare numbers in a feature row. */
function networks(origins: readonly Ranked[]): Ranked[] {
  return origins.map(({ name, count }) => ({ name: /^\d+$/.test(name) ? `AS${name}` : name, count }));
}

/** A route reaches all peers within so many minutes; each peer is then counted in the minute in which it saw it. */
export const SPREADING = 3;

/** Peers that see a route: those of its first minutes together, later the most of any minute. */
export function spreadPeers<T extends { peers: number; minute: Minute }>(old: T, now: T): number {
  return now.minute - old.minute < SPREADING ? old.peers + now.peers : Math.max(old.peers, now.peers);
}

/** A claim keeps its first minute, and what was known of it when most peers had it. */
function joinedClaim<T extends { minute: Minute; peers: number; facts?: OriginFacts }>(old: T, now: T): T {
  const settling = now.minute - old.minute <= 1 || old.facts === undefined;
  const newer = settling || (now.facts?.taken ?? 0) > (old.facts?.taken ?? 0);
  return { ...(newer ? now : old), minute: old.minute, peers: spreadPeers(old, now) };
}

/** Adds a minute; the result depends on the minutes and their order alone. */
export function withMinute(kept: IncidentEvidence, input: MinuteInput, validityOf: ValidityOf): IncidentEvidence {
  const { minute, evidence, values } = input;
  if (input.gap) return { ...kept, until: minute, gapMinutes: kept.gapMinutes + 1 };
  const at = (column: number) => values[column] ?? 0;
  const fresh = evidence ?? emptyMinute;
  const origins = networks(fresh.origins);
  const updates = at(ROW.announced) + at(ROW.withdrawn);
  const busy = updates >= 2 * Math.max(1, kept.baseline.updates);
  const before = fresh.withdrawn.reduce((most, entry) => Math.max(most, entry.peersBefore), 0);
  const judged = <T extends { prefix: string; origin: number }>(route: T) => {
    const validity = validityOf(route.prefix, route.origin);
    return validity === undefined ? { ...route, minute } : { ...route, minute, validity };
  };
  const judgedTail = (tail: NewTail) => ({ ...judged({ ...tail, origin: tail.holder }), origin: tail.origin });
  return {
    ...kept,
    until: minute,
    observedMinutes: kept.observedMinutes + 1,
    busyMinutes: kept.busyMinutes + (busy ? 1 : 0),
    busyUpdates: (kept.busyUpdates ?? 0) + (busy ? updates : 0),
    anomalousMinutes: kept.anomalousMinutes + (input.anomalous ? 1 : 0),
    peersSeen: Math.max(kept.peersSeen, fresh.peers.length, before),
    totals: {
      announcements: kept.totals.announcements + at(ROW.announcements),
      withdrawals: kept.totals.withdrawals + at(ROW.withdrawals),
      announced: kept.totals.announced + at(ROW.announced),
      withdrawn: kept.totals.withdrawn + at(ROW.withdrawn),
      duplicates: kept.totals.duplicates + at(ROW.duplicates),
    },
    peaks: {
      updates: Math.max(kept.peaks.updates, updates),
      withdrawn: Math.max(kept.peaks.withdrawn, at(ROW.withdrawn)),
      pathLength: Math.max(kept.peaks.pathLength, at(ROW.pathLength)),
      editDistance: Math.max(kept.peaks.editDistance, at(ROW.editDistance)),
    },
    prefixes: mergedRanks(kept.prefixes, fresh.prefixes, KEPT.ranked),
    origins: mergedRanks(kept.origins, origins, KEPT.ranked),
    peers: mergedRanks(kept.peers, fresh.peers, KEPT.ranked),
    busy: busy
      ? {
          prefixes: mergedRanks(kept.busy.prefixes, fresh.prefixes, KEPT.ranked),
          origins: mergedRanks(kept.busy.origins, origins, KEPT.ranked),
          peers: mergedRanks(kept.busy.peers, fresh.peers, KEPT.ranked),
        }
      : kept.busy,
    newOrigins: mergedEntries(
      kept.newOrigins,
      fresh.newOrigins.map(judged),
      (route) => `${route.prefix} ${route.origin}`,
      joinedClaim,
      (route) => route.peers,
      KEPT.routes,
    ),
    moreSpecifics: mergedEntries(
      kept.moreSpecifics,
      fresh.moreSpecifics.map(judged),
      (route) => `${route.prefix} ${route.origin}`,
      joinedClaim,
      (route) => route.peers,
      KEPT.routes,
    ),
    newLinks: mergedEntries(
      kept.newLinks,
      fresh.newLinks.map((link) => ({ ...link, prefixes: link.prefixes.slice(0, KEPT.linkPrefixes), minute })),
      (link) => `${link.left} ${link.right}`,
      (old, now) => ({ ...old, routes: old.routes + now.routes }),
      (link) => link.routes,
      KEPT.links,
    ),
    known: fresh.known ?? kept.known,
    habits: fresh.habits ?? kept.habits,
    transits: mergedEntries(
      kept.transits ?? [],
      (fresh.transits ?? []).map((transit) => ({ ...transit, minute })),
      ({ carrier, from }) => `${carrier} ${from}`,
      (old, now) => ({
        ...(now.routes > old.routes ? now : old),
        minute: old.minute,
        routes: old.routes + now.routes,
        prefixes: Math.max(old.prefixes, now.prefixes),
        origins: Math.max(old.origins, now.origins),
        peers: Math.max(old.peers, now.peers),
      }),
      ({ routes }) => routes,
      KEPT.links,
    ),
    tails: mergedEntries(
      kept.tails ?? [],
      (fresh.tails ?? []).filter(({ facts }) => facts.heldFor >= KNOWN_FOR).map(judgedTail),
      ({ prefix, origin, holder }) => `${prefix} ${origin} ${holder}`,
      (old, now) => ({ ...joinedClaim(old, now), prefixes: Math.max(old.prefixes, now.prefixes) }),
      ({ peers }) => peers,
      KEPT.routes,
    ),
    losses: mergedEntries(
      kept.losses ?? [],
      (fresh.losses ?? []).map((loss) => keptLoss(loss, minute)),
      ({ origin, since }) => `${origin} ${since}`,
      joinedLoss,
      ({ prefixes }) => prefixes,
      KEPT.losses,
    ),
    withdrawn: mergedEntries(
      kept.withdrawn,
      fresh.withdrawn.map((entry) => ({ ...entry, minute, returns: 0 })),
      (entry) => entry.prefix,
      (old, now) => {
        const returned = now.peersBefore >= 2 && now.peersBefore * 2 > old.peersBefore && minute - old.minute > 1;
        const returns = old.returns + (returned ? 1 : 0);
        return now.peersBefore > old.peersBefore ? { ...now, minute: old.minute, returns } : { ...old, returns };
      },
      (entry) => entry.peers,
      KEPT.withdrawn,
    ),
    resets: mergedEntries(
      kept.resets,
      fresh.resets.map(({ peer, peerAs, state, routes }) => ({
        peer,
        peerAs,
        downs: state === 'down' ? 1 : 0,
        ups: state === 'up' ? 1 : 0,
        routes: routes ?? 0,
      })),
      (reset) => reset.peer,
      (old, now) => ({
        ...old,
        downs: old.downs + now.downs,
        ups: old.ups + now.ups,
        routes: Math.max(old.routes, now.routes),
      }),
      (reset) => reset.downs + reset.ups,
      KEPT.resets,
    ),
    reannouncing: mergedEntries(
      kept.reannouncing,
      fresh.reannouncing ?? [],
      ({ peer }) => peer,
      (old, now) => ({ ...old, routes: old.routes + now.routes, of: Math.max(old.of, now.of) }),
      ({ routes }) => routes,
      KEPT.resets,
    ),
  };
}

/** Minutes for which a prefix, or the block around it, must be known before somebody can take it. */
const KNOWN_FOR = 60;

const emptyMinute = emptyEvidence();
