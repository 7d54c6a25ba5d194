import { stuckModels } from '../../../storage/stuckModels.js';
import { type AlertWatch, seenOf } from './watch.js';

const time = (minute: number): string =>
  `${new Date(minute * 60_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * Models whose serving version flags too much while its successors are refused: only a person can help.
 * @param watchRate share of anomalous minutes that is too much
 */
export function modelStuck(watchRate: number): AlertWatch {
  return {
    kind: 'model stuck',
    async look({ pool }) {
      return seenOf(
        await stuckModels(pool, watchRate),
        ({ modelKey, state, version, reasons, champion, flagged, since }) => ({
          request: {
            fingerprint: `model stuck/${modelKey}`,
            kind: 'model stuck',
            severity: 'major',
            title: `${modelKey} needs a decision: version ${version ?? '?'} was ${state}, version ${champion} flags ${(100 * flagged).toFixed(0)} % of minutes`,
            lines: [
              `version ${champion} has flagged over ${(100 * watchRate).toFixed(0)} % of minutes since ${time(since)}`,
              ...reasons,
              `what to do: accept version ${version ?? '?'}, keep version ${champion}, or retrain without these days: on the page of the model`,
            ],
            stream: modelKey.slice(modelKey.indexOf('@') + 1),
            facts: { model: modelKey, state, version, champion, flagged, since: time(since) },
          },
        }),
      );
    },
  };
}
