import { DEFAULT_WEIGHTS, VOTE, type VoteConstants } from '../../src/detection/ensemble.js';
import { VOLUME_VIEW, type VolumeView } from '../../src/models/heuristic/volume.js';
import type { ModelKindName } from '../../src/models/model.js';
import { surpriseForRate } from '../../src/models/threshold.js';

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

/** The shipped view first, then one around it in each of its constants that labels chose; `Infinity` takes shape out. */
export function views(): View[] {
  const of = (name: string, changed: Partial<VolumeView>): View => ({ name, view: { ...VOLUME_VIEW, ...changed } });
  const shape = VOLUME_VIEW.shapeFrom;
  const list: View[] = [];
  for (const minutes of [15, 10]) {
    for (const weight of [4, 1]) {
      for (const shapeFrom of [shape, Number.POSITIVE_INFINITY]) {
        const without = Number.isFinite(shapeFrom) ? '' : ', no shape alone';
        list.push(of(`volume ${minutes} min x ${weight}${without}`, { minutes, weight, shapeFrom }));
      }
    }
  }
  return list;
}

const WEIGHTS: readonly (readonly [number, number, number])[] = [
  [DEFAULT_WEIGHTS.heuristic, DEFAULT_WEIGHTS.isolation_forest, DEFAULT_WEIGHTS.lstm],
  [1, 0, 0],
  [2, 1, 1],
  [1, 1, 1],
];

/** The shipped vote first. */
export function votes(): Vote[] {
  const list: Vote[] = [];
  for (const [heuristic, isolation_forest, lstm] of WEIGHTS) {
    const alone = isolation_forest + lstm === 0;
    for (const mostOfOthers of alone ? [VOTE.mostOfOthers] : [VOTE.mostOfOthers, 30]) {
      for (const rate of [1.5, 0.5, 1, 2]) {
        for (const stay of [VOTE.stay, 1]) {
          list.push({
            name: `${heuristic}:${isolation_forest}:${lstm}, others to ${mostOfOthers}, ${rate} a day, stay ${stay}`,
            weights: { heuristic, isolation_forest, lstm },
            constants: { mostOfOthers, threshold: surpriseForRate(rate), stay },
          });
        }
      }
    }
  }
  return list;
}
