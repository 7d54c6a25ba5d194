import { MINUTES_PER_DAY } from '../features/row.js';
import type { ModelKindName } from '../models/model.js';
import { QUIET_MINUTES, surpriseAt } from '../models/threshold.js';

/** What one model says of a minute. */
export interface Vote {
  kind: ModelKindName;
  /** -log10 of the tail probability; NaN when the model could not score the minute. */
  surprise: number;
  /** Whether the model's score is over its own threshold. */
  anomalous: boolean;
  /** Where the volume has fallen, the surprise of what its last minutes show; see `Scores`. */
  afterFall?: number | undefined;
}

/** What the ensemble keeps from minute to minute; stored with the verdict. */
export interface EnsembleState {
  /** Whether the last minute was in an incident, though its own verdict may be that the counts are back. */
  anomalous: boolean;
  /** During an incident: its recent height, which fades while the score is lower, and its greatest score. */
  recent?: number;
  greatest?: number;
  /** During an incident: minutes since its score last reached what begins one. */
  below?: number;
  /** Whether the incident that is on began with what forest and LSTM agree on. */
  agreed?: boolean;
  /** The greatest incident that ended within a day, and the minutes judged since. */
  passed?: { greatest: number; minutes: number };
  /** How far the stream's own alarms have moved the threshold: up with each, down without; 0 where it is missing. */
  moved?: number;
  /** Minutes judged since the last anomalous one, where there was one. */
  quiet?: number;
}

