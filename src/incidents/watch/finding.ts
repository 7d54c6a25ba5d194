import type { ValidityOf } from '../evidence.js';
import type { IncidentClass, RouteMessage, Severity, WatchedRoute } from '../incident.js';
import type { Validity } from '../rpki/validity.js';
import type { Declaration, Entry } from './declaration.js';
import type { OwnPrefix } from './ownPrefix.js';

/** A contradiction between a prefix's routes and what is declared. */
export interface Finding {
  kind: WatchedRoute['kind'];
  /** Who is behind it: findings of one kind and network are one incident. */
  network: number;
  class: IncidentClass;
  severity: Severity;
  prefix: string;
  /** The declared prefix or AS that was touched. */
  watched: string;
  /** The group of that prefix. */
  group?: string;
  /** Weightiest first. */
  words: string[];
  /** Peers with such a route. */
  peers: number;
  path: readonly number[];
  /** What the first of them said. */
  messages: readonly RouteMessage[];
  /** Who may originate the prefix, or held it, where that says more than `network`. */
  holders?: readonly number[];
  /** Of the route by `network`. */
  rpki?: Validity;
}

export interface RuleContext {
  declaration: Declaration;
  /** The declared prefix around the one judged. */
  entry: Entry | undefined;
  validityOf: ValidityOf;
  /** Peers that the stream has heard of. */
  peers: number;
  /** Event time, ms. */
  nowMs: number;
}

/** Judges the present routes of one prefix. All rules are equals; none keeps a state of its own. */
export type WatchRule = (own: OwnPrefix, context: RuleContext) => Finding[];

export const seenBy = (peers: number, of: number) => `seen by ${peers} of ${Math.max(peers, of)} peers`;

/** "198.51.100.0/24" with what the declaration says of it. */
export function named(prefix: string, entry: Entry | undefined): string {
  if (entry === undefined) return prefix;
  const about = [entry.group, entry.description].filter((text) => text !== undefined).join(', ');
  const inside = entry.prefix === prefix ? '' : ` inside your ${entry.prefix}`;
  return `${prefix}${inside}${about === '' ? '' : ` (${about})`}`;
}
