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
import { columnAt, sampleOf, spreadOf } from '../preparation/robust.js';
import { surpriseOf } from '../threshold.js';
import type { ScaleScores } from '../timeScales.js';
import { RULES, type Rule } from './rules.js';
import { fitViews, joinedViews, type Views, viewsSchema } from './views.js';
import { fitCounts, scoresOfCounts, VOLUME_VIEW, type VolumeView, volumeScales } from './volume.js';

/** Robust limits of named rules over several time scales. */
export interface Heuristic {
  preparation: Preparation;
  /** [rules x scales] ordinary spread of each rule's mean deviation */
  spread: number[];
  /** What the volume, the paths, and each count on its own, are measured against. */
  counts: Preparation;
  /** [time scales x counts] what each count says of the growth of all. */
  growth: number[][];
  views: Views;
}

/** A rule at its limit or over it in one row. */
export interface Violation {
  rule: string;
  /** Row of the block. */
  row: number;
  /** Deviation in ordinary spreads, and the limit it crossed. */
  deviation: number;
  limit: number;
}

const metadataSchema = z.object({
  format: z.literal(8),
  kind: z.literal('heuristic'),
  preparation: preparationSchema,
  spread: z.array(z.number().positive()),
  counts: preparationSchema,
  growth: z.array(z.array(z.number())),
  views: viewsSchema,
});

/** Time constants in minutes. */
const SCALES = [5, 20, 90];
/** Scores of the rules beside those of the volume: two on each time scale. */
const RULE_VIEWS = 2 * SCALES.length;
const CONTEXT = 2 * 90 - 1;
const MINIMUM_ROWS = 240;
const MAXIMUM_ROWS = 10_000;
/** Ordinary spreads at which a rule counts as violated. */
export const RULE_LIMIT = 4;
/** A rule's mean deviation spreads at least this much: half of one column's spread. */
const SPREAD_FLOOR = 0.5;

/** The rules as shipped. */
export const heuristic: ModelKind<Heuristic> = heuristicWith(VOLUME_VIEW);

/** The rules with another view of the volume, for benches that choose it without an event. */
export function heuristicWith(view: VolumeView): ModelKind<Heuristic> {
  const fitPart = (part: FeatureBlock): Limits => fitLimits(part, view);
  const sizes = {
    volumes: volumeScales(view).length,
    rules: RULE_VIEWS,
    paths: view.pathScales.length,
    growths: view.growthScales.length,
  };
  const scoresOf: ScaleScores<Limits> = (model, block, from) => scoresIn(view, model, block, from);
  return {
    name: 'heuristic',
    context: CONTEXT,
    minimumRows: MINIMUM_ROWS,
    maximumRows: MAXIMUM_ROWS,

    async fit(window, options) {
      const usable = usableRows(window);
      if (usable.length < MINIMUM_ROWS) throw new NotEnoughRows(usable.length, MINIMUM_ROWS);
      options.signal?.throwIfAborted();
      const views = fitViews(window, options.falseAlarmsPerDay, view, sizes, fitPart, scoresOf);
      options.signal?.throwIfAborted();
      const limits = fitPart(window);
      options.onProgress?.({ fraction: 1, message: `limits of ${RULES.length} rules from ${usable.length} minutes` });
      return { ...limits, views };
    },

    async score(model, block, from) {
      const { score, afterFall } = joinedViews(model.views, view, scoresOf(model, block, from));
      return { score, surprise: score.map((s) => surpriseOf(model.views.joint, s)), afterFall };
    },

    threshold: (model) => model.views.threshold,

    async explain(model, block, row) {
      const part = upTo(block, row);
      const prepared = applyPreparation(model.preparation, part, row);
      const deviations = deviationsOf(model, prepared, 1);
      const found: { rule: Rule; at: number; deviation: number }[] = [];
      let total = 0;
      RULES.forEach((rule, r) => {
        let best = 0;
        for (let s = 1; s < SCALES.length; s++) {
          if (deviations[r * SCALES.length + s]! > deviations[r * SCALES.length + best]!) best = s;
        }
        const deviation = deviations[r * SCALES.length + best]!;
        if (deviation <= 0) return;
        total += deviation ** 2;
        found.push({ rule, at: r * SCALES.length + best, deviation });
      });
      found.sort((a, b) => b.deviation - a.deviation);
      return found.map(({ rule, at, deviation }) => {
        const explanation = inWords(model, prepared, rule, at, block.minutes[row]!);
        return { ...explanation, share: deviation ** 2 / total };
      });
    },

    async encode(model) {
      const metadata = { format: 8, kind: 'heuristic', ...model };
      return [{ name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(metadata)) }];
    },

    async decode(files: ArtifactFile[]) {
      const file = files.find((f) => f.name === 'model.json');
      if (file === undefined) throw new BadArtifact('model.json is missing');
      try {
        const { preparation, spread, counts, growth, views } = metadataSchema.parse(
          JSON.parse(new TextDecoder().decode(file.bytes)),
        );
        if (spread.length !== RULES.length * SCALES.length) throw new Error('limits of another list of rules');
        if (growth.length !== sizes.growths) throw new Error('growth over other time scales');
        return {
          preparation: decodePreparation(preparation),
          spread,
          counts: decodePreparation(counts),
          growth,
          views,
        };
      } catch (error) {
        throw new BadArtifact(`model.json: ${(error as Error).message}`);
      }
    },
  };
}

