import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf } from '../../src/evaluation/metrics.js';
import { trainKinds, walkWith } from '../../src/evaluation/walk.js';
import { MINUTES_PER_DAY } from '../../src/features/row.js';
import { KINDS } from '../../src/models/kinds.js';
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

/** Alarms a day of each model alone on ordinary minutes after those it was trained on. */
export async function calibrated(
  all: readonly Recording[],
  kinds: readonly string[],
  seed: number,
): Promise<Calibrated[]> {
  const out: Calibrated[] = [];
  for (const trainingDays of DAYS) {
    const trained = trainingDays * MINUTES_PER_DAY;
    const long = all.map(ordinary).filter(({ labels }) => labels.length >= trained + MINUTES_PER_DAY / 2);
    for (const asked of ASKED) {
      const found = new Map(kinds.map((name) => [name, 0]));
      let days = 0;
      for (const { block, labels } of long) {
        const options = { kinds: KINDS.filter(({ name }) => kinds.includes(name)), seed, falseAlarmsPerDay: asked };
        const { kinds: models } = await trainKinds(rowsOf(block, 0, trained), options);
        const { models: tracks } = await walkWith(models, block, trained);
        const tested = (labels.length - trained) / MINUTES_PER_DAY;
        days += tested;
        for (const [name, track] of Object.entries(tracks)) {
          const { false_alarms_per_day: a } = detectionOf(track.anomalous, labels.subarray(trained));
          found.set(name, found.get(name)! + a * tested);
        }
      }
      for (const [model, alarms] of found) {
        const measured = days === 0 ? null : alarms / days;
        out.push({ model, asked, training_days: trainingDays, measured, days, streams: long.length });
      }
    }
  }
  return out;
}
