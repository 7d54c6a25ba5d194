import type { Pool } from 'pg';
import type { ModelKey, ModelKind } from '../models/model.js';
import { loadVersion } from '../registry/load.js';
import { currentActivation } from '../storage/activations.js';
import { type ModelVersion, versionById } from '../storage/modelVersions.js';

/** The version that serves, which a challenger must match. */
export interface Champion {
  version: ModelVersion;
  model: unknown;
}

/** @returns null before the first publish @throws BadArtifact */
export async function loadChampion(pool: Pool, modelKey: ModelKey, kind: ModelKind<unknown>): Promise<Champion | null> {
  const active = await currentActivation(pool, modelKey);
  const version = active && (await versionById(pool, active.versionId));
  if (!version) return null;
  return { version, model: (await loadVersion(pool, modelKey, version.id, kind)).model };
}
