import type { ModelKindName } from '../models/model.js';
import { surpriseForRate } from '../models/threshold.js';

/** What one model says of a minute. */
export interface Vote {
  kind: ModelKindName;
  /** -log10 of the tail probability; NaN when the model could not score the minute. */
  surprise: number;
  /** Whether the model's score is over its own threshold. */
  anomalous: boolean;
}

/** What the ensemble keeps from minute to minute; stored with the verdict. */
export interface EnsembleState {
  /** Whether the last minute was part of an incident. */
  anomalous: boolean;
}

export interface Verdict {
  /** 0 is quite ordinary; at `threshold` and above the minute is anomalous. */
  score: number;
  threshold: number;
  anomalous: boolean;
  /** The share of each model in the score. */
  votes: { kind: ModelKindName; surprise: number; anomalous: boolean; weight: number }[];
  /** Kinds asked for that had no say: no model, or no score for this minute. */
  missing: ModelKindName[];
  state: EnsembleState;
}

export const INITIAL_STATE: EnsembleState = { anomalous: false };

/**
 * The rules lead, for they hold the volume and have no seed; the forest has the least say, for its alarms on ordinary days
 * vary the most with its seed. Chosen among a few with the labelled events in view, see docs/evaluation.md.
 */
export const DEFAULT_WEIGHTS: Readonly<Record<ModelKindName, number>> = { heuristic: 6, isolation_forest: 1, lstm: 2 };

/** No surprise counts less: one model that sees nothing must not silence the others. */
const LEAST_SURPRISE = 0.02;
/** The surprise of the rules counts up to here. */
const MOST_SURPRISE = 30;

/** What was chosen with labelled events in view: the transfer bench chooses it anew with each event left out. */
export interface VoteConstants {
  /** The surprise of forest and LSTM counts up to here: they confirm or doubt, and how far beyond a threshold says little. */
  mostOfOthers: number;
  /** Joint surprise of the models at which a minute is anomalous. */
  threshold: number;
  /** An incident goes on while the joint surprise stays over this part of the threshold. */
  stay: number;
}

/** The threshold is a model's own for one and a half false alarms a day, for models seldom agree by chance. */
export const VOTE: VoteConstants = { mostOfOthers: 3.5, threshold: surpriseForRate(1.5), stay: 0.95 };
export const ENSEMBLE_THRESHOLD = VOTE.threshold;

/**
 * Combines the votes of one minute. Pure: the verdict follows from the votes, the weights and the state of the minute
 * before: the weighted geometric mean of the surprises, so that a model that still looks back at a storm which is over, or
 * whose own calibration is off, cannot hold the score up alone. Models that are missing drop out by name and the others
 * share their weight.
 */
export function vote(
  votes: readonly Vote[],
  weights: Readonly<Partial<Record<ModelKindName, number>>>,
  previous: EnsembleState,
  { mostOfOthers, threshold, stay }: VoteConstants = VOTE,
): Verdict {
  let total = 0;
  let sum = 0;
  const missing: ModelKindName[] = [];
  const counted: Verdict['votes'] = [];
  for (const { kind, surprise, anomalous } of votes) {
    const weight = weights[kind] ?? 0;
    if (!Number.isFinite(surprise)) missing.push(kind);
    else if (weight > 0) {
      total += weight;
      const most = kind === 'heuristic' ? MOST_SURPRISE : mostOfOthers;
      sum += weight * Math.log(Math.min(most, Math.max(LEAST_SURPRISE, surprise)));
      counted.push({ kind, surprise, anomalous, weight });
    }
  }
  if (total === 0) {
    return { score: 0, threshold, anomalous: false, votes: [], missing, state: previous };
  }
  const score = Math.exp(sum / total);
  const anomalous = score >= (previous.anomalous ? threshold * stay : threshold);
  return {
    score,
    threshold,
    anomalous,
    votes: counted.map((v) => ({ ...v, weight: v.weight / total })),
    missing,
    state: { anomalous },
  };
}
