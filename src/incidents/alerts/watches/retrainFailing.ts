import { parseModelKey } from '../../../models/modelKey.js';
import { failingRetrains } from '../../../storage/operationFacts.js';
import type { AlertWatch } from './watch.js';

/** Models whose retraining jobs fail; graver once nothing but a person will try again. */
export const retrainFailing: AlertWatch = {
  kind: 'retrain failing',
  async look({ pool }) {
    const failing = await failingRetrains(pool);
    return failing.map(({ modelKey, failures, lastError, dead }) => ({
      request: {
        fingerprint: `retrain failing/${modelKey}`,
        kind: 'retrain failing',
        severity: dead ? 'major' : 'minor',
        title: `retraining of ${modelKey} fails`,
        lines: [
          `${failures === 1 ? 'one job' : `${failures} jobs in a row`} failed: ${lastError}`,
          dead
            ? `no further try by itself: see its log at /queues, then "routewarden retrain ${modelKey}"`
            : 'it is tried again by itself',
        ],
        stream: parseModelKey(modelKey).stream,
        facts: { model: modelKey, failures, waitsForPerson: dead },
      },
    }));
  },
};
