import type { RegimeStep } from '../drift/regimeStep.js';
import { MINUTES_PER_DAY } from '../features/row.js';
import { ANOMALY_CLASSES, type ExamReference, type ExamResult } from './exam.js';
import type { OnePeer } from './onePeer.js';
import type { RetrainingSettings } from './settings.js';

/** How many of some minutes a version finds anomalous. */
export interface AnomalyRates {
  /** Minutes with a finite score. */
  minutes: number;
  anomalyRate: number;
  /** Anomaly rate without the longest episode, which alone may be an accident: half an hour of it and a tenth of the minutes at most. */
  habitualRate: number;
}

/** How one version did on the held-back minutes. */
export interface HeldBackResult extends AnomalyRates {
  /** Minutes without a finite score, those without context not counted. */
  unscored: number;
  lowest: number;
  highest: number;
  /** The same over all minutes of the window, those included that the challenger was trained on. */
  window: AnomalyRates;
}

export interface GateEvidence {
  threshold: number;
  challenger: HeldBackResult;
  champion: HeldBackResult | null;
  /** null when no stretch of the first window was long enough for an exam */
  exam: { challenger: ExamResult; champion: ExamResult | null; reference: ExamReference } | null;
  /** The level of the traffic changed within a day, and the exam is sized by the new one; null when it did not. */
  step?: RegimeStep | null;
  /** The window was cleaned of what the champion finds: on the rest it finds nothing, which says nothing of a challenger. */
  isCleaned?: boolean;
  /** The peer that was over its share of the training window, if one was. */
  onePeer?: OnePeer | null;
}

export interface GateVerdict {
  state: 'published' | 'held' | 'rejected';
  reasons: string[];
}

/** A false alarm lasts as long as the models remember a busy minute, at most. */
const ALARM_MINUTES = 15;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const flagged = ({ minutes, anomalyRate, habitualRate }: AnomalyRates, where: string): string =>
  `it would flag ${percent(anomalyRate)} of ${minutes} ${where}, ${percent(habitualRate)} without its longest alarm`;

/**
 * Whether a challenger may serve. Rejected: it is not sane, or worse than the champion on the same minutes or the same
 * exam, by more than two versions of one quality differ: a threshold hangs on the few ordinary minutes of the farthest
 * tail, so one unmarked episode and an anomaly just missed are chance (`bench -- gate` measures how often that errs). Held for a person: it is no worse than the champion, but its lineage has lost more sensitivity than its budget,
 * as it would when somebody moves the baseline slowly; or one peer dominates what it was trained on.
 */
