import type { FeatureBlock } from '../../features/row.js';

/** A window ends after this many time constants, where a weight is 13 % of the newest. */
const WINDOW_IN_TIME_CONSTANTS = 2;

/** Minutes in the window of a time constant; 1 is the minute itself. */
export function windowOf(timeConstant: number): number {
  return timeConstant === 1 ? 1 : timeConstant * WINDOW_IN_TIME_CONSTANTS;
}

/**
 * Exponential means over a finite window, in a few operations a row whatever the window: time is cut into blocks as
 * long as the window, at fixed minutes of the clock, so a window is always the end of one block and the beginning of
 * the next (van Herk 1992, for sums). Both parts are added up from the border between the blocks outwards, so a mean
 * is the same to the last bit wherever a batch begins, which a running sum would not be.
 * @param scaled [rows of the block from `start` x width]
 * @param out row r (block row `from` + r) is written at r * stride + offset; rows that are gaps are left as they are
 */
export function windowMeans(
  scaled: Float64Array,
  width: number,
  block: FeatureBlock,
  start: number,
  from: number,
  timeConstant: number,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  const { minutes, usable } = block;
  const rows = minutes.length;
  const window = windowOf(timeConstant);
  let whole = 0;
  for (let age = 0; age < window; age++) whole += Math.exp(-age / timeConstant);
  const blockOf = (row: number): number => Math.floor(minutes[row]! / window);
  /** Rows of the block before, newest last: sums from its end back to each row, weighted for its last minute. */
  let beforeFrom = start;
  let before = new Float64Array(0);
  let beforeWeight = new Float64Array(0);
  let beforeBlock = Number.NEGATIVE_INFINITY;
  const ahead = new Float64Array(width);
  let first = start;
  // A window reaches into the block before its own, and no further: of a long context most scales need little.
  if (from < rows) {
    const oldestBlock = blockOf(from) - 1;
    while (blockOf(first) < oldestBlock) first++;
  }
  while (first < rows) {
    const current = blockOf(first);
    let end = first;
    while (end < rows && blockOf(end) === current) end++;
    if (beforeBlock !== current - 1) beforeFrom = first;
    let weightAhead = 0;
    ahead.fill(0);
    let oldest = beforeFrom;
    for (let row = first; row < end; row++) {
      const faded = row > first ? Math.exp(-(minutes[row]! - minutes[row - 1]!) / timeConstant) : 0;
      weightAhead *= faded;
      if (usable[row] !== 1) {
        for (let k = 0; k < width; k++) ahead[k]! *= faded;
        continue;
      }
      weightAhead += 1;
      const at = (row - start) * width;
      for (let k = 0; k < width; k++) ahead[k] = ahead[k]! * faded + scaled[at + k]!;
      if (row < from) continue;
      while (oldest < first && minutes[row]! - minutes[oldest]! >= window) oldest++;
      const target = (row - from) * stride + offset;
      const old = (oldest - beforeFrom) * width;
      const decay = oldest < first ? Math.exp(-(minutes[row]! - (current * window - 1)) / timeConstant) : 0;
      const weight = weightAhead + (decay > 0 ? decay * beforeWeight[oldest - beforeFrom]! : 0);
      const divisor = Math.max(weight, whole / 2);
      if (decay > 0) {
        for (let k = 0; k < width; k++) out[target + k] = (ahead[k]! + decay * before[old + k]!) / divisor;
      } else {
        for (let k = 0; k < width; k++) out[target + k] = ahead[k]! / divisor;
      }
    }
    // Each row's sum is that of the row after it, and itself.
    before = new Float64Array((end - first) * width);
    beforeWeight = new Float64Array(end - first);
    let weightBack = 0;
    for (let row = end - 1; row >= first; row--) {
      const at = (row - first) * width;
      if (row < end - 1) for (let k = 0; k < width; k++) before[at + k] = before[at + width + k]!;
      if (usable[row] === 1) {
        const w = Math.exp(-((current + 1) * window - 1 - minutes[row]!) / timeConstant);
        weightBack += w;
        const value = (row - start) * width;
        for (let k = 0; k < width; k++) before[at + k]! += w * scaled[value + k]!;
      }
      beforeWeight[row - first] = weightBack;
    }
    beforeFrom = first;
    beforeBlock = current;
    first = end;
  }
}
