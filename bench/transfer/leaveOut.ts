import { type Quality, qualityOf } from '../../src/evaluation/evaluation.js';
import { type Detection, detectionOf } from '../../src/evaluation/metrics.js';
import { combine, type Walk } from '../../src/evaluation/walk.js';
import { type View, type Vote, views, votes } from './choices.js';

/** What the models said of one recording's tested minutes. */
export interface Scored {
  file: string;
  labels: Uint8Array;
  /** By view, in the order of `views()`: the rules have no seed. */
  rules: NonNullable<Walk['models']['heuristic']>[];
  /** By seed: forest and LSTM. */
  others: Others[];
  /** The same minutes with the event at less than its height, with the first seed; none where no event is labelled. */
  weaker: { rules: Scored['rules']; others: Others }[];
}

type Others = Omit<Walk['models'], 'heuristic'>;

export interface LeftOut {
  file: string;
  /** What was chosen on all other recordings. */
  chosen: string;
  /** The ensemble with it on this recording, one for each seed. */
  qualities: Quality[];
}

/** Asked of the ensemble, and what a choice must hold on the recordings that it is made on. */
const MOST_FALSE_ALARMS = 1;

interface Choice {
  view: number;
  vote: Vote;
  name: string;
  /** By recording: F1 over all heights of its event, null without labels; alarms as recorded. Means over the seeds. */
  found: { f1: number | null; alarms: number }[];
}

/**
 * Leaves each recording out: of the grid, the choice whose least F1 on the other recordings is the greatest, among those with at
 * most one false alarm a day there (none: the fewest), then that choice on the one left out. Ties go to the first of the grid. The
 * worst of the known events says more of an unknown one than the mean, which choices that differ much reach alike. An event counts as
 * recorded and at lesser heights: of four events as they are, two minutes decide, and the next event may be weaker than each of them.
 */
export function leaveOut(all: readonly Scored[]): LeftOut[] {
  const grid: Choice[] = views().flatMap((view: View, v) =>
    votes().map((vote) => ({
      view: v,
      vote,
      name: `${view.name}; ${vote.name}`,
      found: all.map((scored) => measured(scored, v, vote)),
    })),
  );
  return all.map((scored, left) => {
    const best = choose(grid, left);
    const qualities = scored.others.map((others) => {
      const models = { heuristic: scored.rules[best.view]!, ...others };
      return qualityOf(combine(models, scored.labels.length, best.vote.weights, best.vote.constants), scored.labels);
    });
    return { file: scored.file, chosen: best.name, qualities };
  });
}

function measured({ labels, rules, others, weaker }: Scored, view: number, vote: Vote): Choice['found'][number] {
  const detected = (rules: Scored['rules'], others: Others): Detection =>
    detectionOf(
      combine({ heuristic: rules[view]!, ...others }, labels.length, vote.weights, vote.constants).anomalous,
      labels,
    );
  const recorded = others.map((of) => detected(rules, of));
  const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
  const heights = [mean(recorded.map(({ f1 }) => f1 ?? 0)), ...weaker.map((w) => detected(w.rules, w.others).f1 ?? 0)];
  return {
    f1: labels.includes(1) ? mean(heights) : null,
    alarms: mean(recorded.map(({ false_alarms_per_day }) => false_alarms_per_day)),
  };
}

function choose(grid: readonly Choice[], left: number): Choice {
  const on = ({ found }: Choice): { f1: number; alarms: number } => {
    const others = found.filter((_, i) => i !== left);
    const events = others.filter(({ f1 }) => f1 !== null);
    return {
      f1: Math.min(...events.map(({ f1 }) => f1!)),
      alarms: others.reduce((sum, { alarms }) => sum + alarms, 0) / others.length,
    };
  };
  const fewest = Math.min(...grid.map((choice) => on(choice).alarms));
  const allowed = grid.filter((choice) => on(choice).alarms <= Math.max(MOST_FALSE_ALARMS, fewest));
  return allowed.reduce((best, choice) => (on(choice).f1 > on(best).f1 ? choice : best));
}
