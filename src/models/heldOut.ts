import type { FeatureBlock } from '../features/row.js';

const FOLDS = 5;

/**
 * Scores every row of the training window with a model that did not see its part of the window: the window is cut into
 * five stretches, and each is scored by a model fitted on the other four. Such scores are what new ordinary minutes
 * will get; scores of the very rows a model was fitted on are lower, and thresholds from them cry wolf.
 * @returns [rows], NaN for gaps
 */
export function heldOutScores<M>(
  window: FeatureBlock,
  fit: (part: FeatureBlock) => M,
  score: (model: M, block: FeatureBlock, from: number) => Float64Array,
): Float64Array {
  const rows = window.minutes.length;
  const scores = new Float64Array(rows).fill(Number.NaN);
  const usable = usableRows(window);
  for (let fold = 0; fold < FOLDS; fold++) {
    const first = usable[Math.floor((fold * usable.length) / FOLDS)]!;
    const end = fold === FOLDS - 1 ? rows : usable[Math.floor(((fold + 1) * usable.length) / FOLDS)]!;
    const seen = Uint8Array.from(window.usable).fill(0, first, end);
    const model = fit({ ...window, usable: seen });
    const part = {
      minutes: window.minutes.subarray(0, end),
      values: window.values.subarray(0, end * window.columns),
      columns: window.columns,
      usable: window.usable.subarray(0, end),
    };
    scores.set(score(model, part, first), first);
  }
  return scores;
}

/** Indices of the rows that are not gaps. */
export function usableRows(block: FeatureBlock): number[] {
  const rows: number[] = [];
  for (let row = 0; row < block.minutes.length; row++) if (block.usable[row] === 1) rows.push(row);
  return rows;
}
