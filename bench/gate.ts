import { MODEL_KINDS, type ModelKindName } from '../src/models/model.js';
import { type Proportion, proportion } from './gate/proportion.js';
import { CHALLENGERS, type Challenger, SOURCES, type Trial, type Tried } from './gate/trial.js';
import type { Bench, BenchResult } from './result.js';
import { inThreads } from './threads.js';

/** Of other seeds than those that the gate's margins were chosen on, 100 to 104; the rule of the whole window came after these were seen. */
const FIRST_SEED = 9000;
const SEEDS = 2;
/** The LSTM takes most of the time: it has the first seed alone, and no windows of a week with --quick. */
const LSTM_SEEDS = 1;
/** Steps between the contaminations of two seeds, prime to their twelve pairs. */
const DRAWS_A_SEED = 5;
const WINDOWS = [
  { windowDays: 7, heldBackMinutes: 1440 },
  { windowDays: 1, heldBackMinutes: 192 },
];

const published = (tried: readonly Tried[], name: Challenger): number =>
  tried.filter(({ verdicts }) => verdicts[name].state === 'published').length / Math.max(1, tried.length);

const LEAST_SERVED = 0.8;

/** Of the challengers of these names that `holds` picks, how many were published, or were not. */
function counted(
  tried: readonly Tried[],
  names: readonly Challenger[],
  holds: (served: number) => boolean,
  isPublished: boolean,
): Proportion {
  const picked = tried.flatMap(({ served, verdicts }) =>
    names.filter((name) => holds(served[name])).map((name) => verdicts[name].state === 'published'),
  );
  return proportion(picked.filter((state) => state === isPublished).length, picked.length);
}

const isLess = (served: number): boolean => served < LEAST_SERVED;
const isAsGood = (served: number): boolean => served >= LEAST_SERVED;
const isEqual = (served: number): boolean => served >= 0.95;
const isAny = (): boolean => true;

/** Which kinds and windows are tried, and whether the LSTM has the first seed alone. */
interface Choice {
  kinds: readonly ModelKindName[];
  windows: typeof WINDOWS;
  lstmSeeds: number;
}

function trialsOf(firstSeed: number, seeds: number, { kinds, windows, lstmSeeds }: Choice): Trial[] {
  return Array.from({ length: seeds }, (_, i) => i).flatMap((i) =>
    SOURCES.flatMap((file, f) =>
      windows.flatMap((window, w) =>
        kinds
          .filter((kind) => kind !== 'lstm' || i < lstmSeeds)
          .map(
            (kind): Trial => ({
              file,
              seed: firstSeed + i,
              kind,
              ...window,
              draw: i * DRAWS_A_SEED + f * windows.length + w,
            }),
          ),
      ),
    ),
  );
}

/** How often the gate errs: with a version that is as good as its champion, and with three that are worse. */
export const bench: Bench = {
  name: 'gate',
  async run({ quick = false, seed, seeds, kinds: named, windows: daysOf, minutes, threads }) {
    const firstSeed = seed === undefined ? FIRST_SEED : Number(seed);
    const kinds = named === undefined ? MODEL_KINDS : MODEL_KINDS.filter((kind) => named.split(',').includes(kind));
    const days = daysOf?.split(',').map(Number);
    const windows = WINDOWS.filter(({ windowDays }) =>
      days === undefined ? !quick || windowDays === 1 : days.includes(windowDays),
    );
    const lstmSeeds = named === undefined ? LSTM_SEEDS : Number.POSITIVE_INFINITY;
    const trials = trialsOf(firstSeed, quick ? 1 : Number(seeds ?? SEEDS), { kinds, windows, lstmSeeds });
    const tried = await inThreads<Trial, Tried>(
      new URL('./gate/trialWorker.js', import.meta.url),
      trials,
      ({ trial, verdicts, served, seen }) =>
        `${trial.kind}, ${trial.windowDays} d of ${trial.file ?? 'the simulator'}, seed ${trial.seed}: ` +
        (['ordinary', 'contaminated'] as const)
          .map((name) => {
            const { state, reasons } = verdicts[name];
            return `${name} (${seen[name].toFixed(2)} of the exam, ${served[name].toFixed(2)} of a fresh one) ${state === 'published' ? state : `${state}: ${reasons.join('; ')}`}`;
          })
          .join(' | '),
      {
        ...(threads === undefined ? {} : { threads: Number(threads) }),
        ...(minutes === undefined ? {} : { minutes: Number(minutes) }),
      },
    );
    const results = CHALLENGERS.flatMap((name) =>
      MODEL_KINDS.flatMap((kind) =>
        WINDOWS.map(({ windowDays }): BenchResult => {
          const of = tried.filter(({ trial }) => trial.kind === kind && trial.windowDays === windowDays);
          const share = published(of, name);
          return {
            what: `${kind}, ${windowDays} d: ${name === 'ordinary' ? 'published of the ordinary' : `stopped of the ${name}`}`,
            ours: name === 'ordinary' ? share : 1 - share,
            yardstick: null,
            yardstick_name: 'none',
            unit: 'share',
            ratio: null,
            goal: name === 'ordinary' ? '>= 0.95' : '>= 0.9',
          };
        }),
      ),
    );
    const stopped = (name: Challenger): number => 1 - published(tried, name);
    const deafer = (name: Challenger): number =>
      1 -
      published(
        tried.filter(({ isDeafer }) => isDeafer[name]),
        name,
      );
    return {
      ordinary_published: published(tried, 'ordinary'),
      wolf_stopped: stopped('wolf'),
      deaf_stopped: stopped('deaf'),
      /** Of those that find at most half of what their champion does of some class. */
      deaf_stopped_where_deafer: deafer('deaf'),
      poisoned_stopped: stopped('poisoned'),
      poisoned_stopped_where_deafer: deafer('poisoned'),
      /** Of all challengers, by what they find of an exam of another seed at their served threshold. */
      stopped_under_80_percent: counted(tried, ['ordinary', 'poisoned', 'contaminated'], isLess, false),
      contaminated_stopped_under_80_percent: counted(tried, ['contaminated'], isLess, false),
      contaminated_published_where_as_good: counted(tried, ['contaminated'], isAsGood, true),
      /** Near the limit of 80 % two exams disagree by chance: of those that find all but a twentieth. */
      contaminated_published_of_equals: counted(tried, ['contaminated'], isEqual, true),
      ordinary_published_where_as_good: counted(tried, ['ordinary'], isAsGood, true),
      ordinary_published_of_all: counted(tried, ['ordinary'], isAny, true),
      wolf_stopped_of_all: counted(tried, ['wolf'], isAny, false),
      trials: tried.length,
      first_seed: firstSeed,
      results,
    };
  },
};
