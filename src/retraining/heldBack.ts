import type { ModelKind } from '../models/model.js';
import type { HeldBackResult } from './gate.js';
import type { TrainingWindow } from './window.js';

/** Anomalous minutes with fewer than these between them are one episode, of which so many may be an accident ... */
const EPISODE_MINUTES = 30;
/** ... but never more than this share of all minutes. */
const ACCIDENT_SHARE = 0.1;
/** Fewer judged minutes would say nothing. */
const LEAST_JUDGED = 20;

/** Scores the whole window by a model and counts its held-back minutes. */
export async function scoreHeldBack(
  kind: ModelKind<unknown>,
  model: unknown,
  window: TrainingWindow,
): Promise<HeldBackResult> {
  const { score } = await kind.score(model, window.all, 0);
  return heldBackResult(score, window, kind.threshold(model), kind.context);
}

/**
 * Counts the held-back minutes of a window that was scored; minutes after a gap lack context and are not failures. In a
 * cleaned window those where the champion finds anomalies are left out, unless hardly anything else is held back.
 */
export function heldBackResult(
  score: Float64Array,
  window: TrainingWindow,
  threshold: number,
  context: number,
): HeldBackResult {
  const { minutes, usable } = window.all;
  const heldBack = new Episodes();
  const whole = new Episodes();
  // The training rows are the last of them all: older ones may be over the model's cap.
  const firstTrained = minutes.length - window.training.minutes.length;
  let unscored = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  const { unjudged } = window;
  const skips = unjudged !== undefined && window.heldBack.filter((row) => unjudged[row] === 0).length >= LEAST_JUDGED;
  let run = 0;
  let next = 0;
  for (let row = 0; row < score.length; row++) {
    const follows = row > 0 && minutes[row]! === minutes[row - 1]! + 1;
    run = usable[row] === 1 ? (follows ? run : 0) + 1 : 0;
    const isHeldBack = window.heldBack[next] === row;
    if (isHeldBack) next++;
    if (Number.isFinite(score[row])) {
      if (skips && unjudged[row] === 1) continue;
      const anomalous = score[row]! > threshold;
      const isTrained = row >= firstTrained && window.training.usable[row - firstTrained] === 1;
      if (isHeldBack || isTrained) whole.add(minutes[row]!, anomalous);
      if (!isHeldBack) continue;
      heldBack.add(minutes[row]!, anomalous);
      lowest = Math.min(lowest, score[row]!);
      highest = Math.max(highest, score[row]!);
    } else if (isHeldBack && run > context) unscored++;
  }
  return {
    ...heldBack.rates(),
    unscored,
    lowest,
    highest,
    window: whole.rates(),
  };
}

/** Counts minutes and the anomalous ones among them, which come in episodes. */
class Episodes {
  #minutes = 0;
  #anomalous = 0;
  #inThis = 0;
  #inLongest = 0;
  #before = Number.NEGATIVE_INFINITY;

  add(minute: number, anomalous: boolean): void {
    this.#minutes++;
    if (!anomalous) return;
    this.#anomalous++;
    this.#inThis = minute - this.#before <= EPISODE_MINUTES ? this.#inThis + 1 : 1;
    this.#inLongest = Math.max(this.#inLongest, this.#inThis);
    this.#before = minute;
  }

  rates(): { minutes: number; anomalyRate: number; habitualRate: number } {
    const minutes = Math.max(1, this.#minutes);
    return {
      minutes: this.#minutes,
      anomalyRate: this.#anomalous / minutes,
      habitualRate: (this.#anomalous - Math.min(this.#inLongest, EPISODE_MINUTES, ACCIDENT_SHARE * minutes)) / minutes,
    };
  }
}
