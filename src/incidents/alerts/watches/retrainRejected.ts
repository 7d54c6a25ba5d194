import { MODEL_KINDS } from '../../../models/model.js';
import { newestRefusals } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

const WHAT = {
  rejected:
    'what to do: nothing by itself, the version before goes on serving; accept this one only if its reasons are known',
  held: 'what to do: accept or leave the new version on the page of the model; the one before goes on serving',
};

function reasonsOf(detail: Record<string, unknown>): string[] {
  return Array.isArray(detail.reasons) ? detail.reasons.map(String) : [];
}

/** Retrainings that ended without a new version in service, until one is published. */
export const retrainRejected: AlertWatch = {
  kind: 'retrain rejected',
  async look({ pool }) {
    const refusals = await newestRefusals(pool, MODEL_KINDS);
    return seenOf(refusals, ({ modelKey, stream, rowId, run, state, detail, over }) => ({
      request: {
        fingerprint: `retrain rejected/${modelKey}`,
        kind: 'retrain rejected',
        severity: 'minor',
        title: `retraining of ${modelKey} was ${state}`,
        lines: [...reasonsOf(detail), WHAT[state]],
        stream,
        facts: { model: modelKey, run, state, version: typeof detail.version === 'number' ? detail.version : null },
      },
      occurrence: rowId,
      over,
      tellAgain: true,
    }));
  },
};
