import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf } from '../../src/evaluation/metrics.js';
import { combine, type Track, type TrainedKind, walkWith } from '../../src/evaluation/walk.js';
import { baseline } from './baseline.js';
import { injections, SHAPES } from './injections.js';
import type { Recording } from './recorded.js';

/** More than any kind needs before a row. */
const CONTEXT = 200;

export interface Recall {
  file: string;
  shape: string;
  injected: number;
  ensemble: number;
  /** By the kind that is left out of the vote. */
  without: Record<string, number>;
  /** At its own threshold, and at one that gives as many false alarms as the ensemble raises. */
  baseline: number;
  baseline_same_alarms: number;
}

/** Shares of seeded injections into an ordinary recording that are found by any of their minutes. */
export async function recallOf(
  { name, data }: Recording,
  models: readonly TrainedKind[],
  trained: number,
  ensemble: Track,
  count: number,
  seed: number,
): Promise<Recall[]> {
  const own = baseline(data.block, trained);
  const same = thresholdAt(own.score, detectionOf(ensemble.anomalous, data.labels.subarray(trained)));
  const learnt = rowsOf(data.block, 0, trained);
  const kinds = models.map(({ kind }) => kind.name);
  const found = new Map(
    SHAPES.map((shape) => [shape, { injected: 0, ensemble: 0, baseline: 0, same: 0, without: kinds.map(() => 0) }]),
  );
  for (const { shape, block, from } of injections(data.block, trained, CONTEXT, count, seed)) {
    const of = found.get(shape)!;
    const walked = await walkWith(models, block, from);
    // The baseline learns from the same minutes, then runs over the context and the injection.
    const glued = {
      minutes: Int32Array.from([...learnt.minutes, ...block.minutes]),
      values: Float32Array.from([...learnt.values, ...block.values]),
      columns: block.columns,
      usable: Uint8Array.from([...learnt.usable, ...block.usable]),
    };
    const scores = baseline(glued, trained).score.subarray(from);
    of.injected++;
    of.ensemble += walked.ensemble.anomalous.includes(1) ? 1 : 0;
    kinds.forEach((kind, k) => {
      const { [kind]: _, ...others } = walked.models;
      of.without[k]! += combine(others, walked.ensemble.score.length).anomalous.includes(1) ? 1 : 0;
    });
    of.baseline += scores.some((s) => s >= own.threshold) ? 1 : 0;
    of.same += scores.some((s) => s >= same) ? 1 : 0;
  }
  return [...found].map(([shape, of]) => ({
    file: name,
    shape,
    injected: of.injected,
    ensemble: of.ensemble / of.injected,
    without: Object.fromEntries(kinds.map((kind, k) => [kind, of.without[k]! / of.injected])),
    baseline: of.baseline / of.injected,
    baseline_same_alarms: of.same / of.injected,
  }));
}

/** The lowest threshold at which the score raises no more alarms a day than were raised. */
function thresholdAt(score: Float64Array, raised: { false_alarms_per_day: number }): number {
  const falling = score
    .filter((s) => Number.isFinite(s))
    .sort()
    .reverse();
  const none = new Uint8Array(score.length);
  let threshold = falling[0]! + 1e-9;
  for (let at = 0; at < falling.length / 4; at += 5) {
    const flags = Uint8Array.from(score, (s) => (s >= falling[at]! ? 1 : 0));
    if (detectionOf(flags, none).false_alarms_per_day > raised.false_alarms_per_day + 1e-9) break;
    threshold = falling[at]!;
  }
  return threshold;
}
