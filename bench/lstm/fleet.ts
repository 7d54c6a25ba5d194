import type { Engine } from '../../src/models/lstm/engine.js';
import { FusedEngine } from '../../src/models/lstm/engineFused.js';
import { TfjsEngine } from '../../src/models/lstm/engineTfjs.js';
import { createLstm, type ScoreRequest } from '../../src/models/lstm/index.js';
import { feedBlock } from '../feedBlock.js';
import type { BenchResult } from '../result.js';
import { lessIsBetter } from './result.js';

const STREAMS = 100;

/** One new minute of each of a hundred streams, every one with a model of its own, scored in one call. */
export async function fleet(quick: boolean): Promise<BenchResult[]> {
  const [fused, tfjs] = [new FusedEngine(), new TfjsEngine()];
  const kind = createLstm(fused);
  const model = await kind.fit(feedBlock(600, 1), {
    seed: 1,
    falseAlarmsPerDay: 1,
    settings: { epochs: 1, windowsPerEpoch: 64 },
  });
  const requests = Array.from({ length: STREAMS }, (_, stream): ScoreRequest => {
    const block = feedBlock(kind.context + 1, stream);
    return {
      model: { ...model, weights: model.weights.map((w) => w * (1 + stream / 1000)) },
      block,
      from: kind.context,
    };
  });
  const sides: [Engine, number][] = [
    [fused, Number.POSITIVE_INFINITY],
    [tfjs, Number.POSITIVE_INFINITY],
  ];
  const kinds = sides.map(([engine]) => createLstm(engine));
  let alone = Number.POSITIVE_INFINITY;
  for (let round = 0; round < (quick ? 2 : 6); round++) {
    for (const [side, scored] of kinds.entries()) {
      const begin = performance.now();
      await scored.scoreMany(requests);
      sides[side]![1] = Math.min(sides[side]![1], performance.now() - begin);
    }
    const begin = performance.now();
    for (const { model: own, block, from } of requests) await kind.score(own, block, from);
    alone = Math.min(alone, performance.now() - begin);
  }
  const together = sides[0]![1];
  const what = `one minute of ${STREAMS} streams, scored in one call`;
  return [
    lessIsBetter(what, together, sides[1]![1], 'stock tfjs', 'ms', 'ratio >= 4'),
    lessIsBetter(what, together, alone, 'the same kernel, stream by stream', 'ms', 'no goal'),
  ];
}
