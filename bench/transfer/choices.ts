import { DEFAULT_WEIGHTS, VOTE, type VoteConstants } from '../../src/detection/ensemble.js';
import { VOLUME_VIEW, type VolumeView } from '../../src/models/heuristic/volume.js';
import type { ModelKindName } from '../../src/models/model.js';
import { surpriseAt } from '../../src/models/threshold.js';

/** A view of the volume that the rules are fitted with. */
export interface View {
  name: string;
  view: VolumeView;
}

/** A vote on what the models said. */
export interface Vote {
  name: string;
  weights: Readonly<Record<ModelKindName, number>>;
  constants: VoteConstants;
}

/** Never counts. */
const NEVER = { from: Number.POSITIVE_INFINITY, most: 0 };

/** The shipped view first, then others of time constant, weight, shape and single counts. */
export function views(): View[] {
  const of = (name: string, changed: Partial<VolumeView>): View => ({ name, view: { ...VOLUME_VIEW, ...changed } });
  const shipped = 'volume 3 and 20, 20 and 60 min x 12';
  const half = (scale: number): Partial<VolumeView> => ({ scales: [[scale], [20]] });
  return [
    of(shipped, {}),
    of('volume 7, 20 and 60 min x 12', half(7)),
    of('volume 5, 20 and 60 min x 12', half(5)),
    of('volume 15 and 60 min x 12', { scales: [[15]] }),
    of('volume 10 and 60 min x 12', { scales: [[10]] }),
    of('volume 3 and 20, and 20 min x 12', { lasting: undefined }),
    of('volume 3 and 20, 20 and 60 min x 4', { weight: 4 }),
    of(`${shipped}, no shape alone`, { shape: NEVER }),
    of(`${shipped}, no single count`, { single: NEVER }),
    of(`${shipped}, no growth`, { growth: NEVER }),
    of(`${shipped}, no paths alone`, { paths: NEVER }),
    of(`${shipped}, no fall alone`, { fall: NEVER }),
    of(`${shipped}, paths from 2.2`, { paths: { ...VOLUME_VIEW.paths, from: 2.2 } }),
    of(`${shipped}, single counts from 2.2`, { single: { ...VOLUME_VIEW.single, from: 2.2 } }),
    of(`${shipped}, single counts over 7 and 20 min from 3.6`, {
      singleScales: [7, 20],
      single: { ...VOLUME_VIEW.single, from: 3.6 },
    }),
  ];
}

const WEIGHTS: readonly (readonly [number, number, number])[] = [
  [DEFAULT_WEIGHTS.heuristic, DEFAULT_WEIGHTS.isolation_forest, DEFAULT_WEIGHTS.lstm],
  [4, 1, 1],
  [1, 0, 0],
];

/** The shipped vote first. The threshold is not among the choices: it is the promise of half a false alarm a day. */
export function votes(): Vote[] {
  const list: Vote[] = [];
  for (const [heuristic, isolation_forest, lstm] of WEIGHTS) {
    for (const agreedFrom of [VOTE.agreedFrom, Number.POSITIVE_INFINITY]) {
      for (const step of [VOTE.step, 0.25]) {
        for (const stay of [VOTE.stay, surpriseAt(3 * VOTE.falseAlarmsPerDay)]) {
          for (const back of [VOTE.back, 0.4, 0.6]) {
            for (const after of [VOTE.after, 0]) {
              list.push({
                name: `${heuristic}:${isolation_forest}:${lstm}, agreed from ${agreedFrom}, step ${step}, stay ${stay.toFixed(2)}, back ${back}, after ${after}`,
                weights: { heuristic, isolation_forest, lstm },
                constants: { ...VOTE, agreedFrom, step, stay, back, after },
              });
            }
          }
        }
      }
    }
  }
  return list;
}
