import { z } from 'zod';
import type { FeatureBlock } from '../../features/row.js';
import { heldOutScores, usableRows } from '../heldOut.js';
import { type ArtifactFile, BadArtifact, type Explanation, type ModelKind, NotEnoughRows } from '../model.js';
import {
  applyPreparation,
  decodePreparation,
  fitPreparation,
  type Preparation,
  preparationSchema,
  preparedName,
  rawValue,
} from '../preparation/preparation.js';
import { type Calibration, calibrationSchema, fitCalibration, surpriseOf, thresholdFor } from '../threshold.js';
import { decodeForest, encodeForest } from './artifact.js';
import { type Forest, growForest, isolatingColumns, scoreForest } from './forest.js';

export interface IsolationForest {
  preparation: Preparation;
  forest: Forest;
  calibration: Calibration;
  threshold: number;
}

const settingsSchema = z.object({
  trees: z.number().int().min(10).max(1000).default(100),
  sample: z.number().int().min(16).max(4096).default(256),
});

const metadataSchema = z.object({
  format: z.literal(1),
  kind: z.literal('isolation_forest'),
  preparation: preparationSchema,
  calibration: calibrationSchema,
  threshold: z.number(),
});

/** Time constants in minutes: a forest cuts one column at a time, so each column carries its own evidence over time. */
const SCALES = [5, 15, 60];
const CONTEXT = 2 * 60 - 1;
const MINIMUM_ROWS = 240;
const MAXIMUM_ROWS = 10_000;
const MOST_EXPLANATIONS = 8;

export const isolationForest: ModelKind<IsolationForest> = {
  name: 'isolation_forest',
  context: CONTEXT,
  minimumRows: MINIMUM_ROWS,
  maximumRows: MAXIMUM_ROWS,

  async fit(window, options) {
    const settings = settingsSchema.parse(options.settings ?? {});
    const usable = usableRows(window);
    if (usable.length < MINIMUM_ROWS) throw new NotEnoughRows(usable.length, MINIMUM_ROWS);
    options.signal?.throwIfAborted();
    const fitOn = (part: FeatureBlock) => grow(part, { ...settings, seed: options.seed });
    const calibration = fitCalibration(heldOutScores(window, fitOn, scoresOf));
    options.signal?.throwIfAborted();
    options.onProgress?.({ fraction: 0.8, message: 'threshold fixed on held-out stretches' });
    const whole = fitOn(window);
    options.onProgress?.({ fraction: 1, message: `${settings.trees} trees grown on ${usable.length} minutes` });
    return { ...whole, calibration, threshold: thresholdFor(calibration, options.falseAlarmsPerDay) };
  },

  async score(model, block, from) {
    const score = scoresOf(model, block, from);
    return { score, surprise: score.map((s) => surpriseOf(model.calibration, s)) };
  },

  threshold: (model) => model.threshold,

  async explain(model, block, row) {
    const prepared = applyPreparation(model.preparation, upTo(block, row), row);
    const credit = isolatingColumns(model.forest, prepared);
    let total = 0;
    for (const c of credit) total += c;
    const order = Array.from(credit.keys()).sort((a, b) => credit[b]! - credit[a]! || a - b);
    return order
      .slice(0, MOST_EXPLANATIONS)
      .filter((c) => credit[c]! > 0)
      .map((c): Explanation => {
        const name = preparedName(model.preparation, c);
        const value = rawValue(model.preparation, c, prepared[c]!, block.minutes[row]!);
        const ordinary = rawValue(model.preparation, c, 0, block.minutes[row]!);
        return {
          name,
          share: credit[c]! / total,
          words: `${name}: ${inWords(value)}, ordinarily ${inWords(ordinary)}`,
          value,
          limit: ordinary,
        };
      });
  },

  async encode(model) {
    const { preparation, calibration, threshold } = model;
    const metadata = { format: 1, kind: 'isolation_forest', preparation, calibration, threshold };
    return [
      { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(metadata)) },
      { name: 'forest.bin', bytes: encodeForest(model.forest) },
    ];
  },

  async decode(files) {
    const forest = decodeForest(bytesOf(files, 'forest.bin'));
    let metadata: z.infer<typeof metadataSchema>;
    try {
      metadata = metadataSchema.parse(JSON.parse(new TextDecoder().decode(bytesOf(files, 'model.json'))));
      decodePreparation(metadata.preparation);
    } catch (error) {
      throw error instanceof BadArtifact ? error : new BadArtifact(`model.json: ${(error as Error).message}`);
    }
    const { preparation, calibration, threshold } = metadata;
    if (forest.columns !== preparation.columns) throw new BadArtifact('forest and preparation do not fit each other');
    return { preparation, forest, calibration, threshold };
  },
};

type Grown = Pick<IsolationForest, 'preparation' | 'forest'>;

function grow(window: FeatureBlock, options: { trees: number; sample: number; seed: number }): Grown {
  const preparation = fitPreparation(window, { scales: SCALES });
  const prepared = applyPreparation(preparation, window, 0);
  const usable = usableRows(window);
  const rows = new Float32Array(usable.length * preparation.columns);
  usable.forEach((row, i) => {
    const at = row * preparation.columns;
    rows.set(prepared.subarray(at, at + preparation.columns), i * preparation.columns);
  });
  return { preparation, forest: growForest(rows, usable.length, preparation.columns, options) };
}

function scoresOf(model: Grown, block: FeatureBlock, from: number): Float64Array {
  const prepared = applyPreparation(model.preparation, block, from);
  const scores = scoreForest(model.forest, prepared, block.minutes.length - from);
  return scores.map((s, r) => (block.usable[from + r] === 1 ? s : Number.NaN));
}

function upTo(block: FeatureBlock, row: number): FeatureBlock {
  return {
    minutes: block.minutes.subarray(0, row + 1),
    values: block.values.subarray(0, (row + 1) * block.columns),
    columns: block.columns,
    usable: block.usable.subarray(0, row + 1),
  };
}

function inWords(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 20 ? 1 : 0 });
}

function bytesOf(files: ArtifactFile[], name: string): Uint8Array {
  const file = files.find((f) => f.name === name);
  if (file === undefined) throw new BadArtifact(`${name} is missing`);
  return file.bytes;
}
