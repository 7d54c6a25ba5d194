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
  /** Exponential mean of the joint surprise up to the last minute; absent in states of older versions. */
  memory?: number;
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

export const INITIAL_STATE: EnsembleState = { anomalous: false, memory: 0 };

/**
 * The rules have the most say, for they have no seed, and the forest the least: its alarms on ordinary days vary the most
 * with its seed. Chosen among a few with the labelled events in view, see docs/evaluation.md.
 */
export const DEFAULT_WEIGHTS: Readonly<Record<ModelKindName, number>> = { heuristic: 6, isolation_forest: 1, lstm: 2 };

/** A model's surprise counts up to here: one model beside itself must not decide alone. */
const MOST_SURPRISE = 30;
/** ... and from here: one model that sees nothing must not silence the others. */
const LEAST_SURPRISE = 0.02;
/** Joint surprise of the models at which a minute is anomalous: a model's threshold at 0.8 false alarms a day. */
export const ENSEMBLE_THRESHOLD = surpriseForRate(1);
/** An incident goes on while the joint surprise stays over this part of the threshold. */
const STAY = 0.95;
/** Time constant in minutes of the memory, and how far over the minute itself it counts: as long means do in the preparation. */
const MEMORY_MINUTES = 90;
const PRESENT = 1.5;

/**
 * Combines the votes of one minute. Pure: the verdict follows from the votes, the weights and the state of the minute
 * before: the weighted root mean square of the surprises, which lets a model that is sure outweigh one that sees nothing.
 * Models that are missing drop out by name and the others share their weight.
 *
 * Whether a minute is anomalous follows from its joint surprise alone. While an incident lasts, the score remembers what
 * came before it within the incident, so that hours of disorder outrank a burst of minutes and do not dip with each lull.
 */
export function vote(
  votes: readonly Vote[],
  weights: Readonly<Partial<Record<ModelKindName, number>>>,
  previous: EnsembleState,
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
      sum += weight * Math.log(Math.min(MOST_SURPRISE, Math.max(LEAST_SURPRISE, surprise)));
      counted.push({ kind, surprise, anomalous, weight });
    }
  }
  if (total === 0) {
    return { score: 0, threshold: ENSEMBLE_THRESHOLD, anomalous: false, votes: [], missing, state: previous };
  }
  const joint = Math.exp(sum / total);
  const anomalous = joint >= (previous.anomalous ? ENSEMBLE_THRESHOLD * STAY : ENSEMBLE_THRESHOLD);
  const before = previous.memory ?? 0;
  const memory = before + (1 - Math.exp(-1 / MEMORY_MINUTES)) * (joint - before);
  const score = anomalous ? Math.max(joint, Math.min(PRESENT * joint, memory)) : joint;
  return {
    score,
    threshold: ENSEMBLE_THRESHOLD,
    anomalous,
    votes: counted.map((v) => ({ ...v, weight: v.weight / total })),
    missing,
    state: { anomalous, memory },
  };
}
