import { walk } from '../../src/evaluation/walk.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import type { FeatureBlock, FeatureRow } from '../../src/features/row.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { KINDS } from '../../src/models/kinds.js';
import type { ModelKindName } from '../../src/models/model.js';

/**
 * Rows as the correlator gets them from the three models, trained on the first `trained` rows, and their vote: nothing
 * of the script reaches them. The rows trained on count as ordinary.
 */
export async function detectedInputs(rows: readonly FeatureRow[], trained: number, seed: number) {
  const block: FeatureBlock = {
    minutes: Int32Array.from(rows, ({ minute }) => minute),
    values: Float32Array.from(rows.flatMap(({ values }) => [...values])),
    columns: FEATURE_COUNT,
    usable: Uint8Array.from(rows, ({ kind }) => (kind === 'gap' ? 0 : 1)),
  };
  const { models, ensemble } = await walk(block, trained, { kinds: KINDS, seed, falseAlarmsPerDay: 0.5 });
  return rows.map(({ minute, kind, values, evidence }, row): MinuteInput => {
    const at = row - trained;
    const votes = Object.entries(models).map(([name, track]) => [
      name as ModelKindName,
      { surprise: track.surprise[at] ?? 0, anomalous: track.anomalous[at] === 1 },
    ]);
    return {
      minute,
      gap: kind === 'gap',
      score: ensemble.score[at] ?? 0,
      threshold: ensemble.threshold,
      anomalous: ensemble.anomalous[at] === 1,
      votes: at < 0 ? {} : Object.fromEntries(votes),
      values,
      evidence,
    };
  });
}
