import type { Minute } from '../features/row.js';
import type { Explanation } from '../models/model.js';
import type { Adaptation } from './adaptation.js';
import type { Culprits } from './culprits.js';
import type { IncidentEvidence } from './evidence.js';
import type { AcceptedLevel, LevelTrace } from './levelTrace.js';
import type { NewNormal } from './newNormal.js';
import type { Validity } from './rpki/validity.js';

/** From least to most urgent. */
export const SEVERITIES = ['info', 'minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const INCIDENT_CLASSES = [
  'hijack',
  'moas',
  'leak',
  'outage',
  'instability',
  'session reset',
  'unknown',
] as const;
export type IncidentClass = (typeof INCIDENT_CLASSES)[number];

/** Why a class was chosen, in words with numbers; `weight` is the judgement's score, 0..1. */
export interface Reason {
  class: IncidentClass;
  weight: number;
  words: string;
}

/** A route of the operator's own that this incident touches. */
export interface WatchedRoute {
  kind:
    | 'new origin'
    | 'more specific'
    | 'withdrawn'
    | 'new neighbour'
    | 'new upstream'
    | 'new downstream'
    | 'takes foreign'
    | 'undeclared'
    | 'too long'
    | 'path';
  /** The prefix or AS of the watch list that was touched. */
  watched: string;
  /** The group that `watch` gives this prefix. */
  group?: string;
  words: string;
  prefix?: string;
  origin?: number;
  /** Peers that saw it, where the feed names them. */
  peers?: number;
  /** Who may originate the prefix, or held it. */
  holders?: number[];
  /** Of the route by `origin`, where VRPs are known. */
  rpki?: Validity;
}

/** How far it is as it was, when its routes were last looked at. */
export interface InPlace {
  minute: Minute;
  /** Peers that have its route still; of an outage, prefixes that are gone still. */
  size: number;
  words: string;
}

/** A BGP message that led to an incident of the operator's own. */
export interface RouteMessage {
  /** When the collector had it, ISO 8601; of a route that a table dump brought, when that was read. */
  at: string;
  peer: string;
  kind: 'announcement' | 'withdrawal' | 'table dump';
  prefix: string;
  /** From the peer to the origin, without an AS set at its end; of a withdrawal the path that was lost. */
  path: number[];
}

export interface IncidentDetail {
  /** Whether models flagged its first minute, its routes alone opened it, or routes contradict what is declared. */
  openedBy: 'models' | 'evidence' | 'watch';
  /** The minute that made it certain, where that is after its first. */
  foundAt?: Minute;
  /** Claims opened it that are doubtful, not suspicious. */
  doubtful?: true;
  /** Observed minutes since `lastMinute`. */
  quiet: number;
  /** What was gathered so far; bounded, and all that the correlator needs to go on after a restart. */
  evidence: IncidentEvidence;
  /** Score of every class, 0..1. */
  scores: Partial<Record<IncidentClass, number>>;
  watched: WatchedRoute[];
  /** The first messages that led to it, at most 20; absent where models or evidence opened it. */
  messages?: RouteMessage[];
  /** What was last raised, so that each growth is raised once. */
  told: { severity: Severity; class: IncidentClass; watched: number; newNormal?: boolean };
  /** Strongest explanations of each model at the peak. */
  explanations: Record<string, Explanation[]>;
  /** Why it was closed: it was quiet again, the feed was away too long, it lasted too long, or models learnt its traffic. */
  closedBy?: 'quiet' | 'gap' | 'length' | 'ended' | 'new normal';
  /** How the traffic ran and who fed it, in what no single network does. */
  level?: LevelTrace;
  /** While it looks like a change that stays, and what speaks for and against that. */
  newNormal?: NewNormal;
  /** The versions that took it for the new normal. */
  adaptations?: Adaptation[];
  /** It lasted too long: minutes of this level do not begin a new incident. */
  accepted?: AcceptedLevel;
  /** Found in replayed or backfilled minutes; no notice is sent. */
  history?: boolean;
  /**
   * Prefixes whose new routes were withdrawn, or went back to their holder; the `subject` when its lost prefixes are back;
   * what it carries no more.
   */
  ended?: string[];
  /** How: some were withdrawn, and of some peers went back to the holder. */
  endedAs?: ('back' | 'withdrawn')[];
  /** The minute in which the latest of them came. */
  endedMinute?: Minute;
  inPlace?: InPlace;
}

/**
 * Minutes are whole minutes since 1970; `endedAt` is the minute after the last in which it was active, its routes were seen
 * in place, or went; null while it is open.
 */
export interface Incident {
  stream: string;
  /** The network behind it, such as AS64500; empty for what no single network does. One is open for each at a time. */
  subject: string;
  startedAt: Minute;
  endedAt: Minute | null;
  /** The last minute that was anomalous, or that brought new evidence by itself. */
  lastMinute: Minute;
  peakMinute: Minute;
  peakScore: number;
  severity: Severity;
  class: IncidentClass;
  reasons: Reason[];
  /** Model kinds that voted for it, and `evidence` where the routes spoke for themselves. */
  models: string[];
  culprits: Culprits;
  detail: IncidentDetail;
}

/** Something that operators should hear of. The incident is a snapshot of that minute. */
export interface IncidentChange {
  type: 'opened' | 'grown' | 'closed';
  minute: Minute;
  incident: Incident;
}
