import { z } from 'zod';
import type { Minute } from '../features/row.js';

const minute = z.int().nonnegative();

/** The classes of incident that the world can play. */
export const INCIDENT_CLASSES = ['hijack', 'leak', 'outage', 'instability', 'reset'] as const;
export type IncidentClass = (typeof INCIDENT_CLASSES)[number];

export const scriptedIncidentSchema = z.object({
  class: z.enum(INCIDENT_CLASSES),
  startMinute: minute,
  durationMinutes: z.int().min(1).max(20_000),
  /**
   * 0..1, the share that is struck: of 60 prefixes (hijack), of the routes that the leak attracts (leak), of a region's
   * ASes (outage), of all prefixes (instability), of the collector's peers (reset; at least one).
   */
  magnitude: z.number().min(0).max(1),
  /** Hijack only: the victims' own prefixes (default), or /24s inside them. */
  hijack: z.enum(['origin', 'more-specific']).optional(),
  /** AS numbers that do it: attacker, leaker, the ASes that fail, the peers reset. The world picks where absent. */
  culprits: z.array(z.int().positive()).min(1).optional(),
});

export interface ScriptedIncident extends z.infer<typeof scriptedIncidentSchema> {}

export const scriptedDriftSchema = z.object({
  fromMinute: minute,
  /** Minutes over which the change grows to its full size. */
  rampMinutes: z.int().nonnegative().optional(),
  /** Factor of the ordinary traffic, 1 = unchanged. */
  level: z.number().positive().max(100),
  /** Factor of the share of duplicate announcements. */
  duplicates: z.number().positive().max(100).optional(),
  /** Share of the prefixes whose origin prepends from now on, 0..1. */
  prepending: z.number().min(0).max(1).optional(),
});

/** From a minute on, ordinary traffic is different for good; later entries replace earlier ones. */
export interface ScriptedDrift extends z.infer<typeof scriptedDriftSchema> {}

export const scriptedJoinSchema = z.object({
  fromMinute: minute,
  /** IPv4 sessions with the collector that come up for the first time in this minute, with their whole table. */
  peers: z.int().min(1).max(6),
  /** Ordinary traffic of each of them, in times of any other's. */
  traffic: z.number().int().min(1).max(20),
});

/** Peers that are not there before a minute, and stay. */
export interface ScriptedJoin extends z.infer<typeof scriptedJoinSchema> {}

/** What was played, for tests and demos to compare findings with; no model ever sees it. */
export interface GroundTruth {
  class: IncidentClass;
  startMinute: Minute;
  /** The last minute of the incident, included. */
  endMinute: Minute;
  magnitude: number;
  /** AS numbers that caused it. */
  culprits: number[];
  /** AS numbers whose prefixes were struck. */
  victims: number[];
  prefixes: string[];
  /** Addresses of the collector's peers that saw it. */
  peers: string[];
}
