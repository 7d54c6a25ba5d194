import { DEFAULT_WEIGHTS, voteFor } from '../../src/detection/ensemble.js';
import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf } from '../../src/evaluation/metrics.js';
import { combine, trainKinds, walkWith } from '../../src/evaluation/walk.js';
import { MINUTES_PER_DAY } from '../../src/features/row.js';
import { KINDS } from '../../src/models/kinds.js';
import { surpriseForRate } from '../../src/models/threshold.js';
import { ordinary, type Recording } from './recorded.js';

const ASKED = [0.5, 1, 2, 5];
const DAYS = [1, 3, 7];

export interface Calibrated {
  model: string;
  asked: number;
  training_days: number;
  /** Alarms a day over all streams, days weighed alike; null where no recording is long enough. */
  measured: number | null;
  /** Ordinary days that were tested. */
  days: number;
  streams: number;
}

/**
 * Alarms a day of each model alone, and of the ensemble, on ordinary minutes after those trained on. What is asked for moves
 * thresholds only, so each model is fitted once.
 */
export async function calibrated(
  all: readonly Recording[],
  kinds: readonly string[],
  seed: number,
): Promise<Calibrated[]> {
  const out: Calibrated[] = [];
  for (const trainingDays of DAYS) {
    const trained = trainingDays * MINUTES_PER_DAY;
    const long = all.map(ordinary).filter(({ labels }) => labels.length >= trained + MINUTES_PER_DAY / 2);
    const found = new Map<string, number>();
    let days = 0;
    console.error(`calibration: ${trainingDays} days of training, ${long.length} recordings`);
    for (const { block, labels } of long) {
      const options = { kinds: KINDS.filter(({ name }) => kinds.includes(name)), seed, falseAlarmsPerDay: 1 };
      const { kinds: models } = await trainKinds(rowsOf(block, 0, trained), options);
      const walked = await walkWith(models, block, trained);
      const tested = (labels.length - trained) / MINUTES_PER_DAY;
      days += tested;
      for (const asked of ASKED) {
        const count = (name: string, anomalous: ArrayLike<number>): void => {
          const { false_alarms_per_day: a } = detectionOf(anomalous, labels.subarray(trained));
          found.set(`${asked} ${name}`, (found.get(`${asked} ${name}`) ?? 0) + a * tested);
        };
        const limit = surpriseForRate(asked);
        for (const [name, { surprise }] of Object.entries(walked.models)) {
          count(
            name,
            surprise.map((s) => (s >= limit ? 1 : 0)),
          );
        }
        count('ensemble', combine(walked.models, labels.length - trained, DEFAULT_WEIGHTS, voteFor(asked)).anomalous);
      }
    }
    for (const asked of ASKED) {
      for (const model of [...kinds, 'ensemble']) {
        const measured = days === 0 ? null : (found.get(`${asked} ${model}`) ?? 0) / days;
        out.push({ model, asked, training_days: trainingDays, measured, days, streams: long.length });
      }
    }
  }
  return out;
}
