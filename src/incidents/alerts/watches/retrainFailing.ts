import { failingRetrains } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Models whose retraining jobs fail; graver once nothing but a person will try again. */
export const retrainFailing: AlertWatch = {
  kind: 'retrain failing',
  async look({ pool }) {
    const failing = await failingRetrains(pool);
    return seenOf(failing, ({ modelKey, failures, lastError, dead }) => ({
      request: {
        fingerprint: `retrain failing/${modelKey}`,
        kind: 'retrain failing',
        severity: dead ? 'major' : 'minor',
        title: `retraining of ${modelKey} fails`,
        lines: [
          `${failures === 1 ? 'one job' : `${failures} jobs in a row`} failed: ${lastError}`,
          dead
            ? `what to do: see its log at /queues, then "routewarden retrain ${modelKey} --clear": it is not tried again by itself`
            : 'what to do: nothing yet, it is tried again by itself',
        ],
        // A row may have any key: what cannot be read as KIND@STREAM is shown as it is.
        stream: modelKey.slice(modelKey.indexOf('@') + 1),
        facts: { model: modelKey, failures, waitsForPerson: dead },
      },
    }));
  },
};
