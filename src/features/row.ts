/**
 * What a feature row is: the values of one stream in one minute. Every stage after the aggregator knows routing only
 * through these rows.
 */

/** Minutes since 1970-01-01T00:00Z. All windows, cursors and keys of the product are in this unit. */
export type Minute = number;

export const MINUTES_PER_DAY = 1440;

/**
 * - `observed`: the feed was there for the whole minute (a silent minute is observed, with zeros);
 * - `gap`: the feed was away for part of it: no model trains on it or scores it;
 * - `healed`: was a gap, recomputed later from an archive.
 */
export type RowKind = 'observed' | 'gap' | 'healed';

/** A name with a count of messages or routes. Lists are sorted by falling count, then by name. */
export interface Ranked {
  name: string;
  count: number;
}

/** A network's place in the graph learnt from the stream's paths. */
export interface NetworkFacts {
  /** Ordered pairs with a neighbour; 0 for a network not met in any path of two or more. */
  degree: number;
  /** Neighbours whose routes it passes on to others: 0 for a stub. */
  carries: number;
  /** Minutes since it was first met. */
  knownFor: number;
}

/** What the stream knew of a prefix, its holders and its new origin when the minute closed. */
export interface OriginFacts {
  /** Present routes to the prefix, those of them that lead to a holder, and those to the new origin. */
  routes: number;
  held: number;
  taken: number;
  /** Minutes for which a holder was known to hold it. */
  heldFor: number;
  origin: NetworkFacts;
  /** Of the first holder. */
  holder: NetworkFacts;
  /** Prefixes that the holders still announce. */
  holderPrefixes: number;
  /** Other prefixes that the origin announces. */
  originPrefixes: number;
  /** Origin and a holder were neighbours in a path before. */
  adjacent: boolean;
  /** 1 / log2(1 + degree) of the smallest neighbour of a holder that is the origin's too; 0 without one. */
  shared: number;
  /** Other prefixes that origin and a holder have both announced. */
  alike: number;
  /** Other prefixes of the origin in the same 16 bits (IPv6: 24 bits) of address space. */
  near: number;
  /** Networks beside the holders that announce parts of the covering block; 0 without one. */
  others: number;
  /** Parts of the covering block that the origin announced before. */
  parts: number;
  /** Networks through which routes came down to the holders when it began, after Gao (2001). Absent, as those up to `common`, in older rows. */
  above?: number;
  /** Routes that led to the holders when it began: to the block, or to the prefix itself. Absent in older rows. */
  reach?: number;
  /** The origin was one of `above`. */
  carried?: boolean;
  /** As `shared`, of the smallest of them through which routes come down to the origin too. */
  common?: number;
  /** log2 of how much oftener than by chance networks are at home in both the origin's address space and the prefix's. Absent where too little is known. */
  region?: number;
  /** What a file of AS relations says of origin and holder. Never in stored rows: the correlator adds it. */
  given?: GivenRelation;
}

/** The closest relation of two networks that a file of AS relations gives. */
export type GivenRelation = 'neighbours' | 'peers' | 'one above the other' | 'same small provider' | 'strangers';

/**
 * A network that began to appear before the origin of routes to the origin's own prefixes, as a new provider does, and as
 * who forges the origin does. Of the prefix that is known longest.
 */
export interface NewTail {
  prefix: string;
  /** The origin's block around it, where the prefix itself is new. */
  covering?: string;
  /** The network before the end of the path, and the origin at its end. */
  origin: number;
  holder: number;
  peers: number;
  /** Prefixes of the origin that go through it; a lower bound. */
  prefixes: number;
  path: number[];
  /** Of the network as the origin: `taken` are the routes that lead through it. */
  facts: OriginFacts;
}

/** A route event of the last day whose routes are gone: withdrawn, or gone back. */
export interface EndedEvent {
  prefix: string;
  origin: number;
  /** The most peers that had the new origin's route. */
  peers: number;
  /** Peers whose route now leads to the holder; 0 when they only withdrew. */
  held: number;
}

/** A route event of the last day whose routes are in place still: listed ten minutes after it began, and now and then from there on. */
export interface StandingEvent {
  prefix: string;
  origin: number;
  /** Peers that have the new origin's route, of those that have any route to the prefix. */
  peers: number;
  routes: number;
}

/** How routes of `from` go on that `carrier` began to pass on within the last day, listed as often and when they are gone. */
export interface FollowedTransit {
  carrier: number;
  from: number;
  /** Peers that have such a route of a sample of prefixes; 0 when they are gone. */
  peers: number;
}

/** Routes of `from` that `carrier` began to pass on to `to`: a new path of three networks. */
export interface NewTransit {
  carrier: number;
  from: number;
  /** Most of the routes go to this network. */
  to: number;
  routes: number;
  /** Peers that took such routes. */
  peers: number;
  /** Distinct prefixes and origins behind it, counted to 4,096. */
  prefixes: number;
  origins: number;
  sample: string[];
  carrierFacts: NetworkFacts;
  fromFacts: NetworkFacts;
  toFacts: NetworkFacts;
  /** `from` was seen to pass on routes of `carrier`: it is its provider, or they are each other's. */
  reverse: boolean;
  /** As in `OriginFacts`, of the carrier as origin and `from` as holder. */
  shared: number;
  alike: number;
  near: number;
  /** Minutes for which the two are known as neighbours in that order. */
  linkFor: number;
  /** Whether given AS relations allow it. Never in stored rows: the correlator adds it. */
  lawful?: boolean;
}

