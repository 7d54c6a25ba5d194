import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agreement } from './lstm/agreement.js';
import { retrain } from './lstm/retrain.js';
import { speed } from './lstm/speed.js';
import { timeToLoss } from './lstm/timeToLoss.js';
import type { Bench } from './result.js';

/**
 * Training, scoring and retraining times of the LSTM on our kernel, beside stock tfjs and PyTorch on the same windows.
 * Times are minima over rounds in which the sides take turns.
 */
export const bench: Bench = {
  name: 'lstm',
  async run({ quick = false }) {
    const folder = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
    try {
      return [
        ...(await retrain(join(folder, 'system'), quick)),
        ...(await speed(folder, quick)),
        ...(await timeToLoss(folder, quick)),
        ...(await agreement(quick)),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
