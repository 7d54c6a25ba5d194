import { DEFAULT_WEIGHTS, type EnsembleState, INITIAL_STATE, vote } from '../../src/detection/ensemble.js';
import { blockFromRows, sliceBlock } from '../../src/features/featureBlock.js';
import { type FeatureBlock, type FeatureRow, MINUTES_PER_DAY, type Minute } from '../../src/features/row.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { type AnyModelKind, KINDS } from '../../src/models/kinds.js';
import type { ModelKindName } from '../../src/models/model.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { splitWindow } from '../../src/retraining/window.js';

/** One trained kind with its scores of all rows. */
export interface ServedModel {
  kind: ModelKindName;
  threshold: number;
  /** [rows] NaN where a row cannot be scored */
  score: Float64Array;
  surprise: Float64Array;
  afterFall: Float64Array;
  /** Names in the explanation of each anomalous row, by row. */
  rules: Map<number, string[]>;
}

export interface ModelLine {
  inputs: MinuteInput[];
  models: ServedModel[];
  block: FeatureBlock;
  /** First minute that the models serve; null when there was too little to train any. */
  servedFrom: Minute | null;
  /** Kinds that had too few rows to train on. */
  missing: ModelKindName[];
}

/** Rows scored at once: as a detector that catches up does. A score does not depend on it. */
const BATCH = 720;

/** The first models are trained on the first day; on the first half of a recording of less than two. */
export function trainedRows(rows: number): number {
  return rows >= 2 * MINUTES_PER_DAY - 60 ? MINUTES_PER_DAY : Math.floor(rows / 2);
}

/**
 * Trains the three kinds as the trainer does, scores every row and lets the ensemble vote from the first minute after the
 * training on. Before it a minute has no verdict, as in a new installation.
 */
export async function modelLine(
  rows: readonly FeatureRow[],
  seed: number,
  onProgress: (message: string) => void,
  kinds: readonly AnyModelKind[] = KINDS,
): Promise<ModelLine> {
  const block = blockFromRows(rows);
  const trained = trainedRows(rows.length);
  const models: ServedModel[] = [];
  const missing: ModelKindName[] = [];
  for (const kind of kinds) {
    const model = await trainedModel(kind, block, trained, seed, onProgress);
    if (model === null) missing.push(kind.name);
    else models.push(model);
  }
  let state: EnsembleState = INITIAL_STATE;
  const inputs = rows.map(({ minute, kind, values, evidence }, row): MinuteInput => {
    const gap = kind === 'gap';
    const base = { minute, gap, values: gap ? [] : values, evidence: gap ? null : evidence };
    if (row < trained || models.length === 0 || gap) {
      return { ...base, score: null, threshold: null, anomalous: false, votes: {} };
    }
    const votes = models.map(({ kind: name, score, surprise, afterFall, threshold }) => ({
      kind: name,
      surprise: surprise[row]!,
      anomalous: score[row]! >= threshold,
      afterFall: afterFall[row]!,
    }));
    const verdict = vote(votes, DEFAULT_WEIGHTS, state);
    state = verdict.state;
    const { score, threshold, anomalous } = verdict;
    const said = Object.fromEntries(
      verdict.votes.map((v) => [v.kind, { surprise: v.surprise, anomalous: v.anomalous }]),
    );
    return { ...base, score, threshold, anomalous, votes: said };
  });
  return { inputs, models, block, servedFrom: models.length === 0 ? null : rows[trained]!.minute, missing };
}

async function trainedModel(
  kind: AnyModelKind,
  block: FeatureBlock,
  trained: number,
  seed: number,
  onProgress: (message: string) => void,
): Promise<ServedModel | null> {
  const started = performance.now();
  const settings = retrainingSettings.parse({});
  const heldBack = trained >= MINUTES_PER_DAY ? Math.min(settings.heldBackMinutes, trained / 2) : 0;
  const window = splitWindow(sliceBlock(block, 0, trained), [], heldBack, kind.maximumRows);
  if (window.trainingRows < kind.minimumRows) {
    onProgress(`${kind.name}: not trained, ${window.trainingRows} minutes of at least ${kind.minimumRows}`);
    return null;
  }
  const model = await kind.fit(window.training, { seed, falseAlarmsPerDay: settings.falseAlarmsPerDay });
  const rows = block.minutes.length;
  const threshold = kind.threshold(model);
  const score = new Float64Array(rows);
  const surprise = new Float64Array(rows);
  const afterFall = new Float64Array(rows).fill(Number.NaN);
  const rules = new Map<number, string[]>();
  for (let from = 0; from < rows; from += BATCH) {
    const start = Math.max(0, from - kind.context);
    const part = sliceBlock(block, start, Math.min(rows, from + BATCH));
    const scores = await kind.score(model, part, from - start);
    score.set(scores.score, from);
    surprise.set(scores.surprise, from);
    if (scores.afterFall !== undefined) afterFall.set(scores.afterFall, from);
    for (const [at, value] of scores.score.entries()) {
      if (kind.name !== 'heuristic' || !(value >= threshold)) continue;
      const names = (await kind.explain(model, part, from - start + at)).map(({ name }) => name);
      rules.set(from + at, names);
    }
  }
  const seconds = (performance.now() - started) / 1000;
  onProgress(`${kind.name}: trained on ${window.trainingRows} minutes, walked ${rows} in ${seconds.toFixed(1)} s`);
  return { kind: kind.name, threshold, score, surprise, afterFall, rules };
}
