import { z } from 'zod';
import type { FeatureBlock } from '../../features/row.js';
import { usableRows } from '../heldOut.js';
import { type ArtifactFile, BadArtifact, type Explanation, type ModelKind, NotEnoughRows } from '../model.js';
import {
  applyPreparation,
  decodePreparation,
  fitAndPrepare,
  type Preparation,
  preparationSchema,
  preparedName,
  rawValue,
} from '../preparation/preparation.js';
import { surpriseOf } from '../threshold.js';
import { fitTimeScales, joined, type TimeScales, timeScalesSchema } from '../timeScales.js';
import { decodeForest, encodeForest } from './artifact.js';
import { withBackground } from './background.js';
import { type Forest, growForest, isolatingColumns, scoreForest } from './forest.js';

export interface IsolationForest {
  preparation: Preparation;
  /** One forest for each time scale of the preparation. */
  forests: Forest[];
  timeScales: TimeScales;
}

const settingsSchema = z.object({
  trees: z.number().int().min(10).max(1000).default(100),
  sample: z.number().int().min(16).max(4096).default(256),
});

const metadataSchema = z.object({
  format: z.literal(1),
  kind: z.literal('isolation_forest'),
  preparation: preparationSchema,
  timeScales: timeScalesSchema,
});

/** Time constants in minutes; each has a forest of its own, so that short storms do not hide behind long means. */
const SCALES = [5, 20, 90];
const CONTEXT = 2 * 90 - 1;
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
    const timeScales = fitTimeScales(window, options.falseAlarmsPerDay, fitOn, scoresOf);
    options.signal?.throwIfAborted();
    options.onProgress?.({ fraction: 0.8, message: 'threshold fixed on held-out stretches' });
    const whole = fitOn(window);
    options.onProgress?.({ fraction: 1, message: `${settings.trees} trees grown on ${usable.length} minutes` });
    return { ...whole, timeScales };
  },

  async score(model, block, from) {
    const score = joined(model.timeScales.each, scoresOf(model, block, from));
    return { score, surprise: score.map((s) => surpriseOf(model.timeScales.joint, s)) };
  },

  threshold: (model) => model.timeScales.threshold,

  async explain(model, block, row) {
    const prepared = applyPreparation(model.preparation, upTo(block, row), row);
    const width = model.preparation.kept.length;
    const { each } = model.timeScales;
    const surprises = scoresOf(model, upTo(block, row), row).map((s, i) => surpriseOf(each[i]!, s[0]!));
    const loudest = surprises.indexOf(Math.max(...surprises));
    const credit = new Float64Array(model.preparation.columns);
    const at = loudest * width;
    credit.set(isolatingColumns(model.forests[loudest]!, prepared.subarray(at, at + width)), at);
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
    const { preparation, timeScales } = model;
    const metadata = { format: 1, kind: 'isolation_forest', preparation, timeScales };
    return [
      { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(metadata)) },
      ...model.forests.map((forest, s) => ({ name: forestName(s), bytes: encodeForest(forest) })),
    ];
  },

  async decode(files) {
    let metadata: z.infer<typeof metadataSchema>;
    try {
      metadata = metadataSchema.parse(JSON.parse(new TextDecoder().decode(bytesOf(files, 'model.json'))));
      decodePreparation(metadata.preparation);
    } catch (error) {
      throw error instanceof BadArtifact ? error : new BadArtifact(`model.json: ${(error as Error).message}`);
    }
    const { preparation, timeScales } = metadata;
    const forests = preparation.scales.map((_, s) => decodeForest(bytesOf(files, forestName(s))));
    if (forests.some((f) => f.columns !== preparation.kept.length) || timeScales.each.length !== forests.length) {
      throw new BadArtifact('forests and preparation do not fit each other');
    }
    return { preparation, forests, timeScales };
  },
};

function forestName(scale: number): string {
  return `forest-${scale + 1}.bin`;
}

type Grown = Pick<IsolationForest, 'preparation' | 'forests'>;

function grow(window: FeatureBlock, options: { trees: number; sample: number; seed: number }): Grown {
  const { preparation, prepared } = fitAndPrepare(window, { scales: SCALES, flags: false });
  const usable = usableRows(window);
  const width = preparation.kept.length;
  const forests = preparation.scales.map((_, s) => {
    const rows = columnsOfScale(preparation, prepared, usable, s);
    const seed = options.seed + s;
    const grown = withBackground(rows, usable.length, width, seed);
    return growForest(grown.rows, grown.count, width, { ...options, seed });
  });
  return { preparation, forests };
}

function scoresOf(model: Grown, block: FeatureBlock, from: number): Float64Array[] {
  const prepared = applyPreparation(model.preparation, block, from);
  const rows = Array.from({ length: block.minutes.length - from }, (_, row) => row);
  return model.forests.map((forest, s) => {
    const scores = scoreForest(forest, columnsOfScale(model.preparation, prepared, rows, s), rows.length);
    return scores.map((score, r) => (block.usable[from + r] === 1 ? score : Number.NaN));
  });
}

/** [rows x kept] the columns of one time scale */
function columnsOfScale(p: Preparation, prepared: Float32Array, rows: readonly number[], scale: number): Float32Array {
  const width = p.kept.length;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    const at = row * p.columns + scale * width;
    for (let k = 0; k < width; k++) out[i * width + k] = prepared[at + k]!;
  });
  return out;
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
