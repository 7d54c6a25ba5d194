import type { LabelledMinutes } from '../../src/evaluation/labelledMinutes.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { columnAt, quantileSorted } from '../../src/models/preparation/robust.js';

/** Counts, which change by factors: messages, prefixes, duplicates, arrival rate, origins. */
export const COUNTS = [0, 1, 2, 3, 7, 8, 9, 11, 33, 34, 35];
/** Flags of the longest path and of the greatest edit distance: a part of a flag means nothing. */
const FIRST_FLAG = 13;
const LAST_FLAG = 32;

export function isFlag(column: number): boolean {
  return column >= FIRST_FLAG && column <= LAST_FLAG;
}

/** Onto the scale on which heights are measured, and back: logs of counts, the others as they are. */
export function scaleOf(column: number): { there: (x: number) => number; back: (x: number) => number } {
  const count = COUNTS.includes(column);
  return { there: count ? Math.log1p : (x) => x, back: count ? Math.expm1 : (x) => x };
}

/** Median of a column over the day before the event, on its scale. */
export function ordinaryBefore({ block, labels }: LabelledMinutes, column: number): number {
  const first = labels.indexOf(1);
  const before = [...Array(first).keys()].slice(-MINUTES_PER_DAY).filter((row) => block.usable[row] === 1);
  const { there } = scaleOf(column);
  return quantileSorted(columnAt(block.values, block.columns, column, before).map(there).sort(), 0.5);
}

/**
 * The recording with a weaker event: in labelled minutes each column keeps `height` of its distance from the median of the day before
 * the event, counts on the log scale. Flags stay.
 */
export function weaker(data: LabelledMinutes, height: number): FeatureBlock {
  const { block, labels } = data;
  const { columns } = block;
  const values = block.values.slice();
  for (let c = 0; c < columns; c++) {
    if (isFlag(c)) continue;
    const { there, back } = scaleOf(c);
    const ordinary = ordinaryBefore(data, c);
    for (let row = 0; row < labels.length; row++) {
      if (labels[row] !== 1) continue;
      const at = row * columns + c;
      values[at] = Math.max(0, back(ordinary + height * (there(values[at]!) - ordinary)));
    }
  }
  return { ...block, values };
}
