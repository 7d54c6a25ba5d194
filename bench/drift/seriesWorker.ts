import { parentPort } from 'node:worker_threads';
import type { FeatureBlock } from '../../src/features/row.js';
import type { ModelKindName } from '../../src/models/model.js';
import { mulberry32 } from '../../src/random/mulberry32.js';
import { boilingFrog, type Frog } from './boilingFrog.js';
import { simulate } from './ordinary.js';
import { bootstrap, loadRecording, RECORDED } from './recorded.js';
import { BEFORE, type Outcome, runSeries } from './series.js';

/** One series, or one boiling frog, for a worker thread. */
export interface Order {
  what: 'series' | 'frog';
  /** A file of recorded minutes, or null for the simulator. */
  file: string | null;
  seed: number;
  kinds: readonly ModelKindName[];
  /** Days that are judged, or in which traffic grows. */
  days: number;
}

export type Answer = { order: Order; outcomes: Outcome[]; frogs: (Frog & { kind: string })[]; seconds: number };

/** Days before the first retrain of the frog. */
const FROG_WEEK = 7;

function ordinaryDays({ file, seed }: Order, days: number, random: () => number): FeatureBlock {
  const recorded = RECORDED.find((source) => source.file === file);
  return recorded ? bootstrap(loadRecording(recorded.file, recorded.rows), days, random) : simulate(seed, days);
}

async function carryOut(order: Order): Promise<Answer> {
  const began = performance.now();
  const random = mulberry32(order.seed);
  const answer: Answer = { order, outcomes: [], frogs: [], seconds: 0 };
  if (order.what === 'series') {
    const block = ordinaryDays(order, BEFORE + order.days, random);
    answer.outcomes = await runSeries(order.kinds, block, order.seed, order.days, random);
  } else {
    for (const kind of order.kinds) {
      const block = ordinaryDays(order, FROG_WEEK + order.days, mulberry32(order.seed));
      answer.frogs.push({ kind, ...(await boilingFrog(kind, block, order.days)) });
    }
  }
  answer.seconds = (performance.now() - began) / 1000;
  return answer;
}

parentPort?.on('message', async (order: Order) => parentPort?.postMessage(await carryOut(order)));
