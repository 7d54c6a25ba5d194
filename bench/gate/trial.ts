import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { kindOf } from '../../src/models/kinds.js';
import type { ModelKind, ModelKindName } from '../../src/models/model.js';
import { surpriseForRate } from '../../src/models/threshold.js';
import { mulberry32 } from '../../src/random/mulberry32.js';
import { ANOMALY_CLASSES, inject, makeExam, percentile99, takeExam } from '../../src/retraining/exam.js';
import { decide, type GateVerdict } from '../../src/retraining/gate.js';
import { scoreHeldBack } from '../../src/retraining/heldBack.js';
import { cleanedWindow, splitWindow, type TrainingWindow } from '../../src/retraining/window.js';
import { gates } from '../drift/monitor.js';
import { simulate, slice } from '../drift/ordinary.js';
import { bootstrap, DATA, loadRecording, RECORDED } from '../drift/recorded.js';

/** One champion and its challengers, for a worker thread. */
export interface Trial {
  /** A file of recorded minutes, or null for the simulator. */
  file: string | null;
  seed: number;
  kind: ModelKindName;
  windowDays: number;
  heldBackMinutes: number;
  /** Picks sort and share of the anomalies in the contaminated window: twelve in a row have all pairs. */
  draw: number;
}

/**
 * What comes to the gate: a model of the days after the champion's, which are as ordinary, and three that are worse.
 * `deaf` has a threshold of twice the surprise; `wolf` one that a twentieth of the window's minutes exceed; `poisoned`
 * was trained on minutes of which a tenth are the exam's own spikes. `contaminated` comes from a window of which 1, 5 or 10 %
 * are unmarked anomalies of one sort, by turns, as the trainer makes it: without the minutes that the champion finds.
 */
export const CHALLENGERS = ['ordinary', 'deaf', 'wolf', 'poisoned', 'contaminated'] as const;
export type Challenger = (typeof CHALLENGERS)[number];

export interface Tried {
  trial: Trial;
  verdicts: Record<Challenger, GateVerdict>;
  /** Whether a challenger finds at most half of what the champion does of some class of anomalies. */
  isDeafer: Record<Challenger, boolean>;
  /** What a challenger finds at its served threshold of an exam of another seed, over what the champion does. */
  served: Record<Challenger, number>;
  /** The same of the exam that the gate has seen. */
  seen: Record<Challenger, number>;
}

/** The recorded files that are there, and the simulator. */
export const SOURCES = [...RECORDED.map(({ file }) => file).filter((file) => existsSync(join(DATA, file))), null];

const VOLUME = [0, 2, 7, 8, 11, 33, 35];
const SPIKE_MINUTES = 10;
const WOLF = 0.95;

