import { heuristic } from '../src/models/heuristic/index.js';
import { feedBlock, median } from './feedBlock.js';
import type { Bench, BenchResult } from './result.js';
import { wholeRetrain } from './wholeRetrain.js';

export const bench: Bench = {
  name: 'heuristic',
  onTestServer: true,
  async run({ quick }) {
    const rows = quick ? 2000 : 10_000;
    const block = feedBlock(rows, 1);
    const fits: number[] = [];
    const scorings: number[] = [];
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      const model = await heuristic.fit(block, { seed: 1, falseAlarmsPerDay: 1 });
      await heuristic.encode(model);
      const fitted = performance.now();
      await heuristic.score(model, block, 0);
      fits.push((fitted - started) / 1000);
      scorings.push((performance.now() - fitted) / 1000);
    }
    const line = (what: string, ours: number, goal: string): BenchResult => ({
      what,
      ours,
      yardstick: null,
      yardstick_name: '',
      unit: 's',
      ratio: null,
      goal,
    });
    return [
      line(`train and encode on ${rows} minutes, with threshold from held-out stretches`, median(fits), 'reported'),
      line(`score ${rows} minutes`, median(scorings), 'reported'),
      ...(await wholeRetrain(heuristic, rows, quick ? 2 : 5)),
    ];
  },
};
