import { MODEL_KINDS } from '../../../models/model.js';
import { recentRollbacks } from '../../../storage/operationFacts.js';
import { type AlertWatch, seenOf } from './watch.js';

/** Moves of a model back to an older version, by a person or by the watch after a publish. */
export const rollback: AlertWatch = {
  kind: 'rollback',
  async look({ pool }) {
    const moves = await recentRollbacks(pool, MODEL_KINDS);
    return seenOf(moves, ({ id, modelKey, stream, from, to, reason, actor, at }) => ({
      request: {
        fingerprint: `rollback/${id}`,
        kind: 'rollback',
        severity: 'minor',
        title: `${modelKey} was rolled back from version ${from} to ${to}`,
        lines: [
          `${reason} (by ${actor}, ${at.toISOString().slice(0, 19).replace('T', ' ')} UTC)`,
          `what to do: if you did not mean it, look at both versions with "routewarden models compare ${modelKey} ${to} ${from}"`,
        ],
        stream,
        facts: { model: modelKey, from, to, actor },
        once: true,
      },
      occurrence: id,
    }));
  },
};