export interface Verdict {
  /** 0 is quite ordinary. */
  score: number;
  /** Score at which an incident begins: follows the stream's own alarms, and is raised for a day after a great one. */
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
 * The rules lead, for they hold volume and single counts and have no seed. Forest and LSTM confirm or doubt a little, and are heard
 * by themselves where they agree. Chosen on injections among those that cost the labelled events nothing, see docs/evaluation.md.
 */
export const DEFAULT_WEIGHTS: Readonly<Record<ModelKindName, number>> = { heuristic: 30, isolation_forest: 1, lstm: 1 };

/** The surprise of the rules counts no less: it has a logarithm. */
const LEAST_SURPRISE = 0.02;
/** The surprise of the rules counts up to here. */
const MOST_SURPRISE = 30;

/** What was chosen with labelled events in view: the transfer bench chooses it anew with each event left out. */
export interface VoteConstants {
  /** The surprise of forest and LSTM counts up to here: they confirm or doubt, and how far beyond a threshold says little. */
  mostOfOthers: number;
  /** ... and no less than here: what the rules see alone, a burst or a single count, may be none of the others' business. */
  leastOfOthers: number;
  /** From this surprise of both forest and LSTM on they count without the rules; infinite: never. */
  agreedFrom: number;
  /** Joint surprise of the models at which an incident begins, before the stream's own alarms move it. */
  threshold: number;
  /** Alarms a day that are wanted: with so many the threshold stays where it is. */
  falseAlarmsPerDay: number;
  /** How far one alarm more than wanted moves the threshold. */
  step: number;
  /** An incident is over below this, however small it was (lower where the threshold has moved down) ... */
  stay: number;
  /** ... and when the score has come back this far from its recent height: 0.5 is half of the way to the ordinary. */
  back: number;
  /**
   * For a day after an incident, a new one must reach this part of its height: what follows a storm is not ordinary. One that does not
   * come up to it for half an hour, nor to the threshold, is over: storms wane for hours.
   */
  after: number;
}

/**
 * An incident begins at the surprise of the wanted false alarms a day, and goes on down to that of seven times as many: one that dips for a
 * minute is one. Single models stand at half
 * of what is asked of them; of three that must agree, that would be a quarter.
 */
export function voteFor(falseAlarmsPerDay: number): VoteConstants {
  return {
    mostOfOthers: 5,
    leastOfOthers: 2,
    agreedFrom: 3.2,
    threshold: surpriseAt(falseAlarmsPerDay),
    falseAlarmsPerDay,
    step: 0.5,
    stay: surpriseAt(7 * falseAlarmsPerDay),
    back: 0.5,
    after: 0.6,
  };
}

/** Wanted false alarms a day of the verdicts, where nothing else is asked for. */
export const VERDICT_FALSE_ALARMS = 0.5;
export const VOTE = voteFor(VERDICT_FALSE_ALARMS);
export const ENSEMBLE_THRESHOLD = VOTE.threshold;

/** What forest and LSTM agree on is an alarm or nothing: steep, and never so much that it outranks an event or begins one soon after. */
const AGREED_STEEP = 8;
const AGREED_MOST = 4;
/** Minutes that forest and LSTM look back: so long after an incident of the rules they see it still. */
const LOOKING_BACK = 180;
/** The surprise of the median minute: below it the rules see less traffic than usual, as on any weekend. */
const MEDIAN = -Math.log10(0.5);

/** Surprise of ordinary minutes: heights are measured from here. */
const ORDINARY = 1;
/** Minutes in which an incident's height fades by a factor of e, so that one that wanes over hours is still one. */
const FADING_MINUTES = 720;
/** However great an incident was, what goes so far over the threshold is heard on the same day. */
const MOST_RAISED = 1.5;
/** The stream's own alarms move the threshold no further: a factor of ten of the rate down, of thirty up. */
const LOWEST = -1;
const HIGHEST = 1.5;

/**
 * Combines the votes of one minute. Pure: the verdict follows from the votes, the weights and the state of the minute
 * before: the weighted geometric mean of the surprises, so that a model that still looks back at a storm which is over, or
 * whose own calibration is off, cannot hold the score up alone. Where volume is not below the ordinary, what forest and LSTM both
 * find surprising counts without the rules: a change of paths or lengths shows in no count. It neither prolongs an incident of the
 * rules nor follows one. A minute in which the volume has fallen, and whose last minutes would not keep an incident up, is not
 * anomalous, for what longer means hold is over; the incident stays open, since storms come in waves. Models that are missing drop out
 * by name and the others share their weight.
 */
export function vote(
  votes: readonly Vote[],
  weights: Readonly<Partial<Record<ModelKindName, number>>>,
  previous: EnsembleState,
  constants: VoteConstants = VOTE,
): Verdict {
  let total = 0;
  let sum = 0;
  const missing: ModelKindName[] = [];
  const counted: Verdict['votes'] = [];
  let fresh = Number.POSITIVE_INFINITY;
  for (const { kind, surprise, anomalous, afterFall } of votes) {
    if (afterFall !== undefined && Number.isFinite(afterFall)) fresh = afterFall;
    const weight = weights[kind] ?? 0;
    if (!Number.isFinite(surprise)) missing.push(kind);
    else if (weight > 0) {
      total += weight;
      const leads = kind === 'heuristic';
      const most = leads ? MOST_SURPRISE : constants.mostOfOthers;
      const least = leads ? LEAST_SURPRISE : constants.leastOfOthers;
      sum += weight * Math.log(Math.min(most, Math.max(least, surprise)));
      counted.push({ kind, surprise, anomalous, weight });
    }
  }
  const passed = stillCounts(previous.passed);
  const moved = previous.moved ?? 0;
  const raised = Math.min(MOST_RAISED * constants.threshold, passed ? heightAt(passed.greatest, constants.after) : 0);
  const threshold = Math.max(constants.threshold + moved, raised);
  if (total === 0) {
    return { score: 0, threshold, anomalous: false, votes: [], missing, state: previous };
  }
  const joint = Math.exp(sum / total);
  const heard = previous.anomalous ? previous.agreed === true : (passed?.minutes ?? LOOKING_BACK) >= LOOKING_BACK;
  const agreed = heard ? agreedOn(counted, constants.agreedFrom) : Number.NEGATIVE_INFINITY;
  const score = Math.max(joint, agreed);
  const ends = endsOf(constants, Math.min(0, moved));
  const isBack = fresh < ends.stay && agreed <= joint;
  const { anomalous, state } = next(score, isBack ? Number.POSITIVE_INFINITY : threshold, previous, passed, ends);
  return {
    score,
    threshold,
    anomalous: anomalous && !isBack,
    state: {
      ...state,
      ...(anomalous && (previous.anomalous ? previous.agreed : agreed > joint) && { agreed: true }),
      moved: movedOn(moved, previous, anomalous, constants),
      ...quietAfter(previous, anomalous),
    },
    votes: counted.map((v) => ({
      ...v,
      weight: agreed > joint ? (v.kind === 'heuristic' ? 0 : 0.5) : v.weight / total,
    })),
    missing,
  };
}

/** What forest and LSTM say together without the rules; nothing where one of the three has no say. */
function agreedOn(counted: Verdict['votes'], from: number): number {
  const rules = counted.find(({ kind }) => kind === 'heuristic');
  if (rules === undefined || rules.surprise < MEDIAN || counted.length < 3) return Number.NEGATIVE_INFINITY;
  const least = Math.min(...counted.filter((v) => v !== rules).map(({ surprise }) => surprise));
  return Math.min(AGREED_MOST, AGREED_STEEP * (least - from));
}

type Passed = NonNullable<EnsembleState['passed']>;

/** What ends an incident. */
type Ends = Pick<VoteConstants, 'threshold' | 'stay' | 'back' | 'after'>;

/** Levels follow the threshold down, and not up: the incident itself has moved it. */
function endsOf({ threshold, stay, back, after }: VoteConstants, moved: number): Ends {
  return { threshold: threshold + moved, stay: stay + moved, back, after };
}

/** Begins, goes on with or ends an incident. */
function next(
  score: number,
  threshold: number,
  { anomalous: on, recent = score, greatest = score, below = 0 }: EnsembleState,
  passed: Passed | undefined,
  ends: Ends,
): { anomalous: boolean; state: EnsembleState } {
  if (!on) {
    const anomalous = score >= threshold;
    return {
      anomalous,
      state: { anomalous, ...(anomalous && { recent: score, greatest: score }), ...(passed && { passed }) },
    };
  }
  const height = Math.max(score, heightAt(recent, 1 - 1 / FADING_MINUTES));
  const most = Math.max(score, greatest);
  // What begins an incident, or the part of this one that a new one would have to reach, where that is less.
  const reached = score >= Math.min(ends.threshold, heightAt(most, ends.after));
  const since = reached ? 0 : below + 1;
  if (score >= Math.max(ends.stay, heightAt(height, ends.back)) && since < QUIET_MINUTES) {
    return {
      anomalous: true,
      state: { anomalous: true, recent: height, greatest: most, below: since, ...(passed && { passed }) },
    };
  }
  const remembered = passed !== undefined && passed.greatest > most ? passed : { greatest: most, minutes: 0 };
  return { anomalous: false, state: { anomalous: false, passed: remembered } };
}

/**
 * Adaptive conformal inference (Gibbs and Candes 2021) on alarms: each that begins moves the threshold up by a step, and the minutes
 * without one move it down by as much at the wanted rate. Whatever the stream is like, its alarms a day then come to what is wanted as
 * long as no bound is reached. No label is looked at: in a stream with real incidents, these are among the alarms. An alarm is what an
 * operator counts as one: what begins again within half an hour belongs to the last.
 */
function movedOn(
  moved: number,
  { anomalous: on, quiet = Number.POSITIVE_INFINITY }: EnsembleState,
  anomalous: boolean,
  { step, falseAlarmsPerDay }: VoteConstants,
): number {
  if (on && anomalous) return moved;
  const begins = anomalous && quiet >= QUIET_MINUTES ? step : 0;
  return Math.min(HIGHEST, Math.max(LOWEST, moved + begins - (step * falseAlarmsPerDay) / MINUTES_PER_DAY));
}

function quietAfter({ anomalous: on, quiet }: EnsembleState, anomalous: boolean): Pick<EnsembleState, 'quiet'> {
  if (anomalous || (quiet === undefined && !on)) return {};
  return { quiet: Math.min(QUIET_MINUTES, on ? 1 : quiet! + 1) };
}

/** The score a part of the way from the ordinary to `score`. */
function heightAt(score: number, part: number): number {
  return ORDINARY + part * (score - ORDINARY);
}

function stillCounts(passed: EnsembleState['passed']): Passed | undefined {
  if (passed === undefined || passed.minutes >= MINUTES_PER_DAY) return undefined;
  return { ...passed, minutes: passed.minutes + 1 };
}
