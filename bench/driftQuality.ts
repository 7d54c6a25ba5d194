import { existsSync } from 'node:fs';
import { MODEL_KINDS, type ModelKindName } from '../src/models/model.js';
import { DATA, RECORDED } from './drift/recorded.js';
import type { Outcome } from './drift/series.js';
import type { Answer, Order } from './drift/seriesWorker.js';
import type { Bench, BenchResult } from './result.js';
import { inThreads } from './threads.js';

/** Of other seeds than those that the monitor was developed on. */
const FIRST_SEED = 7000;
const WHOLE = { series: 32, days: 30, frogDays: 60 };
const QUICK = { series: 4, days: 5, frogDays: 12 };
const RECORDINGS = RECORDED.map(({ file }) => file);
/** The simulator, which takes longest, has every sixth series. */
const SOURCES = [null, ...RECORDINGS, ...RECORDINGS.slice(0, 2)];
/** The LSTM, which takes longest to score, is judged on every fifth. */
const LSTM_EVERY = 5;

export interface DriftQuality {
  false_retrains_per_model_month: number;
  /** The percentage thresholds alone, with the same cool-down. */
  seed_policy_false_retrains_per_model_month: number;
  caught_within_24h: number;
  /** Models that a short incident made retrain. */
  incident_retrains: number;
  series: number;
  /** Share caught, by shift. */
  caught: Record<string, number>;
  /** Median hours until a shift was caught, by shift. */
  hours: Record<string, number | null>;
}

interface Judged {
  outcome: Outcome;
  source: string;
  seed: number;
}

const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);

function qualityOf(judged: readonly Judged[], days: number): DriftQuality {
  const months = (judged.length * days) / 30;
  const shifts = Object.keys(judged[0]?.outcome.caught ?? {});
  const hoursTo = (shift: string): number[] =>
    judged
      .map(({ outcome }) => outcome.caught[shift] ?? null)
      .filter((hours) => hours !== null)
      .sort((a, b) => a - b);
  return {
    false_retrains_per_model_month: sum(judged.map(({ outcome }) => outcome.falseRetrains)) / months,
    seed_policy_false_retrains_per_model_month: sum(judged.map(({ outcome }) => outcome.percentagesAlone)) / months,
    caught_within_24h: sum(shifts.map((shift) => hoursTo(shift).length)) / (judged.length * shifts.length),
    incident_retrains: judged.filter(({ outcome }) => outcome.incidentRetrain).length,
    series: new Set(judged.map(({ seed }) => seed)).size,
    caught: Object.fromEntries(shifts.map((shift) => [shift, hoursTo(shift).length / judged.length])),
    hours: Object.fromEntries(
      shifts.map((shift) => [shift, hoursTo(shift)[Math.floor(hoursTo(shift).length / 2)] ?? null]),
    ),
  };
}

interface Choice {
  series: number;
  days: number;
  /** Days in which traffic grows; 0 leaves the boiling frog out. */
  frogDays: number;
  kinds: readonly ModelKindName[];
}

/** @param firstSeed other seeds give other series */
export async function driftQuality({ series, days, frogDays, kinds: chosen }: Choice, firstSeed: number) {
  const orders = Array.from({ length: series }, (_, i): Order => {
    const kinds = chosen.filter((kind) => kind !== 'lstm' || i % LSTM_EVERY === 0);
    return { what: 'series', file: SOURCES[i % SOURCES.length] ?? null, seed: firstSeed + i, days, kinds };
  });
  // What takes longest begins first.
  orders.sort((a, b) => Number(a.file !== null) - Number(b.file !== null));
  const frogs = (frogDays > 0 ? chosen : []).map((kind): Order => {
    return { what: 'frog', file: RECORDED[0]!.file, seed: firstSeed, days: frogDays, kinds: [kind] };
  });
  const answers = await inThreads<Order, Answer>(
    new URL('./drift/seriesWorker.js', import.meta.url),
    [...frogs, ...orders],
    ({ order, seconds }) => `${order.what} ${order.seed} of ${order.file ?? 'the simulator'}, ${seconds.toFixed(0)} s`,
  );
  const judged = answers.flatMap(({ order, outcomes }) =>
    outcomes.map((outcome) => ({ outcome, source: order.file ?? 'simulator', seed: order.seed })),
  );
  const of = (keep: (one: Judged) => boolean): DriftQuality => qualityOf(judged.filter(keep), days);
  return {
    ...of(() => true),
    by_kind: Object.fromEntries(
      (judged.length > 0 ? chosen : []).map((kind): [ModelKindName, DriftQuality] => [
        kind,
        of(({ outcome }) => outcome.kind === kind),
      ]),
    ),
    by_source: Object.fromEntries(
      ['simulator', ...RECORDINGS].map((name) => [name, of(({ source }) => source === name)]),
    ),
    boiling_frog: answers.flatMap(({ frogs }) => frogs),
    first_seed: firstSeed,
  };
}

export const bench: Bench = {
  name: 'drift-quality',
  async run({ quick = false, seed, series, 'frog-days': frogDays, kinds }) {
    if (!existsSync(DATA)) {
      console.error(`drift-quality is left out: there is no ${DATA}`);
      return [];
    }
    const whole = quick ? QUICK : WHOLE;
    const choice: Choice = {
      series: series === undefined ? whole.series : Number(series),
      days: whole.days,
      frogDays: frogDays === undefined ? whole.frogDays : Number(frogDays),
      kinds: MODEL_KINDS.filter((kind) => kinds === undefined || kinds.split(',').includes(kind)),
    };
    const quality = await driftQuality(choice, seed === undefined ? FIRST_SEED : Number(seed));
    const results: BenchResult[] = [];
    const line = (what: string, ours: number, yardstick: number | null, unit: string, goal: string): void => {
      const ratio = yardstick === null ? null : yardstick / Math.max(ours, 1e-9);
      const yardstick_name = yardstick === null ? 'none' : 'percentage thresholds alone';
      results.push({ what, ours, yardstick, yardstick_name, unit, ratio, goal });
    };
    const all = choice.series === 0 ? [] : [['all models', quality] as const];
    const told = [...all, ...Object.entries(quality.by_kind)];
    for (const [name, of] of told) {
      const { false_retrains_per_model_month: ours, seed_policy_false_retrains_per_model_month: alone } = of;
      line(`${name}: false retrains`, ours, alone, 'a model and month', '<= 1');
      line(`${name}: lasting shifts caught within 24 h`, of.caught_within_24h, null, 'share', '>= 0.95');
      line(`${name}: retrains by short incidents`, of.incident_retrains, null, 'models', '0');
    }
    for (const [shift, share] of Object.entries(quality.caught)) line(`all models: ${shift}`, share, null, 'share', '');
    for (const { kind, recall, heldOnDay } of quality.boiling_frog) {
      const held = heldOnDay === null ? '' : ` (held on day ${heldOnDay})`;
      line(`${kind}: boiling frog, recall at the end${held}`, recall, null, 'of the first', '>= 0.95, or held');
    }
    return { ...quality, results };
  },
};
