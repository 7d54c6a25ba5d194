/**
 * What a feature row is: the values of one stream in one minute. Every stage after the aggregator knows routing only
 * through these rows.
 */

/** Minutes since 1970-01-01T00:00Z. All windows, cursors and keys of the product are in this unit. */
export type Minute = number;

export const MINUTES_PER_DAY = 1440;

/** The 37 standard features of the published BGP data sets; the catalogue in `catalogue.ts` names each. */
export const FEATURE_COUNT = 37;

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

/** Evidence of a minute that helps to name culprits; each list is bounded (at most 20). */
export interface MinuteEvidence {
  prefixes: Ranked[];
  origins: Ranked[];
  peers: Ranked[];
  /** Routes whose origin was not seen before for that prefix: possible hijacks and MOAS. */
  newOrigins: { prefix: string; origin: number; previousOrigins: number[]; peers: number; path: number[] }[];
  /** Announced prefixes inside a longer-known one, from an origin that does not hold it. */
  moreSpecifics: { prefix: string; covering: string; origin: number; coveringOrigins: number[]; peers: number }[];
  /** Neighbouring AS pairs not seen before in any path, with the number of routes through them. */
  newLinks: { left: number; right: number; routes: number; prefixes: string[] }[];
  /** Prefixes withdrawn by peers, with how many peers withdrew and how many had it. */
  withdrawn: { prefix: string; peers: number; peersBefore: number; origin: number }[];
  /** Peers whose session went down or came up in this minute. */
  resets: { peer: string; peerAs: number; state: 'down' | 'up' /** that the peer had announced */; routes?: number }[];
  /**
   * Peers that repeated much of their table (`routes` announcements equal to the present route, `of` the peer's routes):
   * what follows a session reset, with or without a message about it. Absent when there is none.
   */
  reannouncing?: { peer: string; peerAs: number; routes: number; of: number }[];
  /** Prefixes whose routes went over to another path most often, three times or more. Absent when there is none. */
  changing?: Ranked[];
  /**
   * Routes that went over to a new origin or link: the peer's path before, empty where it had none, and from then on.
   * The prefixes that most peers tell of, each whole. Absent when there is none.
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
