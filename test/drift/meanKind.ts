import type { FeatureBlock } from '../../src/features/row.js';
import {
  type ArtifactFile,
  BadArtifact,
  type FitOptions,
  type ModelKind,
  NotEnoughRows,
} from '../../src/models/model.js';

/** Mean and standard deviation of each column. */
export interface MeanModel {
  means: number[];
  deviations: number[];
  threshold: number;
}

/** A small honest detector: the score is how far a column is over its mean at most, in standard deviations. */
export function meanKind(name: ModelKind<MeanModel>['name'] = 'isolation_forest'): ModelKind<MeanModel> {
  const scoreRow = (model: MeanModel, block: FeatureBlock, row: number): number => {
    if (block.usable[row] === 0) return Number.NaN;
    let largest = 0;
    for (let c = 0; c < block.columns; c++) {
      const value = (block.values[row * block.columns + c]! - model.means[c]!) / model.deviations[c]!;
      largest = Math.max(largest, value);
    }
    return largest;
  };
  return {
    name,
    context: 2,
    minimumRows: 100,
    maximumRows: 10_000,
    async fit(window: FeatureBlock, options: FitOptions<MeanModel>) {
      const rows = [...window.usable.keys()].filter((row) => window.usable[row]! === 1);
      if (rows.length < 100) throw new NotEnoughRows(rows.length, 100);
      const means: number[] = [];
      const deviations: number[] = [];
      for (let c = 0; c < window.columns; c++) {
        const values = rows.map((row) => window.values[row * window.columns + c]!);
        const mean = values.reduce((sum, value) => sum + value, 0) / rows.length;
        means.push(mean);
        deviations.push(Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows.length) + 0.01);
        options.signal?.throwIfAborted();
      }
      const model = { means, deviations, threshold: 0 };
      const scores = rows.map((row) => scoreRow(model, window, row)).sort((a, b) => a - b);
      model.threshold = scores[Math.floor((1 - options.falseAlarmsPerDay / 1440) * (scores.length - 1))]!;
      options.onProgress?.({ fraction: 1, message: 'done' });
      return model;
    },
    async score(model, block, from) {
      const score = Float64Array.from({ length: block.minutes.length - from }, (_, i) =>
        scoreRow(model, block, from + i),
      );
      return { score, surprise: score.map((value) => (value > model.threshold ? 3 : 0)) };
    },
    threshold: (model) => model.threshold,
    explain: async () => [],
    async encode(model): Promise<ArtifactFile[]> {
      return [{ name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(model)) }];
    },
    async decode(files) {
      const model: MeanModel = JSON.parse(new TextDecoder().decode(files[0]!.bytes));
      if (!Array.isArray(model.means)) throw new BadArtifact('no means');
      return model;
    },
  };
}