export async function carryOut(trial: Trial): Promise<Tried> {
  const kind = kindOf(trial.kind);
  const rows = trial.windowDays * MINUTES_PER_DAY;
  const recorded = RECORDED.find(({ file }) => file === trial.file);
  const days = 2 * trial.windowDays;
  const block = recorded
    ? bootstrap(loadRecording(recorded.file, recorded.rows), days, mulberry32(trial.seed))
    : simulate(trial.seed, days);
  const split = (from: number, part = slice(block, from, from + rows)): TrainingWindow =>
    splitWindow(part, [], trial.heldBackMinutes, kind.maximumRows);
  const [first, second] = [split(0), split(rows)];
  const options = { seed: trial.seed, falseAlarmsPerDay: gates.falseAlarmsPerDay };
  const champion = await kind.fit(first.training, options);
  const exam = makeExam(first.training, kind.context, trial.seed);
  if (!exam) throw new Error('no stretch is long enough for an exam');
  const reference = await takeExam(kind, champion, exam, gates);
  const heldBack = await scoreHeldBack(kind, champion, second);
  const fresh = makeExam(first.training, kind.context, trial.seed + 500) ?? exam;
  const freshReference = await takeExam(kind, champion, fresh, gates);
  const judge = async (how: ModelKind<unknown>, model: unknown, window = second): Promise<Judged> => {
    const challenger = await takeExam(how, model, exam, gates);
    const verdict = decide(
      {
        threshold: how.threshold(model),
        challenger: await scoreHeldBack(how, model, window),
        champion: window === second ? heldBack : await scoreHeldBack(kind, champion, window),
        exam: { challenger, champion: reference, reference },
        isCleaned: window.unjudged !== undefined,
      },
      gates,
    );
    const deafer = ANOMALY_CLASSES.some(
      (name) => reference.byClass[name] > 0 && challenger.byClass[name] <= reference.byClass[name] / 2,
    );
    const seen = challenger.recall / Math.max(0.01, reference.recall);
    const served = (await takeExam(how, model, fresh, gates)).recall / Math.max(0.01, freshReference.recall);
    return { verdict, deafer, served, seen };
  };

  const retrain = { ...options, seed: trial.seed + 1, previous: champion };
  const ordinary = await kind.fit(second.training, retrain);
  const { score } = await kind.score(ordinary, second.all, 0);
  const sorted = score.filter(Number.isFinite).sort();
  const wolf = sorted[Math.floor(WOLF * sorted.length)]!;
  const atThreshold = surpriseForRate(gates.falseAlarmsPerDay);
  const deaf: ModelKind<unknown> = {
    ...kind,
    threshold: () => 0,
    score: async (model, part, from) => {
      const scores = await kind.score(model, part, from);
      return {
        score: scores.surprise.map((value) => value - 2 * atThreshold),
        surprise: scores.surprise.map((value) => value - atThreshold),
      };
    },
  };
  const dirty = split(rows, contaminated(slice(block, rows, 2 * rows), trial));
  const flags = (await kind.score(champion, dirty.all, 0)).score;
  const limit = kind.threshold(champion);
  const cleaned = cleanedWindow(
    dirty,
    Uint8Array.from(flags, (value) => (value > limit ? 1 : 0)),
  );
  const judged = {
    ordinary: await judge(kind, ordinary),
    deaf: await judge(deaf, ordinary),
    wolf: await judge({ ...kind, threshold: () => wolf }, ordinary),
    poisoned: await judge(kind, await kind.fit(poisoned(second), retrain)),
    contaminated: await judge(kind, await kind.fit(cleaned.training, retrain), cleaned),
  };
  const each = <T>(what: (one: Judged) => T) =>
    Object.fromEntries(CHALLENGERS.map((name) => [name, what(judged[name])])) as Record<Challenger, T>;
  return {
    trial,
    verdicts: each(({ verdict }) => verdict),
    isDeafer: each(({ deafer }) => deafer),
    served: each(({ served }) => served),
    seen: each(({ seen }) => seen),
  };
}

interface Judged {
  verdict: GateVerdict;
  deafer: boolean;
  served: number;
  seen: number;
}

const SHARES = [0.01, 0.05, 0.1];
const EPISODE = 10;

/** Episodes of one sort of anomaly in a share of the minutes. */
function contaminated(block: FeatureBlock, { draw, seed }: Trial): FeatureBlock {
  const name = ANOMALY_CLASSES[draw % ANOMALY_CLASSES.length]!;
  const share = SHARES[draw % SHARES.length]!;
  const random = mulberry32(seed);
  const limits = Float64Array.from({ length: block.columns }, (_, column) => percentile99(block, column));
  const values = block.values.slice();
  for (let start = 0; start + EPISODE <= block.minutes.length; start += EPISODE) {
    if (random() >= share) continue;
    for (let row = start; row < start + EPISODE; row++)
      inject(
        values.subarray(row * block.columns, (row + 1) * block.columns),
        name,
        limits,
        (row - start + 1) / EPISODE,
      );
  }
  return { ...block, values };
}

/** The exam's own spikes, in a tenth of the minutes that nobody left out. */
function poisoned({ training }: TrainingWindow): FeatureBlock {
  const { columns, minutes } = training;
  const values = training.values.slice();
  for (const column of VOLUME) {
    const sorted = Float64Array.from(minutes, (_, row) => values[row * columns + column]!).sort();
    const limit = Math.max(1, sorted[Math.floor(0.99 * (sorted.length - 1))]!);
    for (let row = 0; row < minutes.length; row++) {
      if (Math.floor(row / SPIKE_MINUTES) % 10 === 0) values[row * columns + column]! += 6 * limit;
    }
  }
  return { ...training, values };
}