/**
 * Prefixes of one network that have next to no routes left, nor a block of the network around them that has; listed until
 * they are back.
 */
export interface NetworkLoss {
  origin: number;
  /** The first minute of the loss; of a small one that grew to a multiple, the minute in which it did. */
  since: Minute;
  /** Prefixes that are lost now: 0 in the minute in which they are back. */
  prefixes: number;
  /** Prefixes that it still has. */
  left: number;
  /** Peers that withdrew any of them. */
  peers: number;
  /**
   * Routes that ten of the lost prefixes, or half of fewer, had held at least before the minutes in which they were
   * withdrawn: what was first heard of while other paths were tried does not count. Absent in older rows.
   */
  held?: number;
  sample: string[];
  /** Of the network itself. */
  facts: NetworkFacts;
  /** Networks in the lost paths, without peer and origin, nearest the origin first, with lost prefixes behind each. */
  via: { network: number; prefixes: number }[];
  /** Losses of the network in the day before that were over again, and those in the last six hours. Absent where there was none. */
  earlier?: number;
  lately?: number;
  /** Neighbours of the network through which more than one of the lost prefixes led. Absent below two, and in older rows. */
  lines?: number;
}

/**
 * How common it is in this feed what else speaks of a newcomer, as shares of the networks that it knows, 0..1, to one
 * significant digit: what most networks have in common says nothing about one of them.
 */
export interface FeedHabits {
  /** First met within the last half day, and within the last hour, which older rows lack. */
  newHalfDay: number;
  newHour?: number;
  /** Of those that announce anything: just one prefix. */
  single: number;
  /** Present routes to a prefix, on average. Absent in older rows. */
  routes?: number;
}

/** Evidence of a minute that helps to name culprits; each list is bounded (at most 20). */
export interface MinuteEvidence {
  prefixes: Ranked[];
  origins: Ranked[];
  peers: Ranked[];
  /** Routes whose origin was not seen before for that prefix: possible hijacks and MOAS. */
  newOrigins: {
    prefix: string;
    origin: number;
    previousOrigins: number[];
    peers: number;
    path: number[];
    facts?: OriginFacts;
  }[];
  /** Announced prefixes inside a longer-known one, from an origin that does not hold it. */
  moreSpecifics: {
    prefix: string;
    covering: string;
    origin: number;
    coveringOrigins: number[];
    peers: number;
    path?: number[];
    facts?: OriginFacts;
  }[];
  /** Neighbouring AS pairs not seen before in any path, with the number of routes through them. */
  newLinks: { left: number; right: number; routes: number; prefixes: string[] }[];
  /** Prefixes that have a route when the minute closes, to one significant digit. Absent in rows of versions that listed no facts. */
  known?: number;
  /** Absent if there are none. */
  tails?: NewTail[];
  /** Beside new origins, more-specifics and tails. */
  habits?: FeedHabits;
  /** Absent if there are none. */
  ended?: EndedEvent[];
  /** Absent if there are none, and in older rows, as the next one. */
  standing?: StandingEvent[];
  carried?: FollowedTransit[];
  transits?: NewTransit[];
  /** Prefixes that went from all or nearly all of their peers, by network. Absent if none did. */
  losses?: NetworkLoss[];
  /** Prefixes withdrawn by peers, with how many peers withdrew and how many had it. */
  withdrawn: { prefix: string; peers: number; peersBefore: number; origin: number }[];
  /** Peers whose session went down or came up in this minute. */
  resets: { peer: string; peerAs: number; state: 'down' | 'up' /** that the peer had announced */; routes?: number }[];
  /**
   * Peers that repeated much of their table (`routes` announcements equal to the present route, `of` the peer's routes):
   * what follows a session reset, with or without a message about it. Absent if no peer did.
   */
  reannouncing?: { peer: string; peerAs: number; routes: number; of: number }[];
  /** Prefixes whose routes went over to another path most often, three times or more. Absent if none did. */
  changing?: Ranked[];
  /**
   * Routes that went over to a new origin or link: the peer's path before, empty where it had none, and from then on.
   * The prefixes that most peers report, each whole. Absent when there are none.
   */
  paths?: { peer: string; peerAs: number; prefix: string; before: number[]; during: number[] }[];
}

export interface FeatureRow {
  stream: string;
  minute: Minute;
  kind: RowKind;
  /** [FEATURE_COUNT] values in catalogue order, zeros for a gap. */
  values: Float32Array;
  evidence: MinuteEvidence;
}

/**
 * Consecutive rows in one block of memory: what models train on and score.
 * `minutes` rise strictly; a missing minute and a gap both break a window.
 */
export interface FeatureBlock {
  /** [rows] */
  minutes: Int32Array;
  /** [rows x columns], row-major */
  values: Float32Array;
  columns: number;
  /** [rows], 1 where the row is usable (observed or healed), 0 where it is a gap. */
  usable: Uint8Array;
}

export function emptyEvidence(): MinuteEvidence {
  return {
    prefixes: [],
    origins: [],
    peers: [],
    newOrigins: [],
    moreSpecifics: [],
    newLinks: [],
    withdrawn: [],
    resets: [],
  };
}
