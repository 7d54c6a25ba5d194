import type { Pool } from 'pg';
import type { ModelKey, ModelKind } from '../../src/models/model.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { runTraining } from '../../src/retraining/training.js';
import { meanKind } from './meanKind.js';
import { START, scoreLive, writeFeatures } from './seededStream.js';

export const DAY = 1440;
const kind = meanKind() as ModelKind<unknown>;

/** A stream of ten days from START, whose forest was trained on the first eight; the last two are `factor` times as high. */
export async function serveStream(pool: Pool, stream: string, factor: number): Promise<ModelKey> {
  const key: ModelKey = `isolation_forest@${stream}`;
  await writeFeatures(pool, stream, START, START + 8 * DAY, { seed: 1 });
  await runTraining({
    pool,
    payload: { modelKey: key, trigger: { kind: 'first' } },
    kinds: { isolation_forest: kind },
    settings: retrainingSettings.parse({}),
    artifactDirectory: null,
    incidentPatienceMinutes: 720,
    run: `first ${stream}`,
    holder: 'test',
    codeVersion: 'test',
  });
  await writeFeatures(pool, stream, START + 8 * DAY, START + 10 * DAY, { seed: 2, factor });
  await scoreLive(pool, key, kind, START + 8 * DAY, START + 10 * DAY);
  return key;
}
