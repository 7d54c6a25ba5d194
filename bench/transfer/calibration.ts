import { DEFAULT_WEIGHTS, voteFor } from '../../src/detection/ensemble.js';
import { rowsOf } from '../../src/evaluation/labelledMinutes.js';
import { detectionOf } from '../../src/evaluation/metrics.js';
import { combine, trainKinds, walkWith } from '../../src/evaluation/walk.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { KINDS } from '../../src/models/kinds.js';
import { surpriseForRate } from '../../src/models/threshold.js';
import { simulate } from '../drift/ordinary.js';
import { chanceOf } from './chance.js';
import { ordinary, type Recording } from './recorded.js';

const ASKED = [0.5, 1, 2, 5];
const DAYS = [1, 3, 7];

/** Of the simulator: long enough for a week of training, and for many days after. */
const SIMULATED = { seeds: [11, 12, 13], days: 15 };
const QUICK_SIMULATED = { seeds: [11], days: 9 };

export interface Calibrated {
  model: string;
  asked: number;
  training_days: number;
  /** A stream, or what all recordings or all simulated streams give together, days weighed alike. */
  stream: string;
  measured: number;
  /** Ordinary days that were tested. */
  days: number;
  /** With what probability a stream within the factor of two gives such a count or one further outside. */
  chance: number;
}

/**
 * Alarms a day of each model alone, and of the ensemble, on ordinary minutes after those trained on: recorded and simulated. What is
 * asked for moves thresholds only, so each model is fitted once.
 */
export async function calibrated(
  all: readonly Recording[],
  kinds: readonly string[],
  seed: number,
  quick: boolean,
): Promise<Calibrated[]> {
  const { seeds, days } = quick ? QUICK_SIMULATED : SIMULATED;
  const streams = all.map((recording) => ({
    stream: recording.name,
    of: 'recorded',
    block: ordinary(recording).block,
  }));
  for (const world of seeds) {
    streams.push({ stream: `simulated ${world}`, of: 'simulated', block: simulate(world, days) });
  }
  const out: Calibrated[] = [];
  for (const trainingDays of DAYS) {
    const trained = trainingDays * MINUTES_PER_DAY;
    const long = streams.filter(({ block }) => block.minutes.length >= trained + MINUTES_PER_DAY / 2);
    console.error(`calibration: ${trainingDays} days of training, ${long.length} streams`);
    const lines: (Calibrated & { of: string })[] = [];
    for (const { stream, of, block } of long) {
      for (const measured of await measure(block, trained, kinds, seed)) {
        lines.push({ ...measured, training_days: trainingDays, stream, of });
      }
    }
    for (const of of ['recorded', 'simulated'])
      out.push(
        ...together(
          lines.filter((line) => line.of === of),
          of,
        ),
      );
    out.push(...lines.filter(({ model }) => model === 'ensemble').map(({ of: _, ...line }) => line));
  }
  return out;
}

type Measured = Pick<Calibrated, 'model' | 'asked' | 'measured' | 'days' | 'chance'>;

async function measure(
  block: FeatureBlock,
  trained: number,
  kinds: readonly string[],
  seed: number,
): Promise<Measured[]> {
  const options = { kinds: KINDS.filter(({ name }) => kinds.includes(name)), seed, falseAlarmsPerDay: 1 };
  const { kinds: models } = await trainKinds(rowsOf(block, 0, trained), options);
  const walked = await walkWith(models, block, trained);
  const rows = block.minutes.length - trained;
  const none = new Uint8Array(rows);
  return ASKED.flatMap((asked) => {
    const of = (model: string, anomalous: ArrayLike<number>): Measured =>
      rated(model, asked, detectionOf(anomalous, none).false_alarms_per_day, rows / MINUTES_PER_DAY);
    const limit = surpriseForRate(asked);
    const alone = Object.entries(walked.models).map(([name, { surprise }]) =>
      of(
        name,
        surprise.map((s) => (s >= limit ? 1 : 0)),
      ),
    );
    return [...alone, of('ensemble', combine(walked.models, rows, DEFAULT_WEIGHTS, voteFor(asked)).anomalous)];
  });
}

/** All streams of a group as one. */
function together(lines: readonly Calibrated[], stream: string): Calibrated[] {
  const keys = [...new Set(lines.map(({ model, asked }) => `${model} ${asked}`))];
  return keys.map((key) => {
    const list = lines.filter(({ model, asked }) => `${model} ${asked}` === key);
    const days = list.reduce((sum, line) => sum + line.days, 0);
    const measured = list.reduce((sum, line) => sum + line.measured * line.days, 0) / days;
    const { model, asked, training_days } = list[0]!;
    return { ...rated(model, asked, measured, days), training_days, stream };
  });
}

function rated(model: string, asked: number, measured: number, days: number): Measured {
  return { model, asked, measured, days, chance: chanceOf(Math.round(measured * days), asked * days) };
}
