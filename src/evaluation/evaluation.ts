import type { ModelKindName } from '../models/model.js';
import { type LabelledMinutes, trainingRows } from './labelledMinutes.js';
import { type Detection, detectionOf, type Ranking, rankingOf } from './metrics.js';
import { type Track, type Walk, type WalkOptions, walk } from './walk.js';

export type Quality = Ranking & Detection & { threshold: number };

export interface Evaluation {
  minutes: number;
  train_minutes: number;
  test_minutes: number;
  labelled: number;
  skipped_lines: number;
  /** Kinds for which there were too few minutes to train on: they have no say, as in the live system. */
  missing: ModelKindName[];
  models: Record<string, Quality & { fit_seconds: number }>;
  ensemble: Quality;
}

/**
 * Trains, walks and measures. Labels say where training ends and are then put aside until everything is walked.
 * @param trainMinutes rows to train on; by default all up to a day before the first labelled one
 */
export async function evaluate(
  data: LabelledMinutes,
  trainMinutes: number | null,
  options: WalkOptions,
): Promise<{ evaluation: Evaluation; walked: Walk; labels: Uint8Array; firstRow: number }> {
  const rows = data.labels.length;
  const trained = trainMinutes ?? trainingRows(data.labels);
  if (trained >= rows) throw new Error(`${trained} minutes to train on leave none of ${rows} to test`);
  const least = Math.min(...options.kinds.map((kind) => kind.minimumRows));
  if (trained < least) {
    const what =
      trainMinutes === null && data.labels.includes(1)
        ? `only ${data.labels.indexOf(1)} minutes come before the first labelled one`
        : `only ${trained} minutes to train on`;
    throw new Error(`${what}: the models need at least ${least}, and a day or more to know what is ordinary`);
  }
  const known = data.labels.subarray(0, trained).reduce((n, label) => n + label, 0);
  if (known > 0) {
    options.onProgress?.(
      `${known} of the ${trained} minutes to train on are labelled: the models take them for ordinary`,
    );
  }
  const walked = await walk(data.block, trained, options);
  const labels = data.labels.subarray(trained);
  const models: Evaluation['models'] = {};
  for (const [kind, track] of Object.entries(walked.models)) {
    models[kind] = { ...qualityOf(track, labels), fit_seconds: track.fitSeconds };
  }
  return {
    evaluation: {
      minutes: rows,
      train_minutes: trained,
      test_minutes: rows - trained,
      labelled: labels.reduce((n, l) => n + l, 0),
      skipped_lines: data.skipped,
      missing: walked.missing,
      models,
      ensemble: qualityOf(walked.ensemble, labels),
    },
    walked,
    labels,
    firstRow: trained,
  };
}

export function qualityOf(track: Track, labels: Uint8Array): Quality {
  return { ...rankingOf(track.score, labels), ...detectionOf(track.anomalous, labels), threshold: track.threshold };
}

/** The measured minutes as CSV: minute, label, each model's score, the ensemble's score, the verdict (0 or 1). */
export function scoresCsv(walked: Walk, labels: Uint8Array, minutes: ArrayLike<number>): string {
  const lines = ['minute,label,heuristic,isolation_forest,lstm,ensemble,verdict'];
  const cell = (track: Track | undefined, row: number): string => {
    const score = track?.score[row];
    return score === undefined || !Number.isFinite(score) ? 'NaN' : String(score);
  };
  for (let row = 0; row < labels.length; row++) {
    const { heuristic, isolation_forest, lstm } = walked.models;
    const scores = [heuristic, isolation_forest, lstm, walked.ensemble].map((track) => cell(track, row));
    lines.push([minutes[row], labels[row] === 1 ? 1 : 0, ...scores, walked.ensemble.anomalous[row]].join(','));
  }
  return `${lines.join('\n')}\n`;
}
