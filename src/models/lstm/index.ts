import type { FeatureBlock } from '../../features/row.js';
import { usableRows } from '../heldOut.js';
import { type Explanation, type FitOptions, type ModelKind, NotEnoughRows, type Scores } from '../model.js';
import { fitPreparation, type Preparation, preparedName, rawValue } from '../preparation/preparation.js';
import { fitCalibration, surpriseOf, thresholdFor } from '../threshold.js';
import { decodeArtifact, encodeArtifact } from './artifact.js';
import { Detector, type LstmModel, type Measure, type Network, networkRows, windowScores } from './detector.js';
import type { Engine } from './engine.js';
import { settingsSchema, type TrainingSettings } from './settings.js';
import { type Trained, train } from './training.js';
import { STEPS, windowStarts } from './windows.js';

export type { LstmModel } from './detector.js';

/** Time constants in minutes of the preparation: the network sees half an hour; the longer mean holds what came before. */
const SCALES = [5, 30];
const CONTEXT = STEPS - 1 + 2 * Math.max(...SCALES) - 1;
const MINIMUM_ROWS = 480;
const MAXIMUM_ROWS = 50_400; // five weeks
const MOST_EXPLANATIONS = 8;
/**
 * Stretches of the training window that are scored by a network which did not see them. They are trained with the same
 * effort as the model itself: with less they would overfit less, and the threshold would come out too low.
 */
const FOLDS = 3;
/** Windows of a stretch that are scored at most, spread evenly: enough for a tail. */
const UNSEEN_WINDOWS = 2_500;
/** Windows that say what errors are typical. */
const TYPICAL_WINDOWS = 1_000;
/** A feature that is always reconstructed still has this error, in squared robust deviations. */
const LEAST_TYPICAL = 0.01;

/** One model and the rows to score with it, for `scoreMany`. */
export interface ScoreRequest {
  model: LstmModel;
  block: FeatureBlock;
  from: number;
}

export interface LstmKind extends ModelKind<LstmModel> {
  /** Scores many streams' rows in one call; the same bytes as `score` for each. */
  scoreMany(requests: ScoreRequest[]): Promise<Scores[]>;
}

/** The kind on a given engine. */
export function createLstm(engine: Engine): LstmKind {
  const detector = new Detector(engine);

  const scoreOne = async (model: Network & Pick<LstmModel, 'calibration'>, block: FeatureBlock, from: number) => {
    const score = await rowScores(detector, model, block, from);
    return { score, surprise: score.map((s) => surpriseOf(model.calibration, s)) };
  };

  return {
    name: 'lstm',
    context: CONTEXT,
    minimumRows: MINIMUM_ROWS,
    maximumRows: MAXIMUM_ROWS,

    async fit(window, options) {
      const settings = settingsSchema.parse(options.settings ?? {});
      const usable = usableRows(window).length;
      if (usable < MINIMUM_ROWS) throw new NotEnoughRows(usable, MINIMUM_ROWS);
      const newest = newestRows(window, MAXIMUM_ROWS);
      const preparation = fitPreparation(newest, { scales: SCALES, flags: false });
      const prepared = { preparation, rows: networkRows(preparation, newest, 0) };
      const measuring = new Detector(engine, settings.threads);
      try {
        const { network, trained, windows } = await fitNetwork(
          engine,
          measuring,
          newest,
          options,
          settings,
          prepared,
          0.5,
        );
        const unseen = await unseenScores(engine, measuring, newest, options, settings, prepared);
        const calibration = fitCalibration(unseen, newest.minutes);
        options.onProgress?.({ fraction: 1, message: `threshold fixed on held-out stretches, ${engine.name} engine` });
        return {
          ...network,
          calibration,
          threshold: thresholdFor(calibration, options.falseAlarmsPerDay),
          training: { epochs: trained.epochs, heldBackLoss: trained.heldBackLoss, windows },
        };
      } finally {
        await measuring.close();
      }
    },

    score: scoreOne,
    scoreMany: (requests) => Promise.all(requests.map(({ model, block, from }) => scoreOne(model, block, from))),
    threshold: (model) => model.threshold,

    async explain(model, block, row) {
      const until = rowsUntil(block, row + 1);
      const { ends, errors } = await detector.errors(model, until, row);
      if (ends.length === 0) return [];
      return explainErrors(model, until, row, errors);
    },

    encode: async (model) => encodeArtifact(model),
    decode: async (files) => decodeArtifact(files),
  };
}

/** Rows of the whole training window; the stretches share it, for centres and spreads hardly hang on one of them. */
interface Prepared {
  preparation: Preparation;
  rows: Float32Array;
}

interface Fitted {
  network: Network;
  trained: Trained;
  windows: number;
}

