import type { ModelKind } from '../models/model.js';
import type { HeldBackResult } from './gate.js';
import type { TrainingWindow } from './window.js';

/** Scores the whole window by a model and counts its held-back minutes. */
export async function scoreHeldBack(
  kind: ModelKind<unknown>,
  model: unknown,
  window: TrainingWindow,
): Promise<HeldBackResult> {
  const { score } = await kind.score(model, window.all, 0);
  return heldBackResult(score, window, kind.threshold(model), kind.context);
}

/** Counts the held-back minutes of a window that was scored; minutes after a gap lack context and are no failure. */
export function heldBackResult(
  score: Float64Array,
  window: TrainingWindow,
  threshold: number,
  context: number,
): HeldBackResult {
  const result: HeldBackResult = {
    minutes: 0,
    unscored: 0,
    anomalyRate: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
  };
  let anomalous = 0;
  let run = 0;
  let next = 0;
  for (let row = 0; row < score.length; row++) {
    const { minutes, usable } = window.all;
    const follows = row > 0 && minutes[row] === minutes[row - 1] + 1;
    run = usable[row] === 1 ? (follows ? run : 0) + 1 : 0;
    if (window.heldBack[next] !== row) continue;
    next++;
    if (Number.isFinite(score[row])) {
      result.minutes++;
      result.lowest = Math.min(result.lowest, score[row]);
      result.highest = Math.max(result.highest, score[row]);
      if (score[row] > threshold) anomalous++;
    } else if (run > context) result.unscored++;
  }
  result.anomalyRate = result.minutes === 0 ? 0 : anomalous / result.minutes;
  return result;
}