/**
 * Rules that rows `from` .. end violate, row by row; for counting how often each rule speaks.
 */
export function violations(model: Heuristic, block: FeatureBlock, from: number): Violation[] {
  const prepared = applyPreparation(model.preparation, block, from);
  const rows = block.minutes.length - from;
  const deviations = deviationsOf(model, prepared, rows);
  const found: Violation[] = [];
  for (let r = 0; r < rows; r++) {
    if (block.usable[from + r] !== 1) continue;
    for (let rule = 0; rule < RULES.length; rule++) {
      const deviation = strongest(deviations, (r * RULES.length + rule) * SCALES.length);
      if (deviation >= RULE_LIMIT) found.push({ rule: RULES[rule]!.name, row: from + r, deviation, limit: RULE_LIMIT });
    }
  }
  return found;
}

type Limits = Pick<Heuristic, 'preparation' | 'spread' | 'counts' | 'growth'>;

function fitLimits(window: FeatureBlock, view: VolumeView): Limits {
  const { preparation, prepared } = fitAndPrepare(window, { scales: SCALES });
  const width = RULES.length * SCALES.length;
  const sample = sampleOf(usableRows(window));
  const { columns } = preparation;
  const sampled = new Float32Array(sample.length * columns);
  sample.forEach((row, i) => {
    sampled.set(prepared.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  const raw = deviationsOf({ preparation, spread: new Array<number>(width).fill(1) }, sampled, sample.length);
  const all = Array.from(sample.keys());
  const spread: number[] = [];
  for (let c = 0; c < width; c++) {
    spread.push(Math.max(SPREAD_FLOOR, spreadOf(columnAt(raw, width, c, all)).scale));
  }
  return { preparation, spread, ...fitCounts(window, view) };
}

/** [rows x rules x scales] mean deviation of each rule's columns towards its side, in ordinary spreads. */
function deviationsOf(model: Omit<Limits, 'counts' | 'growth'>, prepared: Float32Array, rows: number): Float64Array {
  const { preparation, spread } = model;
  const kept = preparation.kept.length;
  const width = RULES.length * SCALES.length;
  const out = new Float64Array(rows * width);
  RULES.forEach((rule, r) => {
    const columns = Int32Array.from(rule.columns.map((c) => preparation.kept.indexOf(c)).filter((k) => k >= 0));
    if (columns.length === 0) return;
    for (let s = 0; s < SCALES.length; s++) {
      const cell = r * SCALES.length + s;
      const sum = SUMS[rule.side];
      for (let row = 0; row < rows; row++) {
        const of = sum(prepared, row * preparation.columns + s * kept, columns);
        out[row * width + cell] = of / columns.length / spread[cell]!;
      }
    }
  });
  return out;
}

/** Deviation of a rule's columns towards its side, added up; a function for each side has no branch in its loop. */
const SUMS: Record<Rule['side'], (prepared: Float32Array, at: number, columns: Int32Array) => number> = {
  above(prepared, at, columns) {
    let sum = 0;
    for (let i = 0; i < columns.length; i++) sum += prepared[at + columns[i]!]!;
    return sum;
  },
  below(prepared, at, columns) {
    let sum = 0;
    for (let i = 0; i < columns.length; i++) sum -= prepared[at + columns[i]!]!;
    return sum;
  },
  either(prepared, at, columns) {
    let sum = 0;
    for (let i = 0; i < columns.length; i++) sum += Math.abs(prepared[at + columns[i]!]!);
    return sum;
  },
};

function strongest(deviations: Float64Array, at: number): number {
  let best = deviations[at]!;
  for (let s = 1; s < SCALES.length; s++) best = Math.max(best, deviations[at + s]!);
  return best;
}

/**
 * The volume on its time scales first, then on each time scale two views of the rules' deviations: their mean, high when many rules speak
 * at once, and their root mean square, high when one speaks loudly; then the paths, the falls, the growth, each count on its own, and
 * what shows that the volume has fallen.
 */
function scoresIn(view: VolumeView, model: Limits, block: FeatureBlock, from: number): Float64Array[] {
  const rows = block.minutes.length - from;
  const deviations = deviationsOf(model, applyPreparation(model.preparation, block, from), rows);
  const rules = SCALES.flatMap((_, s) => {
    const broad = new Float64Array(rows).fill(Number.NaN);
    const loud = new Float64Array(rows).fill(Number.NaN);
    for (let row = 0; row < rows; row++) {
      if (block.usable[from + row] !== 1) continue;
      let sum = 0;
      let squares = 0;
      for (let rule = 0; rule < RULES.length; rule++) {
        const deviation = Math.max(0, deviations[(row * RULES.length + rule) * SCALES.length + s]!);
        sum += deviation;
        squares += deviation ** 2;
      }
      broad[row] = sum / RULES.length;
      loud[row] = Math.sqrt(squares / RULES.length);
    }
    return [broad, loud];
  });
  const { volumes, paths, falls, growths, singles, recent } = scoresOfCounts(model, view, block, from);
  return [...volumes, ...rules, ...paths, ...falls, ...growths, ...singles, ...recent];
}

function inWords(
  model: Heuristic,
  prepared: Float32Array,
  rule: Rule,
  cell: number,
  minute: number,
): Omit<Explanation, 'share'> {
  const { preparation: p } = model;
  const s = cell % SCALES.length;
  const width = p.kept.length;
  const columns = rule.columns.map((c) => s * width + p.kept.indexOf(c));
  const sign = rule.side === 'below' ? -1 : 1;
  const strength = (c: number): number => (rule.side === 'either' ? Math.abs(prepared[c]!) : sign * prepared[c]!);
  const lead = columns.reduce((best, c) => (strength(c) > strength(best) ? c : best));
  const towards = rule.side === 'either' ? Math.sign(prepared[lead]!) || 1 : sign;
  const value = rawValue(p, lead, prepared[lead]!, minute);
  const limit = Math.max(0, rawValue(p, lead, towards * RULE_LIMIT * model.spread[cell]!, minute));
  const number = (x: number): string => x.toLocaleString('en-US', { maximumFractionDigits: x < 20 ? 1 : 0 });
  const words = `${rule.name}: ${preparedName(p, lead)} ${number(value)}, limit ${number(limit)}`;
  return { name: rule.name, words, value, limit };
}

function upTo(block: FeatureBlock, row: number): FeatureBlock {
  return {
    minutes: block.minutes.subarray(0, row + 1),
    values: block.values.subarray(0, (row + 1) * block.columns),
    columns: block.columns,
    usable: block.usable.subarray(0, row + 1),
  };
}
