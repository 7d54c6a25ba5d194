import { MODEL_KINDS } from '../../../models/model.js';
import { newestDrifts } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Models that no longer fit their traffic, until a check finds them fit or a new version serves. */
export const drift: AlertWatch = {
  kind: 'drift',
  async look({ pool }) {
    const drifts = await newestDrifts(pool, MODEL_KINDS);
    return seenOf(drifts, ({ modelKey, stream, reportId, reason, windowEnd, over }) => ({
      request: {
        fingerprint: `drift/${modelKey}`,
        kind: 'drift',
        severity: 'minor',
        title: `${modelKey} has drifted`,
        lines: [
          reason,
          'what to do: nothing, it is retrained by itself where the settings allow; "routewarden status" shows how far that is',
        ],
        stream,
        facts: { model: modelKey, windowEnd: windowEnd.toISOString() },
      },
      occurrence: reportId,
      over,
    }));
  },
};
