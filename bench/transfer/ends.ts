import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { stretchesOf } from '../../src/evaluation/metrics.js';
import { type TrainedKind, walkWith } from '../../src/evaluation/walk.js';
import type { FeatureBlock } from '../../src/features/row.js';
import { QUIET_MINUTES } from '../../src/models/threshold.js';
import { seededRandom } from '../../src/random/sfc32.js';
import { COUNTS } from './weaker.js';

const STEPS = 16;
const SHORTEST = 10;
const LONGEST = 360;
/** Rows before a step that any kind needs, and after it in which a verdict may end. */
const CONTEXT = 200;
const AFTER = 90;

/** A step of the counts, and how long the verdict outlasted it. */
export interface Ended {
  stream: string;
  /** What the counts were multiplied by: less than 1 for a fall. */
  times: number;
  minutes: number;
  /** Verdicts without a break after the counts are back; null where the step was not flagged to its end. */
  outlasted: number | null;
  /** Minutes from then to the last of the alarm, which half an hour ends, but for what the stream raises without the step. */
  lasted: number | null;
}

/**
 * Steps of 10 minutes to 6 hours, to 2 to 12 times the ordinary counts and each to as small a part of them, drawn by the seed into the
 * rows after those trained on.
 */
export async function endsOf(
  stream: string,
  kinds: readonly TrainedKind[],
  block: FeatureBlock,
  trained: number,
  seed: number,
): Promise<Ended[]> {
  const random = seededRandom(seed);
  const own = new Uint8Array(block.minutes.length);
  const alarms = stretchesOf((await walkWith(kinds, block, trained)).ensemble.anomalous, QUIET_MINUTES - 1);
  for (const { first, last } of alarms) own.fill(1, trained + first, trained + last + 1);
  const between = (low: number, high: number): number => low * (high / low) ** random();
  const ends: Ended[] = [];
  for (let i = 0; i < STEPS; i++) {
    const room = block.minutes.length - trained - AFTER;
    const minutes = Math.min(Math.round(between(SHORTEST, LONGEST)), room);
    const times = between(2, 12);
    const first = trained + Math.floor(random() * (room - minutes + 1));
    const part = rowsOf(block, Math.max(0, first - CONTEXT), first + minutes + AFTER);
    const from = first - Math.max(0, first - CONTEXT);
    for (const by of [times, 1 / times]) {
      const values = part.values.slice();
      for (let row = from; row < from + minutes; row++) {
        for (const c of COUNTS) values[row * part.columns + c]! *= by;
      }
      const { ensemble } = await walkWith(kinds, { ...part, values }, from);
      if (ensemble.anomalous[minutes - 1] !== 1) {
        ends.push({ stream, times: by, minutes, outlasted: null, lasted: null });
        continue;
      }
      const outlasted = endOf(ensemble.anomalous, minutes, 0);
      const added = ensemble.anomalous.map((flag, row) => (row >= minutes && own[first + row] === 1 ? 0 : flag));
      ends.push({ stream, times: by, minutes, outlasted, lasted: endOf(added, minutes, QUIET_MINUTES - 1) });
    }
  }
  return ends;
}

/** Minutes from `back` to the end of the alarm that is on before it. */
function endOf(anomalous: Uint8Array, back: number, join: number): number {
  return stretchesOf(anomalous, join).find(({ last }) => last >= back - 1)!.last - back + 1;
}
