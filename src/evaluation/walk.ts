import {
  DEFAULT_WEIGHTS,
  type EnsembleState,
  INITIAL_STATE,
  VOTE,
  type VoteConstants,
  vote,
  voteFor,
} from '../detection/ensemble.js';
import type { FeatureBlock } from '../features/row.js';
import type { AnyModelKind } from '../models/kinds.js';
import type { ModelKindName } from '../models/model.js';
import { rowsOf } from './labelledMinutes.js';

export interface WalkOptions {
  kinds: readonly AnyModelKind[];
  seed: number;
  /** Wanted: of the verdicts by `walk`, of each model by `trainKinds`. */
  falseAlarmsPerDay: number;
  weights?: Partial<Record<ModelKindName, number>>;
  /** Kind-specific settings. */
  settings?: Partial<Record<ModelKindName, Record<string, unknown>>>;
  /** Told what goes on, for people. */
  onProgress?: (message: string) => void;
}

/** What one model, or the ensemble, said of the walked rows. */
export interface Track {
  /** [rows] */
  score: Float64Array;
  /** [rows] 1 where the minute was called anomalous */
  anomalous: Uint8Array;
  threshold: number;
}

export interface Walk {
  models: Partial<
    Record<ModelKindName, Track & { surprise: Float64Array; afterFall?: Float64Array; fitSeconds: number }>
  >;
  /** Kinds that had too few rows to train on. */
  missing: ModelKindName[];
  ensemble: Track;
}

/** A model alone may raise so many times the alarms of the verdicts: one that is not agreed with is none of theirs. */
const MODELS_MORE = 2;

/** Rows scored at once: as a detector that catches up does. A score does not depend on it. */
const BATCH = 720;

/** A kind with the model that it was fitted to. */
export interface TrainedKind {
  kind: AnyModelKind;
  model: unknown;
  fitSeconds: number;
}

/**
 * Trains each kind on the first `trained` rows and walks the rest in order as the live system does: a batch with its
 * context before it, then the vote minute by minute. It is given no labels.
 */
export async function walk(block: FeatureBlock, trained: number, options: WalkOptions): Promise<Walk> {
  const each = { ...options, falseAlarmsPerDay: MODELS_MORE * options.falseAlarmsPerDay };
  const fitted = await trainKinds(rowsOf(block, 0, trained), each);
  const constants = voteFor(options.falseAlarmsPerDay);
  const walked = await walkWith(fitted.kinds, block, trained, options.weights, constants);
  options.onProgress?.(`walked ${block.minutes.length - trained} minutes`);
  return { ...walked, missing: fitted.missing };
}

/** Fits each kind on the window; kinds that have too few rows are named as missing. */
export async function trainKinds(
  window: FeatureBlock,
  options: WalkOptions,
): Promise<{ kinds: TrainedKind[]; missing: ModelKindName[] }> {
  const kinds: TrainedKind[] = [];
  const missing: ModelKindName[] = [];
  for (const kind of options.kinds) {
    const started = performance.now();
    const settings = options.settings?.[kind.name];
    const rowsTrained = window.minutes.length > kind.maximumRows ? newest(window, kind.maximumRows) : window;
    const rows = rowsTrained.minutes.length;
    if (rows < kind.minimumRows) {
      missing.push(kind.name);
      options.onProgress?.(
        `${kind.name}: not trained, ${rows} minutes of at least ${kind.minimumRows}; the others vote without it`,
      );
      continue;
    }
    const model = await kind.fit(rowsTrained, {
      seed: options.seed,
      falseAlarmsPerDay: options.falseAlarmsPerDay,
      ...(settings === undefined ? {} : { settings }),
    });
    const fitSeconds = (performance.now() - started) / 1000;
    kinds.push({ kind, model, fitSeconds });
    options.onProgress?.(`${kind.name}: trained on ${rows} minutes in ${fitSeconds.toFixed(1)} s`);
  }
  return { kinds, missing };
}

/** Walks rows `from` .. end of the block with models that are trained; the rows before are their context. */
export async function walkWith(
  trained: readonly TrainedKind[],
  block: FeatureBlock,
  from: number,
  weights: Readonly<Partial<Record<ModelKindName, number>>> = DEFAULT_WEIGHTS,
  constants: VoteConstants = VOTE,
): Promise<Pick<Walk, 'models' | 'ensemble'>> {
  const rows = block.minutes.length;
  const models: Walk['models'] = {};
  for (const { kind, model, fitSeconds } of trained) {
    const threshold = kind.threshold(model);
    const score = new Float64Array(rows - from);
    const surprise = new Float64Array(rows - from);
    const afterFall = new Float64Array(rows - from).fill(Number.NaN);
    for (let first = from; first < rows; first += BATCH) {
      const start = Math.max(0, first - kind.context);
      const part = rowsOf(block, start, Math.min(rows, first + BATCH));
      const scores = await kind.score(model, part, first - start);
      score.set(scores.score, first - from);
      surprise.set(scores.surprise, first - from);
      if (scores.afterFall !== undefined) afterFall.set(scores.afterFall, first - from);
    }
    const anomalous = Uint8Array.from(score, (s) => (s >= threshold ? 1 : 0));
    models[kind.name] = { score, surprise, afterFall, anomalous, threshold, fitSeconds };
  }
  return { models, ensemble: combine(models, rows - from, weights, constants) };
}

/** The vote, minute by minute, on what the models said. */
export function combine(
  models: Walk['models'],
  rows: number,
  weights: Readonly<Partial<Record<ModelKindName, number>>> = DEFAULT_WEIGHTS,
  constants: VoteConstants = VOTE,
): Track {
  const track: Track = {
    score: new Float64Array(rows),
    anomalous: new Uint8Array(rows),
    threshold: constants.threshold,
  };
  const kinds = Object.entries(models) as [ModelKindName, NonNullable<Walk['models'][ModelKindName]>][];
  let state: EnsembleState = INITIAL_STATE;
  for (let row = 0; row < rows; row++) {
    const votes = kinds.map(([kind, m]) => ({
      kind,
      surprise: m.surprise[row]!,
      anomalous: m.anomalous[row] === 1,
      afterFall: m.afterFall?.[row],
    }));
    const verdict = vote(votes, weights, state, constants);
    state = verdict.state;
    track.score[row] = verdict.score;
    track.anomalous[row] = verdict.anomalous ? 1 : 0;
  }
  return track;
}

function newest(window: FeatureBlock, most: number): FeatureBlock {
  return rowsOf(window, window.minutes.length - most, window.minutes.length);
}
