import type { ModelKey } from '../../src/models/model.js';
import { parseModelKey } from '../../src/models/modelKey.js';
import { recordVersion } from '../../src/registry/publish.js';
import type { Lease } from '../../src/storage/leases.js';
import type { Pool } from '../../src/storage/pool.js';

/** Publishes a version as a trainer at its end does, with a file of one byte. */
export function publishVersion(
  pool: Pool,
  trained: {
    modelKey: ModelKey;
    lease: Lease;
    run: string;
    parentId: number | null;
    dataFrom: number;
    dataUntil: number;
  },
) {
  const { modelKey, lease, run, ...of } = trained;
  const { kind, stream } = parseModelKey(modelKey);
  return recordVersion(pool, {
    lease,
    run,
    version: {
      modelKey,
      kind,
      stream,
      ...of,
      state: 'published',
      samples: 1,
      seed: 1,
      threshold: 1,
      format: 1,
      codeVersion: 'test',
      metrics: {},
      fencingToken: lease.token,
      lineage: 1,
    },
    files: [{ name: 'model.json', bytes: Uint8Array.of(1) }],
    reason: 'test',
    actor: 'test',
    detail: {},
    rescored: [],
  });
}
