import type { Minute, MinuteEvidence } from '../features/row.js';
import type { Explanation } from '../models/model.js';

/** A model's say on one minute, as the ensemble stores it in `verdicts.votes`. */
export interface Vote {
  /** -log10 of the tail probability of an ordinary minute; see Scores.surprise */
  surprise: number;
  anomalous: boolean;
  explanation?: Explanation[];
}

/** One minute as the correlator sees it: the verdict with the feature row it was given on. */
export interface MinuteInput {
  minute: Minute;
  /** The feed was away: nothing is known of this minute. */
  gap: boolean;
  /** null where no verdict was possible (no model yet, too little context) */
  score: number | null;
  threshold: number | null;
  anomalous: boolean;
  votes: Record<string, Vote>;
  /** [FEATURE_COUNT] in catalogue order; empty for a gap */
  values: ArrayLike<number>;
  evidence: MinuteEvidence | null;
}