export function decide(evidence: GateEvidence, settings: RetrainingSettings): GateVerdict {
  const { challenger, champion, exam } = evidence;
  const reasons: string[] = [];
  if (!Number.isFinite(evidence.threshold)) reasons.push('its threshold is not finite');
  if (challenger.minutes === 0) reasons.push('no held-back minute could be scored');
  if (challenger.unscored > 0) reasons.push(`${challenger.unscored} held-back minutes got no finite score`);
  if (exam && exam.challenger.unscored > 0)
    reasons.push(`${exam.challenger.unscored} exam minutes got no finite score`);
  const lowest = Math.min(challenger.lowest, exam?.challenger.lowest ?? challenger.lowest);
  const highest = Math.max(challenger.highest, exam?.challenger.highest ?? challenger.highest);
  if (challenger.minutes > 0 && lowest === highest) reasons.push(`its score is always ${lowest}`);
  const promised = (settings.falseAlarmsPerDay * ALARM_MINUTES) / MINUTES_PER_DAY;
  // After a fall the champion, made for more traffic, is deaf: it flags nothing, so its rate is not the measure.
  const excused = evidence.step && evidence.step.factor < 1 ? promised : 0;
  // Twelve hours say little of how often a version cries wolf. The whole window says more: what a challenger finds
  // anomalous of the very minutes that it was trained on, it finds at least as often later.
  const rates = [
    { where: 'held-back minutes', ours: challenger, theirs: champion },
    { where: 'minutes of its window', ours: challenger.window, theirs: champion?.window },
  ];
  for (const { where, ours, theirs } of rates) {
    const flags = flagged(ours, where);
    // Where the champion no longer fits at all, half of its false alarms is better than all of them.
    const limit = Math.max(settings.maximumAnomalyRate, evidence.step && theirs ? theirs.habitualRate / 2 : 0);
    if (ours.habitualRate > limit) {
      reasons.push(`${flags}; at most ${percent(limit)} may be`);
    } else if (
      theirs &&
      evidence.isCleaned !== true &&
      ours.habitualRate > Math.max(theirs.anomalyRate, excused) + settings.championMargin
    ) {
      reasons.push(
        `${flags}; the version that serves flags ${percent(theirs.anomalyRate)}, and a new one may flag ${percent(settings.championMargin)} more`,
      );
    }
  }
  // Its threshold was set for so many false alarms in these very minutes; what the champion finds there excuses no more.
  const { window } = challenger;
  if (!evidence.step && reasons.length === 0 && window.habitualRate > promised + settings.championMargin) {
    reasons.push(
      `${flagged(window, 'minutes of its window')}; ${settings.falseAlarmsPerDay} false alarms a day make at most ${percent(promised)}, and it may flag ${percent(settings.championMargin)} more`,
    );
  }
  const atReach = exam?.challenger.atReach;
  // Where the lineage's champion has lost sensitivity to a drift, the reference decides below.
  if (exam?.champion && atReach && champion && champion.anomalyRate <= settings.maximumAnomalyRate) {
    for (const name of ANOMALY_CLASSES) {
      if (atReach.byClass[name] < exam.champion.byClass[name] - settings.examMargin) {
        reasons.push(
          `it finds ${percent(exam.challenger.byClass[name])} of the exam's "${name}" episodes, and ${percent(atReach.byClass[name])} with ${settings.falseAlarmFactor} times the false alarms, the champion ${percent(exam.champion.byClass[name])}`,
        );
      }
    }
  }
  // A class just missed is chance; a fifth of all that the champion finds is not, and it is the threshold that will serve.
  if (exam?.champion && exam.challenger.recall < settings.leastServedRecall * exam.champion.recall) {
    reasons.push(
      `at the threshold that would serve it finds ${percent(exam.challenger.recall)} of the exam, the champion ${percent(exam.champion.recall)} (at least ${percent(settings.leastServedRecall)} of that)`,
    );
  }
  if (reasons.length > 0) return { state: 'rejected', reasons };
  const budget = evidence.step ? settings.regimeSensitivityBudget : settings.sensitivityBudget;
  const first =
    exam === null ? 0 : evidence.step ? (exam.reference.origin ?? exam.reference.recall) : exam.reference.recall;
  const floor = (1 - budget) * first;
  // No champion took the exam of a new level, so what it finds at the very threshold that will serve counts here.
  const served = evidence.step ? exam?.challenger.recall : undefined;
  if (exam && atReach && Math.min(atReach.recall, served ?? 1) < floor) {
    return {
      state: 'held',
      reasons: [
        `its recall on the lineage's fixed exam is ${percent(exam.challenger.recall)}, and ${percent(atReach.recall)} with ${settings.falseAlarmFactor} times the false alarms, the first version's ${percent(first)}: the lineage has spent its sensitivity budget of ${percent(budget)}; a person must accept it`,
      ],
    };
  }
  const { onePeer } = evidence;
  if (onePeer && onePeer.shareAfter > onePeer.limit) {
    return {
      state: 'held',
      reasons: [
        `peer ${onePeer.peer} gave ${percent(onePeer.share)} of the window's routes, and without its ${onePeer.leftOut} busiest minutes still ${percent(onePeer.shareAfter)}, over ${percent(onePeer.limit)}: what one peer says must not become what is ordinary; a person must accept it`,
      ],
    };
  }
  return {
    state: 'published',
    reasons: [
      `it flags ${percent(challenger.anomalyRate)} of ${challenger.minutes} held-back minutes` +
        (champion ? `, the version before it ${percent(champion.anomalyRate)}` : ', no version before it') +
        (exam ? `; exam recall ${percent(exam.challenger.recall)} of ${percent(exam.reference.recall)} at first` : ''),
    ],
  };
}