async function fitNetwork(
  engine: Engine,
  detector: Detector,
  block: FeatureBlock,
  options: FitOptions<LstmModel>,
  settings: TrainingSettings,
  prepared: Prepared,
  progressShare: number,
): Promise<Fitted> {
  const { preparation, rows } = prepared;
  const architecture = { steps: STEPS, features: preparation.columns, hidden: settings.hidden };
  const starts = windowStarts(block);
  if (starts.length < 2 * STEPS) throw new NotEnoughRows(starts.length, 2 * STEPS);
  // The newest windows are held back, and no minute of theirs is trained on.
  const heldBackFrom = starts[Math.floor(starts.length * (1 - settings.heldBackShare))]!;
  const heldBack = starts.filter((s) => s >= heldBackFrom);
  const trainOn = starts.filter((s) => s + STEPS <= heldBackFrom);
  const fits = options.previous?.architecture;
  const same = fits?.features === architecture.features && fits.hidden === architecture.hidden;
  const trained = await train(
    engine,
    architecture,
    { rows, starts: trainOn.length > 0 ? trainOn : starts, heldBack },
    {
      seed: options.seed,
      settings,
      previous: same ? options.previous?.weights : undefined,
      signal: options.signal,
      onProgress: (p) => options.onProgress?.({ ...p, fraction: p.fraction * progressShare }),
    },
  );
  const network = { architecture, weights: trained.weights, preparation, typical: ones(architecture.features) };
  return { network: await withTypical(detector, network, block, rows), trained, windows: starts.length };
}

/** Divides errors by their mean over the window's own minutes, so that every feature counts alike. */
async function withTypical(
  detector: Detector,
  network: Network,
  block: FeatureBlock,
  rows: Float32Array,
): Promise<Network> {
  const { errors } = await detector.errors(network, block, 0, { atMost: TYPICAL_WINDOWS, rows });
  const { features } = network.architecture;
  const typical = new Array<number>(features).fill(0);
  for (let i = 0; i < errors.length; i++) typical[i % features]! += errors[i]! / (errors.length / features);
  return { ...network, typical: typical.map((t) => Math.max(t, LEAST_TYPICAL)) };
}

/** Scores of the window's rows, each by a network that was trained on the other stretches: what new minutes will get. */
async function unseenScores(
  engine: Engine,
  detector: Detector,
  block: FeatureBlock,
  options: FitOptions<LstmModel>,
  settings: TrainingSettings,
  prepared: Prepared,
): Promise<Float64Array> {
  const scores = new Float64Array(block.minutes.length).fill(Number.NaN);
  const usable = usableRows(block);
  for (let fold = 0; fold < FOLDS; fold++) {
    const first = usable[Math.floor((fold * usable.length) / FOLDS)]!;
    const end = fold === FOLDS - 1 ? block.minutes.length : usable[Math.floor(((fold + 1) * usable.length) / FOLDS)]!;
    const seen = { ...block, usable: Uint8Array.from(block.usable).fill(0, first, end) };
    const { seed, falseAlarmsPerDay, signal } = options;
    const foldOptions = { seed: seed + fold + 1, falseAlarmsPerDay, ...(signal && { signal }) };
    const { network } = await fitNetwork(engine, detector, seen, foldOptions, settings, prepared, 0);
    scores.set(
      await rowScores(detector, network, rowsUntil(block, end), first, { atMost: UNSEEN_WINDOWS, rows: prepared.rows }),
      first,
    );
    options.onProgress?.({
      fraction: 0.5 + (0.5 * (fold + 1)) / FOLDS,
      message: `held-out stretch ${fold + 1} of ${FOLDS}`,
    });
  }
  return scores;
}

/** [rows - from], NaN where no whole window ends, or where `measure` left the window out. */
async function rowScores(
  detector: Detector,
  network: Network,
  block: FeatureBlock,
  from: number,
  measure?: Measure,
): Promise<Float64Array> {
  const { ends, errors } = await detector.errors(network, block, from, measure);
  const score = new Float64Array(block.minutes.length - from).fill(Number.NaN);
  const ofWindows = windowScores(network, errors);
  ends.forEach((row, w) => {
    score[row - from] = ofWindows[w]!;
  });
  return score;
}

function explainErrors(model: LstmModel, block: FeatureBlock, row: number, errors: Float32Array): Explanation[] {
  const { preparation, typical } = model;
  const rows = networkRows(preparation, block, row);
  const parts = typical.map((t, f) => errors[f]! / t);
  const total = parts.reduce((sum, p) => sum + p, 0);
  const order = Array.from(parts.keys()).sort((a, b) => parts[b]! - parts[a]! || a - b);
  return order
    .slice(0, MOST_EXPLANATIONS)
    .filter((f) => parts[f]! > 0)
    .map((f): Explanation => {
      const name = preparedName(preparation, f);
      const value = rawValue(preparation, f, rows[f]!, block.minutes[row]!);
      const ordinary = rawValue(preparation, f, 0, block.minutes[row]!);
      const factor = Math.sqrt(parts[f]!);
      const words = `${name}: ${inWords(value)}, ordinarily ${inWords(ordinary)}; ${inWords(factor)} times as far from its expected course as usual`;
      return { name, share: parts[f]! / total, words, value, limit: ordinary };
    });
}

function rowsUntil(block: FeatureBlock, end: number): FeatureBlock {
  return rowsBetween(block, 0, end);
}

function newestRows(block: FeatureBlock, most: number): FeatureBlock {
  const end = block.minutes.length;
  return end <= most ? block : rowsBetween(block, end - most, end);
}

function rowsBetween(block: FeatureBlock, first: number, end: number): FeatureBlock {
  return {
    minutes: block.minutes.subarray(first, end),
    values: block.values.subarray(first * block.columns, end * block.columns),
    columns: block.columns,
    usable: block.usable.subarray(first, end),
  };
}

function ones(count: number): number[] {
  return new Array<number>(count).fill(1);
}

function inWords(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 20 ? 1 : 0 });
}
