import { createHash } from 'node:crypto';
import { kindOf } from '../../../src/models/kinds.js';
import { BadArtifact, MODEL_KINDS } from '../../../src/models/model.js';
import { modelKey } from '../../../src/models/modelKey.js';
import { loadVersion } from '../../../src/registry/load.js';
import { STREAM } from '../subject.js';
import type { Fault } from './fault.js';

/**
 * A copy of the newest version is loaded as a newer program would have written it (checksum right, format unknown), and
 * damaged in the database (checksum wrong): both must be refused with a typed error. What a detector then does has a
 * test of its own, since rows scored meanwhile could not be compared.
 */
export const newerArtifact: Fault = {
  name: 'an artifact of a newer format',
  hindrance: () => null,
  async strike({ pool }, random) {
    const kind = random.pick(MODEL_KINDS);
    const key = modelKey(kind, STREAM);
    const future = Buffer.from('{"format":999,"what":"of a newer program"}');
    for (const sha256 of [createHash('sha256').update(future).digest('hex'), '0'.repeat(64)]) {
      const { rows } = await pool.query<{ id: number }>(
        `WITH copied AS (
           INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed,
             threshold, format, code_version, fencing_token)
           SELECT model_key, kind, stream, -1, 'held', data_from, data_until, samples, seed, threshold, 999, '99.0.0', 0
           FROM model_versions WHERE model_key = $1 ORDER BY id DESC LIMIT 1 RETURNING id),
         files AS (
           INSERT INTO model_files (version_id, name, sha256, bytes)
           SELECT c.id, f.name, $2, $3 FROM copied c, model_files f
           WHERE f.version_id = (SELECT max(id) FROM model_versions WHERE model_key = $1))
         SELECT id FROM copied`,
        [key, sha256, future],
      );
      if (rows.length === 0) return [];
      try {
        const error = await loadVersion(pool, key, rows[0]!.id, kindOf(kind)).then(
          () => null,
          (failure: unknown) => failure,
        );
        if (!(error instanceof BadArtifact)) throw new Error(`a ${kind} artifact of the future gave ${String(error)}`);
      } finally {
        await pool.query('DELETE FROM model_versions WHERE id = $1', [rows[0]!.id]);
      }
    }
    return [];
  },
};
