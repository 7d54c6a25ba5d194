import type { Culprits } from '../culprits.js';
import type { IncidentEvidence } from '../evidence.js';
import type { IncidentClass, Severity } from '../incident.js';
import type { IncidentSettings } from '../settings.js';

/** What a rule judges: all evidence of one incident so far. */
export interface Case {
  /** The network behind it, such as AS64500; empty for what no single network does. */
  subject: string;
  evidence: IncidentEvidence;
  /** Minutes from the incident's start to its last active one, both included. */
  duration: number;
  settings: IncidentSettings;
}

export interface Judgement {
  /** 0 (nothing speaks for this class) .. 1 */
  score: number;
  /** How grave it is if it is of this class. */
  severity: Severity;
  /** In words with numbers, weightiest first; empty where the score is 0. */
  reasons: string[];
  /** Who this class blames; lists may be empty. */
  culprits: Culprits;
}

/** One class of incident: how strongly the evidence speaks for it. Judges nothing but what it is given. */
export interface ClassRule {
  readonly name: IncidentClass;
  judge(incident: Case): Judgement;
}

export const NOTHING: Judgement = {
  score: 0,
  severity: 'info',
  reasons: [],
  culprits: { prefixes: [], origins: [], peers: [] },
};

export function clamped(score: number): number {
  return Math.max(0, Math.min(1, Math.round(score * 1000) / 1000));
}

/** Updates in the busiest minute as a multiple of the ordinary minute (at least one update, so that it stays finite). */
export function surgeOf(evidence: IncidentEvidence): number {
  return evidence.peaks.updates / Math.max(1, evidence.baseline.updates);
}

/**
 * How much the busiest minute stands out of the busy ones: 1 where all are alike, many where one burst is all there was.
 */
export function burstiness({ peaks, busyUpdates, busyMinutes }: IncidentEvidence): number {
  const mean = (busyUpdates ?? 0) / Math.max(1, busyMinutes);
  return mean === 0 ? 1 : Math.max(1, peaks.updates / mean);
}

/** A share of the peers that are known, 0..1. */
export function peerShare(evidence: IncidentEvidence, peers: number): number {
  return Math.min(1, peers / Math.max(1, evidence.peersSeen, peers));
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
