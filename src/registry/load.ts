import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import { BadArtifact, type ModelKey, type ModelKind } from '../models/model.js';
import { type Activation, activeVersionAt } from '../storage/activations.js';
import { versionById, versionFiles } from '../storage/modelVersions.js';
import { verified } from './artifactFiles.js';

export interface LoadedVersion<M> {
  versionId: number;
  version: number;
  model: M;
}

/**
 * A version's model, its bytes checked against the SHA-256 that was published with them.
 *
 * @throws BadArtifact when they differ or are gone: keep the version you have and raise an alarm
 */
export async function loadVersion<M>(
  pool: Pool,
  key: ModelKey,
  versionId: number,
  kind: ModelKind<M>,
): Promise<LoadedVersion<M>> {
  const version = await versionById(pool, versionId);
  if (!version || version.modelKey !== key) throw new BadArtifact(`there is no version with id ${versionId} of ${key}`);
  const files = verified(version, await versionFiles(pool, versionId));
  const model = await kind.decode(files.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) })));
  return { versionId, version: version.version, model };
}

/**
 * The version that scores `minute`, with its model; null before the first publish.
 *
 * @throws BadArtifact
 */
export async function loadActive<M>(
  pool: Pool,
  key: ModelKey,
  minute: Minute,
  kind: ModelKind<M>,
): Promise<(LoadedVersion<M> & { activation: Activation }) | null> {
  const activation = await activeVersionAt(pool, key, minute);
  return activation && { activation, ...(await loadVersion(pool, key, activation.versionId, kind)) };
}
