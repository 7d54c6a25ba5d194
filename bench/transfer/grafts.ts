import { type LabelledMinutes, rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { type Detection, detectionOf } from '../../src/evaluation/metrics.js';
import { type TrainedKind, trainKinds, walkWith } from '../../src/evaluation/walk.js';
import type { FeatureBlock } from '../../src/features/row.js';
import { KINDS } from '../../src/models/kinds.js';
import { baseline } from './baseline.js';
import { type Ended, endsOf } from './ends.js';
import { ordinary, type Recording } from './recorded.js';
import { isFlag, ordinaryBefore, scaleOf } from './weaker.js';

/** Parts of the event's height over its ordinary minutes. */
const HEIGHTS = [1, 0.8, 0.6];
/** A graft begins so long after the training minutes, or earlier where it would not end so long before the last. */
const BEGINS = 400;
const AFTER = 200;
/** Tested minutes that hold the longest event. */
const ROOM = 1700;
/** Seeds of the steps: none was looked at when constants were chosen. */
const ENDS = [601, 602, 603, 604, 605];

export interface Grafted {
  event: string;
  stream: string;
  height: number;
  ensemble: Detection;
  baseline: Detection;
}

/** How the event's minutes differ from the day before it: for each column and minute on the column's scale. */
export function changeOf(data: LabelledMinutes): Float64Array[] {
  const { block, labels } = data;
  const first = labels.indexOf(1);
  const rows = labels.lastIndexOf(1) - first + 1;
  return Array.from({ length: block.columns }, (_, c) => {
    const { there } = scaleOf(c);
    const usual = ordinaryBefore(data, c);
    const at = (row: number): number =>
      there(block.values[Math.min(row, block.minutes.length - 1) * block.columns + c]!);
    // The median of three minutes: the noise of the minutes written into is there already.
    return Float64Array.from(
      { length: rows },
      (_, i) => [-1, 0, 1].map((d) => at(first + i + d)).sort((a, b) => a - b)[1]! - usual,
    );
  });
}

/** The block with the change, at a part of its height, from row `at` on. Flags are changed at the whole height only. */
export function graft(block: FeatureBlock, change: readonly Float64Array[], at: number, height: number): FeatureBlock {
  const values = block.values.slice();
  change.forEach((by, c) => {
    if (isFlag(c) && height < 1) return;
    const { there, back } = scaleOf(c);
    by.forEach((difference, i) => {
      const cell = (at + i) * block.columns + c;
      const value = Math.max(0, back(there(values[cell]!) + height * difference));
      values[cell] = isFlag(c) ? Math.min(1, value) : value;
    });
  });
  return { ...block, values };
}

/**
 * Writes each recording's event into the ordinary minutes of each long enough stream: events under other conditions than they were
 * recorded in. Models learn the first half of the stream. Steps are written there too, to see how long verdicts outlast them.
 */
export async function grafted(all: readonly Recording[], seed: number): Promise<{ grafts: Grafted[]; ends: Ended[] }> {
  const events = all.filter(({ data }) => data.labels.includes(1));
  const found: Grafted[] = [];
  const ends: Ended[] = [];
  for (const stream of all) {
    const { block, labels } = ordinary(stream);
    const trained = Math.floor(labels.length / 2);
    const { kinds } = await trainKinds(rowsOf(block, 0, trained), { kinds: KINDS, seed, falseAlarmsPerDay: 1 });
    for (const drawn of ENDS) ends.push(...(await endsOf(stream.name, kinds, block, trained, drawn)));
    if (labels.length - trained < ROOM) continue;
    for (const event of events) {
      const change = changeOf(event.data);
      for (const height of HEIGHTS) {
        const measured = await measure(kinds, block, trained, change, height);
        found.push({ event: event.name, stream: stream.name, height, ...measured });
      }
    }
  }
  return { grafts: found, ends };
}

async function measure(
  kinds: readonly TrainedKind[],
  block: FeatureBlock,
  trained: number,
  change: readonly Float64Array[],
  height: number,
): Promise<Pick<Grafted, 'ensemble' | 'baseline'>> {
  const rows = block.minutes.length;
  const length = change[0]!.length;
  const at = Math.min(trained + BEGINS, rows - length - AFTER);
  const changed = graft(block, change, at, height);
  const labels = new Uint8Array(rows - trained).fill(1, at - trained, at - trained + length);
  const { ensemble } = await walkWith(kinds, changed, trained);
  return {
    ensemble: detectionOf(ensemble.anomalous, labels),
    baseline: detectionOf(baseline(changed, trained).anomalous, labels),
  };
}
