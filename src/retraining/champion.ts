import type { Pool } from 'pg';
import { BadArtifact, type ModelKey, type ModelKind } from '../models/model.js';
import { loadVersion } from '../registry/load.js';
import { currentActivation } from '../storage/activations.js';
import { type ModelVersion, versionById } from '../storage/modelVersions.js';

/** The version that serves, which a challenger must match. */
export interface Champion {
  version: ModelVersion;
  model: unknown;
}

/**
 * A version that cannot be read, damaged or written by another release, cannot be matched either: without this, no
 * retraining could ever take its place.
 * @returns the version that serves, null before the first publish; and the champion, null where that cannot be read too
 */
export async function loadChampion(
  pool: Pool,
  modelKey: ModelKey,
  kind: ModelKind<unknown>,
  onUnreadable: (version: ModelVersion, error: BadArtifact) => void,
): Promise<{ serving: ModelVersion | null; champion: Champion | null }> {
  const active = await currentActivation(pool, modelKey);
  const version = active && (await versionById(pool, active.versionId));
  if (!version) return { serving: null, champion: null };
  try {
    const { model } = await loadVersion(pool, modelKey, version.id, kind);
    return { serving: version, champion: { version, model } };
  } catch (error) {
    if (!(error instanceof BadArtifact)) throw error;
    onUnreadable(version, error);
    return { serving: version, champion: null };
  }
}
